"""The violations of a run as a page asks for them: listed by page, grouped (counted: data.violation_counts).

Two kinds of rows: those that stand at the run, and, where an earlier run is given, those that it had and this one no
longer has. Joins are taken only where a filter needs them: a run of a million loans has over a million violations.
"""

from dataclasses import dataclass, replace
from datetime import date

import duckdb
import polars as pl

from data.storage import query
from policy.violations.results import Run

GROUPS = ("rule_id", "branch_id", "officer_id", "borrower_id")
GRAVE = "grave"
ORDERS = {
    GRAVE: "w.place, r.balance DESC NULLS LAST, r.violation_id",
    "balance": "r.balance DESC NULLS LAST, w.place, r.violation_id",
    "oldest": "r.opened_on NULLS LAST, w.place, r.balance DESC NULLS LAST, r.violation_id",
}
CAME = ("persisting", "new", "reopened", "returned")  # of what stands, since the earlier run
_OWN = ", ".join(
    f"v.{name}"
    for name in (
        "violation_id",
        "rule_id",
        "subject",
        "subject_id",
        "loan_id",
        "borrower_id",
        "branch_id",
        "officer_id",
        "balance",
        "measured",
        "limit_value",
    )
)
_BORROWER = """LEFT JOIN borrowers b ON b.borrower_id = r.borrower_id
    AND b.as_of <= $as_of AND (b.until IS NULL OR $as_of < b.until)"""
_LOAN = "LEFT JOIN facts_loan f ON f.as_of = $as_of AND f.loan_id = r.loan_id"


@dataclass(frozen=True)
class Span:
    """A run, and the earlier one it is compared with; `series` are the runs between them, with both.

    `followed`: whether the book says since when each violation stands.
    """

    run: Run
    since: Run | None
    series: tuple[str, ...]
    followed: bool


@dataclass(frozen=True)
class Sieve:
    """What to let through. `rules`: (rule, weight), the gravest first; empty others mean all.

    Without movements only what stands at the run is let through.
    """

    rules: tuple[tuple[str, float], ...]
    branches: tuple[str, ...] = ()
    officers: tuple[str, ...] = ()
    guarantees: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    movements: tuple[str, ...] = ()
    opened: tuple[date, ...] = ()
    search: str = ""


def _standing(span: Span, *, moved: bool, aged: bool = True) -> str:
    """`moved`: with what became of it since the earlier run; `aged`: with its life, a join of as many rows."""
    lives = (
        (
            "LEFT JOIN violation_lives l ON l.run_id = $run AND l.violation_id = v.violation_id",
            "l.first_seen",
            "l.opened_on",
            "l.times_reopened",
            "l.state",
        )
        if span.followed and (moved or aged)
        else ("", "NULL::DATE", "NULL::DATE", "NULL::BIGINT", "NULL::VARCHAR")
    )
    join, first_seen, opened_on, times, state = lives
    movement, held = "NULL::VARCHAR", ""
    if span.since and moved:
        held = """LEFT JOIN (SELECT DISTINCT violation_id FROM violations WHERE run_id = $since) s
            ON s.violation_id = v.violation_id"""
        movement = f"""CASE WHEN s.violation_id IS NOT NULL THEN 'persisting' WHEN {first_seen} IS NULL THEN NULL
            WHEN {first_seen} > $since_day THEN 'new' WHEN {opened_on} > $since_day THEN 'reopened'
            ELSE 'returned' END"""
    return f"""SELECT {_OWN}, {first_seen} AS first_seen, {opened_on} AS opened_on, {times} AS times_reopened,
        {state} AS state, {movement} AS movement FROM violations v {join} {held} WHERE v.run_id = $run"""


