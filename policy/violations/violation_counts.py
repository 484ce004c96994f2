"""The violations of a run counted by every filter at once.

A run of a million loans takes over a second to count, so that its counts beside the run before are kept in the book,
at the check, with since when each violation stands (policy.life_kept); any other question is counted when asked.
"""

from dataclasses import replace

import duckdb
import polars as pl

from data.reference import buckets
from data.reference.buckets import Bucket
from data.storage import query
from policy.violations import violation_list
from policy.violations.violation_list import Sieve, Span

AGES = "violation_age"
DAYS = "($as_of - opened_on)"  # since it stands
COUNTED = "rule_id, branch_id, guarantee_type, state, movement, opened_on"
HELD = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'violation_cubes'"


def cube(cursor: duckdb.DuckDBPyConnection, span: Span, sieve: Sieve) -> pl.DataFrame:
    """[rule_id, branch_id, guarantee_type, state, movement, age, violations]: the counts of every filter of few values.

    Of the sieve only its rules, account managers and search are used. What left since the earlier run is in it, told by
    its movement. In no order. `age`: the bucket of days since it stands, null where the book does not say since when.
    """
    sieve = Sieve(sieve.rules, officers=sieve.officers, search=sieve.search)
    age = buckets.case(AGES, DAYS)
    return _asked(cursor, span, sieve, f"SELECT {COUNTED.replace('opened_on', f'{age} AS age')}", "GROUP BY ALL")


def standing_for(cursor: duckdb.DuckDBPyConnection, span: Span, sieve: Sieve, edge: Bucket) -> int:
    """How many violations of the sieve's rules stand for so many days; those of which the book does not say, do not."""
    long = f"AND coalesce(movement IN {violation_list.CAME}, true) AND {buckets.within(DAYS, edge)}"
    return _asked(cursor, span, Sieve(sieve.rules), "SELECT rule_id", f"{long} GROUP BY ALL")["violations"].sum()


def _asked(cursor: duckdb.DuckDBPyConnection, span: Span, sieve: Sieve, select: str, rest: str) -> pl.DataFrame:
    """A question to the rows of COUNTED with `violations` of each, kept or counted now."""
    if not _is_kept(cursor, span) or sieve.officers or sieve.search:
        text = f"{select}, count(*) AS violations FROM {_rows(span, sieve)} WHERE true {rest}"
        return violation_list.ask(cursor, span, sieve, text)
    return query.frame(
        cursor,
        f"""{select}, sum(violations)::BIGINT AS violations FROM violation_cubes
            WHERE run_id = $run AND since_run = $since AND list_contains($rules, rule_id) {rest}""",
        run=span.run.run_id,
        since=span.since and span.since.run_id,
        as_of=span.run.as_of,
        rules=[rule for rule, _ in sieve.rules],
    )


def by_officer(cursor: duckdb.DuckDBPyConnection, span: Span, sieve: Sieve) -> dict[str, int]:
    """Violations of each account manager that the sieve lets through, but for its own account managers."""
    others = replace(sieve, officers=())
    text = f"""SELECT r.officer_id, count(*) AS violations FROM {violation_list.source(span, others)}
        WHERE {violation_list.tests(others)} AND r.officer_id IS NOT NULL GROUP BY r.officer_id ORDER BY r.officer_id"""
    return dict(violation_list.ask(cursor, span, others, text).iter_rows())


def keep(con: duckdb.DuckDBPyConnection, span: Span) -> None:
    """Count the run beside the earlier one, for `cube`; a run without an earlier one is counted when asked."""
    con.execute("DELETE FROM violation_cubes WHERE run_id = ?", [span.run.run_id])
    if not (span.since and span.followed):
        return
    rules = con.execute(
        "SELECT DISTINCT rule_id FROM violations WHERE run_id IN (?, ?)", [span.run.run_id, span.since.run_id]
    ).fetchall()
    sieve = Sieve(tuple((rule, 0.0) for (rule,) in rules))
    text = f"""INSERT INTO violation_cubes (run_id, since_run, {COUNTED}, violations)
        SELECT $run, $since, {COUNTED}, count(*) FROM {_rows(span, sieve)} GROUP BY ALL ORDER BY ALL"""
    con.execute(text, violation_list.bound(span, sieve, text))


def _rows(span: Span, sieve: Sieve) -> str:
    return f"""(SELECT r.rule_id, r.branch_id, f.guarantee_type, r.state, r.movement, r.opened_on
        FROM {violation_list.source(span, sieve, every=True)} WHERE {violation_list.tests(sieve)})"""


def _is_kept(cursor: duckdb.DuckDBPyConnection, span: Span) -> bool:
    if not (span.since and span.followed and cursor.execute(HELD).fetchall()):
        return False
    pair = [span.run.run_id, span.since.run_id]
    found = cursor.execute("SELECT 1 FROM violation_cubes WHERE run_id = ? AND since_run = ? LIMIT 1", pair)
    return bool(found.fetchall())
