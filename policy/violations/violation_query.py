"""The SQL of the violations that meet a filter: those of a run, and those that an earlier run had.

Joins are taken only where a filter needs them: a run of a million loans has over a million violations.
"""

from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from data.history.validity import valid_on_sql
from data.storage import query
from policy.runs.store import Run

STANDING_MOVEMENTS = ("persisting", "new", "reopened", "returned")  # of open violations, since the earlier run
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
BORROWER_JOIN = f"""LEFT JOIN borrowers b ON b.borrower_id = r.borrower_id
    AND {valid_on_sql("$as_of", "b")}"""
LOAN_JOIN = "LEFT JOIN facts_loan f ON f.as_of = $as_of AND f.loan_id = r.loan_id"


@dataclass(frozen=True)
class RunComparison:
    """A run, and the earlier one it is compared with; `series` are the runs between them, with both.

    `has_lifecycles`: whether the book has the opening day of each violation.
    """

    run: Run
    since: Run | None
    series: tuple[str, ...]
    has_lifecycles: bool


@dataclass(frozen=True)
class ViolationFilter:
    """What to let through. `rules`: (rule, weight), the gravest first; empty others mean all.

    Without movements only violations open at the run match.
    """

    rules: tuple[tuple[str, float], ...]
    branches: tuple[str, ...] = ()
    officers: tuple[str, ...] = ()
    guarantees: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    movements: tuple[str, ...] = ()
    opened: tuple[date, ...] = ()
    search: str = ""


def standing_sql(compared_runs: RunComparison, *, with_movements: bool, with_lifecycles: bool = True) -> str:
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


def departed_sql(compared_runs: RunComparison) -> str:
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
    rows = standing_sql(compared_runs, with_movements=moved, with_lifecycles=with_lifecycles) + (
        f" {departed_sql(compared_runs)}" if gone else ""
    )
    facts = LOAN_JOIN if every or criteria.guarantees or criteria.search else ""
    names = BORROWER_JOIN if criteria.search else ""
    return f"""({rows}) r JOIN (SELECT unnest($rules) AS rule_id, unnest($weights) AS weight,
        generate_subscripts($rules, 1) AS place) w USING (rule_id) {facts} {names}"""


def with_lifecycles_sql(compared_runs: RunComparison) -> str:
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