def _left(span: Span) -> str:
    """What the earlier run had and this one has not, with what became of it."""
    if not (span.since and span.followed):
        return ""
    return f"""UNION ALL SELECT {_OWN}, l.first_seen, l.opened_on, l.times_reopened,
        coalesce(m.mark, 'unknown') AS state, coalesce(m.mark, 'unknown') AS movement
        FROM violations v ANTI JOIN (SELECT violation_id FROM violations WHERE run_id = $run) n USING (violation_id)
        LEFT JOIN violation_lives l ON l.run_id = $since AND l.violation_id = v.violation_id
        LEFT JOIN (SELECT violation_id, CASE arg_max(mark, as_of) WHEN 'not_judged' THEN 'unknown'
                ELSE arg_max(mark, as_of) END AS mark
            FROM vanished JOIN runs USING (run_id) WHERE list_contains($series, run_id) AND as_of > $since_day
            GROUP BY violation_id) m ON m.violation_id = v.violation_id
        WHERE v.run_id = $since"""


def source(span: Span, sieve: Sieve, *, every: bool = False, aged: bool = False) -> str:
    """SQL: rows r with rules w; `every`: with those that left and all that a filter may ask; `aged`: with lives."""
    moved = every or bool(sieve.movements)
    gone = every or any(movement not in CAME for movement in sieve.movements)
    aged = aged or bool(sieve.states or sieve.opened)
    rows = _standing(span, moved=moved, aged=aged) + (f" {_left(span)}" if gone else "")
    facts = _LOAN if every or sieve.guarantees or sieve.search else ""
    names = _BORROWER if sieve.search else ""
    return f"""({rows}) r JOIN (SELECT unnest($rules) AS rule_id, unnest($weights) AS weight,
        generate_subscripts($rules, 1) AS place) w USING (rule_id) {facts} {names}"""


def _lived(span: Span) -> str:
    """The few rows found, with their lives."""
    if not span.followed:
        return "found"
    return """(SELECT r.* REPLACE (l.first_seen AS first_seen, l.opened_on AS opened_on,
            l.times_reopened AS times_reopened, l.state AS state)
        FROM found r LEFT JOIN violation_lives l ON l.run_id = $run AND l.violation_id = r.violation_id)"""


def tests(sieve: Sieve) -> str:
    """SQL: what a row of `source` must be to be let through."""
    tests = ["true"]
    columns = {
        "branches": "r.branch_id",
        "officers": "r.officer_id",
        "states": "r.state",
        "opened": "r.opened_on",
        "guarantees": "f.guarantee_type",
        "movements": "r.movement",
    }
    for names, column in columns.items():
        if getattr(sieve, names):
            tests.append(f"list_contains(${names}, {column})")
    return " AND ".join([*tests, _found()] if sieve.search else tests)


def _found() -> str:
    written = ("b.name", "r.loan_id", "f.contract_no", "r.borrower_id", "r.subject_id", "r.rule_id")
    return "(" + " OR ".join(f"contains(lower({name}), lower($search))" for name in written) + ")"


def bound(span: Span, sieve: Sieve, text: str) -> dict[str, object]:
    """The parameters that the text names: DuckDB refuses one that it does not."""
    since = span.since
    values: dict[str, object] = {
        "run": span.run.run_id,
        "as_of": span.run.as_of,
        "since": since and since.run_id,
        "since_day": since and since.as_of,
        "series": list(span.series),
        "rules": [rule for rule, _ in sieve.rules],
        "weights": [weight for _, weight in sieve.rules],
        "search": sieve.search,
    } | {
        name: list(getattr(sieve, name))
        for name in ("branches", "officers", "guarantees", "states", "movements", "opened")
    }
    return {
        name: value
        for name, value in values.items()
        if f"${name}" in text.replace("$since_day", "$day_since") or (name == "since_day" and "$since_day" in text)
    }


def ask(cursor: duckdb.DuckDBPyConnection, span: Span, sieve: Sieve, text: str, **more: object) -> pl.DataFrame:
    """The answer to a query of `source` and `tests`."""
    return query.frame(cursor, text, **bound(span, sieve, text), **more)


