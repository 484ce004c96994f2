"""The violations of a run counted by every filter at once.

A run of a million loans takes over a second to count, so that its counts beside the run before are stored in the
book at the check, with the opening days (policy.violations.lifecycle_store); anything else is counted on request.
"""

from dataclasses import replace

import duckdb
import polars as pl

from data.reference import buckets
from data.reference.buckets import Bucket
from data.storage import query
from policy.violations import violation_query
from policy.violations.violation_query import RunComparison, ViolationFilter

AGE_BUCKETS = "violation_age"
DAYS_OPEN_SQL = "($as_of - opened_on)"  # since it was opened
CUBE_COLUMNS = "rule_id, branch_id, guarantee_type, state, movement, opened_on"
HAS_CUBES_SQL = "SELECT 1 FROM duckdb_tables() WHERE table_name = 'violation_cubes'"


def load_cube(
    cursor: duckdb.DuckDBPyConnection, compared_runs: RunComparison, criteria: ViolationFilter
) -> pl.DataFrame:
    """[rule_id, branch_id, guarantee_type, state, movement, age, violations]: the counts of every filter of few values.

    Only the rules, account managers and search of the criteria are used. Violations that left since the earlier run
    are included, with their movement. Unordered. `age`: the bucket of days open, null where the book does not say.
    """
    criteria = ViolationFilter(criteria.rules, officers=criteria.officers, search=criteria.search)
    age = buckets.bucket_code_sql(AGE_BUCKETS, DAYS_OPEN_SQL)
    return _query_cube(
        cursor, compared_runs, criteria, f"SELECT {CUBE_COLUMNS.replace('opened_on', f'{age} AS age')}", "GROUP BY ALL"
    )


def count_standing_for(
    cursor: duckdb.DuckDBPyConnection, compared_runs: RunComparison, criteria: ViolationFilter, bucket: Bucket
) -> int:
    """How many violations of the criteria's rules have been open for that long; unknown ages are not counted."""
    standing = f"coalesce(movement IN {violation_query.STANDING_MOVEMENTS}, true)"
    long = f"AND {standing} AND {buckets.in_bucket_sql(DAYS_OPEN_SQL, bucket)}"
    counts = _query_cube(
        cursor, compared_runs, ViolationFilter(criteria.rules), "SELECT rule_id", f"{long} GROUP BY ALL"
    )["violations"]
    return int(counts.sum())


def _query_cube(
    cursor: duckdb.DuckDBPyConnection, compared_runs: RunComparison, criteria: ViolationFilter, select: str, rest: str
) -> pl.DataFrame:
    """A query over the cube with `violations` of each row, stored or counted now."""
    if not _is_stored(cursor, compared_runs) or criteria.officers or criteria.search:
        text = f"{select}, count(*) AS violations FROM {_rows_sql(compared_runs, criteria)} WHERE true {rest}"
        return violation_query.query_violations(cursor, compared_runs, criteria, text)
    return query.fetch_frame(
        cursor,
        f"""{select}, sum(violations)::BIGINT AS violations FROM violation_cubes
            WHERE run_id = $run AND since_run = $since AND list_contains($rules, rule_id) {rest}""",
        run=compared_runs.run.run_id,
        since=compared_runs.since and compared_runs.since.run_id,
        as_of=compared_runs.run.as_of,
        rules=[rule for rule, _ in criteria.rules],
    )


def count_by_officer(
    cursor: duckdb.DuckDBPyConnection, compared_runs: RunComparison, criteria: ViolationFilter
) -> dict[str, int]:
    """Violations of each account manager that meet the criteria, whichever account managers are selected."""
    others = replace(criteria, officers=())
    text = f"""SELECT r.officer_id, count(*) AS violations FROM {violation_query.from_sql(compared_runs, others)}
        WHERE {violation_query.where_sql(others)} AND r.officer_id IS NOT NULL
        GROUP BY r.officer_id ORDER BY r.officer_id"""
    return dict(violation_query.query_violations(cursor, compared_runs, others, text).iter_rows())


def store_cube(con: duckdb.DuckDBPyConnection, compared_runs: RunComparison) -> None:
    """Count the run beside the earlier one, for `cube`; a run without an earlier one is counted when asked."""
    con.execute("DELETE FROM violation_cubes WHERE run_id = ?", [compared_runs.run.run_id])
    if not (compared_runs.since and compared_runs.has_lifecycles):
        return
    rules = con.execute(
        "SELECT DISTINCT rule_id FROM violations WHERE run_id IN (?, ?)",
        [compared_runs.run.run_id, compared_runs.since.run_id],
    ).fetchall()
    criteria = ViolationFilter(tuple((rule, 0.0) for (rule,) in rules))
    text = f"""INSERT INTO violation_cubes (run_id, since_run, {CUBE_COLUMNS}, violations)
        SELECT $run, $since, {CUBE_COLUMNS}, count(*) FROM {_rows_sql(compared_runs, criteria)}
        GROUP BY ALL ORDER BY ALL"""
    con.execute(text, violation_query.bind_parameters(compared_runs, criteria, text))


def _rows_sql(compared_runs: RunComparison, criteria: ViolationFilter) -> str:
    return f"""(SELECT r.rule_id, r.branch_id, f.guarantee_type, r.state, r.movement, r.opened_on
        FROM {violation_query.from_sql(compared_runs, criteria, every=True)}
        WHERE {violation_query.where_sql(criteria)})"""


def _is_stored(cursor: duckdb.DuckDBPyConnection, compared_runs: RunComparison) -> bool:
    if not (compared_runs.since and compared_runs.has_lifecycles and cursor.execute(HAS_CUBES_SQL).fetchall()):
        return False
    pair = [compared_runs.run.run_id, compared_runs.since.run_id]
    found = cursor.execute("SELECT 1 FROM violation_cubes WHERE run_id = ? AND since_run = ? LIMIT 1", pair)
    return bool(found.fetchall())
