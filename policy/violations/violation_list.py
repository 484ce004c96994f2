"""The violations of a run as a page asks for them: listed by page, grouped (counted: data.violation_counts).

Two kinds of rows: those that stand at the run, and, where an earlier run is given, those that it had and this one no
longer has. Joins are taken only where a filter needs them: a run of a million loans has over a million violations.
"""

from dataclasses import dataclass, replace
from datetime import date

import duckdb
import polars as pl

from data.history.validity import IS_CURRENT, valid_on_sql
from data.storage import query
from policy.runs.store import Run

GROUP_COLUMNS = ("rule_id", "branch_id", "officer_id", "borrower_id")
GRAVEST_FIRST = "grave"
ORDERS = {
    GRAVEST_FIRST: "w.place, r.balance DESC NULLS LAST, r.violation_id",
    "balance": "r.balance DESC NULLS LAST, w.place, r.violation_id",
    "oldest": "r.opened_on NULLS LAST, w.place, r.balance DESC NULLS LAST, r.violation_id",
}
STANDING_MOVEMENTS = ("persisting", "new", "reopened", "returned")  # of what stands, since the earlier run
_VIOLATION_COLUMNS = ", ".join(
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
_BORROWER_JOIN = f"""LEFT JOIN borrowers b ON b.borrower_id = r.borrower_id
    AND {valid_on_sql("$as_of", "b")}"""
_LOAN_JOIN = "LEFT JOIN facts_loan f ON f.as_of = $as_of AND f.loan_id = r.loan_id"


@dataclass(frozen=True)
class RunComparison:
    """A run, and the earlier one it is compared with; `series` are the runs between them, with both.

    `followed`: whether the book says since when each violation stands.
    """

    run: Run
    since: Run | None
    series: tuple[str, ...]
    has_lifecycles: bool


@dataclass(frozen=True)
class ViolationFilter:
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


def _standing_sql(compared_runs: RunComparison, *, with_movements: bool, with_lifecycles: bool = True) -> str:
    """`moved`: with what became of it since the earlier run; `aged`: with its life, a join of as many rows."""
    lives = (
        (
            "LEFT JOIN violation_lives l ON l.run_id = $run AND l.violation_id = v.violation_id",
            "l.first_seen",
            "l.opened_on",
            "l.times_reopened",
            "l.state",
        )
        if compared_runs.has_lifecycles and (with_movements or with_lifecycles)
        else ("", "NULL::DATE", "NULL::DATE", "NULL::BIGINT", "NULL::VARCHAR")
    )
    join, first_seen, opened_on, times, state = lives
    movement, held = "NULL::VARCHAR", ""
    if compared_runs.since and with_movements:
        held = """LEFT JOIN (SELECT DISTINCT violation_id FROM violations WHERE run_id = $since) s
            ON s.violation_id = v.violation_id"""
        movement = f"""CASE WHEN s.violation_id IS NOT NULL THEN 'persisting' WHEN {first_seen} IS NULL THEN NULL
            WHEN {first_seen} > $since_day THEN 'new' WHEN {opened_on} > $since_day THEN 'reopened'
            ELSE 'returned' END"""
    return f"""SELECT {_VIOLATION_COLUMNS}, {first_seen} AS first_seen, {opened_on} AS opened_on,
        {times} AS times_reopened, {state} AS state, {movement} AS movement FROM violations v
        {join} {held} WHERE v.run_id = $run"""


def _departed_sql(compared_runs: RunComparison) -> str:
    """What the earlier run had and this one has not, with what became of it."""
    if not (compared_runs.since and compared_runs.has_lifecycles):
        return ""
    return f"""UNION ALL SELECT {_VIOLATION_COLUMNS}, l.first_seen, l.opened_on, l.times_reopened,
        coalesce(m.mark, 'unknown') AS state, coalesce(m.mark, 'unknown') AS movement
        FROM violations v ANTI JOIN (SELECT violation_id FROM violations WHERE run_id = $run) n USING (violation_id)
        LEFT JOIN violation_lives l ON l.run_id = $since AND l.violation_id = v.violation_id
        LEFT JOIN (SELECT violation_id, CASE arg_max(mark, as_of) WHEN 'not_judged' THEN 'unknown'
                ELSE arg_max(mark, as_of) END AS mark
            FROM vanished JOIN runs USING (run_id) WHERE list_contains($series, run_id) AND as_of > $since_day
            GROUP BY violation_id) m ON m.violation_id = v.violation_id
        WHERE v.run_id = $since"""


def from_sql(
    compared_runs: RunComparison, criteria: ViolationFilter, *, every: bool = False, with_lifecycles: bool = False
) -> str:
    """SQL: rows r with rules w; `every`: with those that left and all that a filter may ask; `aged`: with lives."""
    moved = every or bool(criteria.movements)
    gone = every or any(movement not in STANDING_MOVEMENTS for movement in criteria.movements)
    with_lifecycles = with_lifecycles or bool(criteria.states or criteria.opened)
    rows = _standing_sql(compared_runs, with_movements=moved, with_lifecycles=with_lifecycles) + (
        f" {_departed_sql(compared_runs)}" if gone else ""
    )
    facts = _LOAN_JOIN if every or criteria.guarantees or criteria.search else ""
    names = _BORROWER_JOIN if criteria.search else ""
    return f"""({rows}) r JOIN (SELECT unnest($rules) AS rule_id, unnest($weights) AS weight,
        generate_subscripts($rules, 1) AS place) w USING (rule_id) {facts} {names}"""


def _with_lifecycles_sql(compared_runs: RunComparison) -> str:
    """The few rows found, with their lives."""
    if not compared_runs.has_lifecycles:
        return "found"
    return """(SELECT r.* REPLACE (l.first_seen AS first_seen, l.opened_on AS opened_on,
            l.times_reopened AS times_reopened, l.state AS state)
        FROM found r LEFT JOIN violation_lives l ON l.run_id = $run AND l.violation_id = r.violation_id)"""


def where_sql(criteria: ViolationFilter) -> str:
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
        if getattr(criteria, names):
            tests.append(f"list_contains(${names}, {column})")
    return " AND ".join([*tests, _search_sql()] if criteria.search else tests)


def _search_sql() -> str:
    written = ("b.name", "r.loan_id", "f.contract_no", "r.borrower_id", "r.subject_id", "r.rule_id")
    return "(" + " OR ".join(f"contains(lower({name}), lower($search))" for name in written) + ")"


def bind_parameters(compared_runs: RunComparison, criteria: ViolationFilter, text: str) -> dict[str, object]:
    """The parameters that the text names: DuckDB refuses one that it does not."""
    since = compared_runs.since
    values: dict[str, object] = {
        "run": compared_runs.run.run_id,
        "as_of": compared_runs.run.as_of,
        "since": since and since.run_id,
        "since_day": since and since.as_of,
        "series": list(compared_runs.series),
        "rules": [rule for rule, _ in criteria.rules],
        "weights": [weight for _, weight in criteria.rules],
        "search": criteria.search,
    } | {
        name: list(getattr(criteria, name))
        for name in ("branches", "officers", "guarantees", "states", "movements", "opened")
    }
    return {
        name: value
        for name, value in values.items()
        if f"${name}" in text.replace("$since_day", "$day_since") or (name == "since_day" and "$since_day" in text)
    }


def query_violations(
    cursor: duckdb.DuckDBPyConnection,
    compared_runs: RunComparison,
    criteria: ViolationFilter,
    text: str,
    **more: object,
) -> pl.DataFrame:
    """The answer to a query of `source` and `tests`."""
    return query.fetch_frame(cursor, text, **bind_parameters(compared_runs, criteria, text), **more)


def narrow_to_page(
    criteria: ViolationFilter, counts: dict[str, int], limit: int, offset: int
) -> tuple[ViolationFilter, int]:
    """The sieve of the rules in which a page of the gravest lies, and its offset there: none other need be sorted.

    `counts`: what the sieve lets through of each rule.
    """
    wanted, seen, skipped = [], 0, 0
    for rule in criteria.rules:
        held = counts.get(rule[0], 0)
        if seen + held <= offset:
            skipped += held
        elif held and seen < offset + limit:
            wanted.append(rule)
        seen += held
    return replace(criteria, rules=tuple(wanted)), offset - skipped


def page_of_violations(
    cursor: duckdb.DuckDBPyConnection,
    compared_runs: RunComparison,
    criteria: ViolationFilter,
    order: str = GRAVEST_FIRST,
    limit: int | None = None,
    offset: int = 0,
) -> pl.DataFrame:
    """One page of the violations that the sieve lets through.

    [violation_id, rule_id, subject, subject_id, loan_id, borrower_id, borrower_name, branch_id, branch_name,
    officer_id, balance, measured, limit_value, state, first_seen, opened_on, days_open, times_reopened]
    """
    late = limit is not None and order != "oldest" and not (criteria.states or criteria.opened or criteria.movements)
    text = f"""WITH found AS (SELECT r.*, row_number() OVER () AS n FROM (
                SELECT r.* FROM {from_sql(compared_runs, criteria, with_lifecycles=not late)}
                WHERE {where_sql(criteria)} ORDER BY {ORDERS[order]} LIMIT $limit OFFSET $offset) r)
        SELECT r.* EXCLUDE (n, movement), b.name AS borrower_name, f.branch_name,
            ($as_of - r.opened_on)::INTEGER AS days_open
        FROM {_with_lifecycles_sql(compared_runs) if late else "found"} r {_LOAN_JOIN} {_BORROWER_JOIN} ORDER BY r.n"""
    return query_violations(cursor, compared_runs, criteria, text, limit=limit, offset=offset)


def load_violation(
    cursor: duckdb.DuckDBPyConnection, compared_runs: RunComparison, violation_id: str
) -> dict[str, object] | None:
    """One violation of the run, or of the earlier one (then `stands` is false), with a loan that it touches."""
    text = f"""SELECT r.*, r.movement IS NULL OR list_contains($came, r.movement) AS stands, b.name AS borrower_name,
            coalesce(r.loan_id, (SELECT min(f.loan_id) FROM facts_loan f
                WHERE f.as_of = $as_of AND f.borrower_id = r.borrower_id)) AS any_loan_id
        FROM ({_standing_sql(compared_runs, with_movements=True)} {_departed_sql(compared_runs)}) r {_BORROWER_JOIN}
        WHERE r.violation_id = $id LIMIT 1"""
    found = query.fetch_frame(
        cursor,
        text,
        id=violation_id,
        came=list(STANDING_MOVEMENTS),
        **bind_parameters(compared_runs, ViolationFilter(()), text),
    )
    return found.row(0, named=True) if found.height else None


def group_violations(
    cursor: duckdb.DuckDBPyConnection,
    compared_runs: RunComparison,
    criteria: ViolationFilter,
    by: str,
    currency: str | None,
    limit: int | None = None,
) -> pl.DataFrame:
    """By rule, branch, account manager or borrower, the heaviest first.

    [key, violations, weight, loans, balance, oldest]: each loan once, with its balance in the currency as it stands.
    """
    if by not in GROUP_COLUMNS:
        raise ValueError(by)
    text = f"""WITH each AS (
            SELECT r.{by} AS key, r.loan_id, count(*) AS n, sum(w.weight) AS weight, min(r.opened_on) AS oldest
            FROM {from_sql(compared_runs, criteria, with_lifecycles=True)} WHERE {where_sql(criteria)} GROUP BY ALL)
        SELECT r.key, sum(r.n)::BIGINT AS violations, sum(r.weight)::DOUBLE AS weight, count(r.loan_id) AS loans,
            sum(f.balance) FILTER (f.currency IS NOT DISTINCT FROM $currency) AS balance, min(r.oldest) AS oldest
        FROM each r {_LOAN_JOIN} GROUP BY r.key ORDER BY weight DESC, violations DESC, r.key LIMIT $limit"""
    return query_violations(cursor, compared_runs, criteria, text, currency=currency, limit=limit)


def load_borrower_names(cursor: duckdb.DuckDBPyConnection, as_of: date, ids: tuple[str, ...]) -> dict[str, str]:
    rows = cursor.execute(
        f"""SELECT borrower_id, any_value(name) FROM borrowers WHERE list_contains($ids, borrower_id) AND {IS_CURRENT}
           AND name IS NOT NULL GROUP BY borrower_id""",
        {"as_of": as_of, "ids": list(ids)},
    )
    return dict(rows.fetchall())


def sum_affected_balance(cursor: duckdb.DuckDBPyConnection, run: Run, currency: str | None) -> dict[str, object]:
    """Running loans of the snapshot in the currency and their balance: all, and those with a violation of their own."""
    return query.fetch_frame(
        cursor,
        """SELECT count(*) AS loans, sum(f.balance) AS balance, count(v.loan_id) AS loans_hit,
               sum(f.balance) FILTER (v.loan_id IS NOT NULL) AS balance_hit
           FROM facts_loan f LEFT JOIN (SELECT DISTINCT loan_id FROM violations WHERE run_id = $run) v USING (loan_id)
           WHERE f.as_of = $as_of AND f.is_running AND f.currency IS NOT DISTINCT FROM $currency""",
        run=run.run_id,
        as_of=run.as_of,
        currency=currency,
    ).row(0, named=True)


def load_trend(
    cursor: duckdb.DuckDBPyConnection, series: tuple[str, ...], rules: tuple[str, ...], branches: tuple[str, ...]
) -> pl.DataFrame:
    """[as_of, rule_id, violations, loans] of each run; `loans` are those judged in these branches (none named: all)."""
    return query.fetch_frame(
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


def count_not_assessable(
    cursor: duckdb.DuckDBPyConnection, run_id: str, rules: tuple[str, ...], branches: tuple[str, ...]
) -> pl.DataFrame:
    """[rule_id, subject, branch_id, reason, field, subjects] of what could not be judged, the commonest first."""
    return query.fetch_frame(
        cursor,
        """SELECT rule_id, subject, branch_id, reason, field, sum(subjects)::BIGINT AS subjects FROM run_counts
           WHERE run_id = $run AND verdict = 'not_assessable' AND list_contains($rules, rule_id)
               AND (len($branches) = 0 OR list_contains($branches, branch_id))
           GROUP BY ALL ORDER BY subjects DESC, rule_id, field, branch_id""",
        run=run_id,
        rules=list(rules),
        branches=list(branches),
    )


def count_applicable(cursor: duckdb.DuckDBPyConnection, run_id: str, branches: tuple[str, ...]) -> pl.DataFrame:
    """[rule_id, branch_id, subjects]: how many of each rule were applicable, judged or not."""
    return query.fetch_frame(
        cursor,
        """SELECT rule_id, branch_id, sum(subjects)::BIGINT AS subjects FROM run_counts
           WHERE run_id = $run AND verdict <> 'not_applicable'
               AND (len($branches) = 0 OR list_contains($branches, branch_id)) GROUP BY ALL""",
        run=run_id,
        branches=list(branches),
    )