def window(sieve: Sieve, counts: dict[str, int], limit: int, offset: int) -> tuple[Sieve, int]:
    """The sieve of the rules in which a page of the gravest lies, and its offset there: none other need be sorted.

    `counts`: what the sieve lets through of each rule.
    """
    wanted, seen, skipped = [], 0, 0
    for rule in sieve.rules:
        held = counts.get(rule[0], 0)
        if seen + held <= offset:
            skipped += held
        elif held and seen < offset + limit:
            wanted.append(rule)
        seen += held
    return replace(sieve, rules=tuple(wanted)), offset - skipped


def listed(
    cursor: duckdb.DuckDBPyConnection,
    span: Span,
    sieve: Sieve,
    order: str = GRAVE,
    limit: int | None = None,
    offset: int = 0,
) -> pl.DataFrame:
    """One page of the violations that the sieve lets through.

    [violation_id, rule_id, subject, subject_id, loan_id, borrower_id, borrower_name, branch_id, branch_name,
    officer_id, balance, measured, limit_value, state, first_seen, opened_on, days_open, times_reopened]
    """
    late = limit is not None and order != "oldest" and not (sieve.states or sieve.opened or sieve.movements)
    text = f"""WITH found AS (
            SELECT r.*, row_number() OVER () AS n FROM (
                SELECT r.* FROM {source(span, sieve, aged=not late)} WHERE {tests(sieve)}
                ORDER BY {ORDERS[order]} LIMIT $limit OFFSET $offset) r)
        SELECT r.* EXCLUDE (n, movement), b.name AS borrower_name, f.branch_name,
            ($as_of - r.opened_on)::INTEGER AS days_open
        FROM {_lived(span) if late else "found"} r {_LOAN} {_BORROWER} ORDER BY r.n"""
    return ask(cursor, span, sieve, text, limit=limit, offset=offset)


def one(cursor: duckdb.DuckDBPyConnection, span: Span, violation_id: str) -> dict[str, object] | None:
    """One violation of the run, or of the earlier one (then `stands` is false), with a loan that it touches."""
    text = f"""SELECT r.*, r.movement IS NULL OR list_contains($came, r.movement) AS stands, b.name AS borrower_name,
            coalesce(r.loan_id, (SELECT min(f.loan_id) FROM facts_loan f
                WHERE f.as_of = $as_of AND f.borrower_id = r.borrower_id)) AS any_loan_id
        FROM ({_standing(span, moved=True)} {_left(span)}) r {_BORROWER} WHERE r.violation_id = $id LIMIT 1"""
    found = query.frame(cursor, text, id=violation_id, came=list(CAME), **bound(span, Sieve(()), text))
    return found.row(0, named=True) if found.height else None


def grouped(
    cursor: duckdb.DuckDBPyConnection, span: Span, sieve: Sieve, by: str, currency: str | None, limit: int | None = None
) -> pl.DataFrame:
    """By rule, branch, account manager or borrower, the heaviest first.

    [key, violations, weight, loans, balance, oldest]: each loan once, with its balance in the currency as it stands.
    """
    if by not in GROUPS:
        raise ValueError(by)
    text = f"""WITH each AS (
            SELECT r.{by} AS key, r.loan_id, count(*) AS n, sum(w.weight) AS weight, min(r.opened_on) AS oldest
            FROM {source(span, sieve, aged=True)} WHERE {tests(sieve)} GROUP BY ALL)
        SELECT r.key, sum(r.n)::BIGINT AS violations, sum(r.weight)::DOUBLE AS weight, count(r.loan_id) AS loans,
            sum(f.balance) FILTER (f.currency IS NOT DISTINCT FROM $currency) AS balance, min(r.oldest) AS oldest
        FROM each r {_LOAN} GROUP BY r.key ORDER BY weight DESC, violations DESC, r.key LIMIT $limit"""
    return ask(cursor, span, sieve, text, currency=currency, limit=limit)


def borrower_names(cursor: duckdb.DuckDBPyConnection, as_of: date, ids: tuple[str, ...]) -> dict[str, str]:
    rows = cursor.execute(
        """SELECT borrower_id, any_value(name) FROM borrowers WHERE list_contains($ids, borrower_id) AND as_of <= $as_of
           AND (until IS NULL OR $as_of < until) AND name IS NOT NULL GROUP BY borrower_id""",
        {"as_of": as_of, "ids": list(ids)},
    )
    return dict(rows.fetchall())


def touched(cursor: duckdb.DuckDBPyConnection, run: Run, currency: str | None) -> dict[str, object]:
    """Running loans of the snapshot in the currency and their balance: all, and those with a violation of their own."""
    return query.frame(
        cursor,
        """SELECT count(*) AS loans, sum(f.balance) AS balance, count(v.loan_id) AS loans_hit,
               sum(f.balance) FILTER (v.loan_id IS NOT NULL) AS balance_hit
           FROM facts_loan f LEFT JOIN (SELECT DISTINCT loan_id FROM violations WHERE run_id = $run) v USING (loan_id)
           WHERE f.as_of = $as_of AND f.is_running AND f.currency IS NOT DISTINCT FROM $currency""",
        run=run.run_id,
        as_of=run.as_of,
        currency=currency,
    ).row(0, named=True)


def trend(
    cursor: duckdb.DuckDBPyConnection, series: tuple[str, ...], rules: tuple[str, ...], branches: tuple[str, ...]
) -> pl.DataFrame:
    """[as_of, rule_id, violations, loans] of each run; `loans` are those judged in these branches (none named: all)."""
    return query.frame(
        cursor,
        """WITH loan AS (
               SELECT as_of, count(*) AS loans FROM facts_loan WHERE as_of IN (SELECT as_of FROM runs
                   WHERE list_contains($series, run_id)) AND (len($branches) = 0 OR list_contains($branches, branch_id))
               GROUP BY as_of)
           SELECT r.as_of, c.rule_id, coalesce(sum(c.subjects), 0)::BIGINT AS violations, any_value(l.loans) AS loans
           FROM runs r LEFT JOIN run_counts c ON c.run_id = r.run_id AND c.verdict = 'violation'
               AND list_contains($rules, c.rule_id)
               AND (len($branches) = 0 OR list_contains($branches, c.branch_id))
           LEFT JOIN loan l ON l.as_of = r.as_of
           WHERE list_contains($series, r.run_id) GROUP BY ALL ORDER BY ALL""",
        series=list(series),
        rules=list(rules),
        branches=list(branches),
    )


def not_assessable(
    cursor: duckdb.DuckDBPyConnection, run_id: str, rules: tuple[str, ...], branches: tuple[str, ...]
) -> pl.DataFrame:
    """[rule_id, subject, branch_id, reason, field, subjects] of what could not be judged, the commonest first."""
    return query.frame(
        cursor,
        """SELECT rule_id, subject, branch_id, reason, field, sum(subjects)::BIGINT AS subjects FROM run_counts
           WHERE run_id = $run AND verdict = 'not_assessable' AND list_contains($rules, rule_id)
               AND (len($branches) = 0 OR list_contains($branches, branch_id))
           GROUP BY ALL ORDER BY subjects DESC, rule_id, field, branch_id""",
        run=run_id,
        rules=list(rules),
        branches=list(branches),
    )


def judged(cursor: duckdb.DuckDBPyConnection, run_id: str, branches: tuple[str, ...]) -> pl.DataFrame:
    """[rule_id, branch_id, subjects]: how many of each rule were applicable, judged or not."""
    return query.frame(
        cursor,
        """SELECT rule_id, branch_id, sum(subjects)::BIGINT AS subjects FROM run_counts
           WHERE run_id = $run AND verdict <> 'not_applicable'
               AND (len($branches) = 0 OR list_contains($branches, branch_id)) GROUP BY ALL""",
        run=run_id,
        branches=list(branches),
    )
