"""To when may a loan be extended, and asked when: every day of application against every new maturity.

A decision depends on either day only through a few parts of the rules' expressions (is it before the last day to
apply, within the cap, which version is in force). Days on which those parts have the same values are judged once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

import duckdb
import polars as pl
from sqlglot import exp

from data.facts import prepared_statements
from data.language.functions import render
from policy.engine import single_record
from policy.engine.compiler import compile_subject_cached
from policy.engine.verdict_evidence import require_loan
from policy.extensions import extension_decision
from policy.extensions.day_dependencies import find_parts_reading, list_moving_facts
from policy.extensions.extension_decision import APPLICATION, FRONTIER_YEARS, NEW_MATURITY, SUBJECT, Request
from policy.model.records import Policy

LATE_DAYS = 30
KEY_TYPES = {"loan_id": "VARCHAR", APPLICATION: "DATE", NEW_MATURITY: "DATE"}
DAY_RANGE_TYPES = {"first_day": "DATE", "last_day": "DATE"}
PairDecision = tuple[str, tuple[str, ...]]
ColumnTypes = dict[str, str]


@dataclass(frozen=True)
class FrontierBlock:
    """Days with one answer: applied in [applied_from, applied_to], to any maturity in [to_from, to_to]."""

    applied_from: date
    applied_to: date
    to_from: date
    to_to: date
    verdict: str
    blocked_by: tuple[str, ...]


def list_days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days + 1)]


def list_maturities(start: date) -> list[date]:
    """Every day after the current maturity, ten years on."""
    end = start.replace(year=start.year + FRONTIER_YEARS, day=min(start.day, 28))
    return list_days(start + timedelta(1), end)


def list_application_days(as_of: date, start: date) -> list[date]:
    """From the day of judgement until it is surely too late."""
    return list_days(as_of, max(as_of, start) + timedelta(LATE_DAYS))


def compute_blocks(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    as_of: date,
    loan_id: str,
    consent: str | None = None,
    application_day: date | None = None,
    *,
    today: bool = False,
) -> list[FrontierBlock]:
    """Every pair of days is in exactly one block. `application_day`: only this day.

    No block when the current maturity is not known. Raises InputError when the snapshot has no such loan.
    """
    _, start = require_loan(con, as_of, loan_id)
    if start is None:
        return []
    asked = list_application_days(as_of, start) if application_day is None else [application_day]
    wished = list_maturities(start)
    request = Request(loan_id, asked[0], wished[0], consent)
    grid = _DecisionGrid(con, policy, as_of, request, today=today)
    return list(_merge_blocks(asked, wished, grid.decide_pairs(asked, wished)))


def list_maturity_decisions(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    as_of: date,
    loan_id: str,
    application_day: date,
    consent: str | None,
) -> pl.DataFrame:
    """One day of application, a row a new maturity: [requested_maturity, verdict, blocked_by]."""
    rows = [
        (day, block.verdict, list(block.blocked_by))
        for block in compute_blocks(con, policy, as_of, loan_id, consent, application_day)
        for day in list_days(block.to_from, block.to_to)
    ]
    schema: dict[str, pl.DataType] = {
        NEW_MATURITY: pl.Date(),
        "verdict": pl.String(),
        "blocked_by": pl.List(pl.String()),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


class _DecisionGrid:
    """The decisions on one loan for any two days."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, request: Request, *, today: bool
    ) -> None:
        self.con, self.policy, self.as_of, self.request = con, policy, as_of, request
        self.judged = compile_subject_cached(policy, SUBJECT, today=today, aggregates_given=True)
        rows = single_record.add_aggregates(
            con, self.judged, as_of, extension_decision.derive_request_facts(con, as_of, [request])
        )
        self.row, self.types = rows[0], KEY_TYPES | single_record.fact_types(self.judged, rows)

    def decide_pairs(self, asked: list[date], wished: list[date]) -> list[list[PairDecision]]:
        """A row a day of application, an answer a new maturity."""
        alike = self._group_equal_days(asked)
        first = {number: asked[n] for n, number in reversed(list(enumerate(alike)))}
        answers = extension_decision.build_decision_columns(self.policy, self.judged)
        wanted = ", ".join(f"{answers[name]} AS {name}" for name in ("verdict", "blocked_by"))
        text = (
            f"{single_record.coded_rules_sql(self.judged, self._base_sql())} SELECT {APPLICATION}, {wanted} FROM coded "
            f"ORDER BY {APPLICATION}, {NEW_MATURITY}"
        )
        table: dict[date, list[PairDecision]] = {day: [] for day in first.values()}
        for row in self._run_query(text, sorted(table), wished):
            table[row[APPLICATION]].append((row["verdict"], tuple(row["blocked_by"])))
        return [table[first[number]] for number in alike]

    def _group_equal_days(self, asked: list[date]) -> list[int]:
        """For each day of application a number; no rule can tell days with the same number apart."""
        parts = find_parts_reading(self.judged, APPLICATION, NEW_MATURITY)
        if len(asked) == 1 or not parts:
            return [0] * len(asked)
        signs = ", ".join(sorted({f"CAST({render(part)} AS VARCHAR)" for part in parts}))
        roots = frozenset(column.name for part in parts for column in part.find_all(exp.Column))
        text = (
            f"{self.judged.query.render_query(self._base_sql(), roots)} "
            f"SELECT dense_rank() OVER (ORDER BY [{signs}]) AS alike FROM columns ORDER BY {APPLICATION}"
        )
        return [row["alike"] for row in self._run_query(text, asked, [self.request.requested_maturity])]

    def _base_sql(self) -> str:
        """The facts of the loan's request for every day of application and every new maturity."""
        still, asked, wished = self._split_types()
        return (
            f"(SELECT * FROM {prepared_statements.relation_sql(still, 'still')} AS still "
            f"CROSS JOIN {_days_relation_sql('asked', APPLICATION, asked)} AS asked "
            f"CROSS JOIN {_days_relation_sql('wished', NEW_MATURITY, wished)} AS wished)"
        )

    def _split_types(self) -> tuple[ColumnTypes, ColumnTypes, ColumnTypes]:
        asked, wished = (
            {n: t for n, t in self.types.items() if n in list_moving_facts(d)} for d in (APPLICATION, NEW_MATURITY)
        )
        return {n: t for n, t in self.types.items() if n not in asked and n not in wished}, asked, wished

    def _run_query(self, text: str, asked: list[date], wished: list[date]) -> list[single_record.Record]:
        still, by_asked, by_wished = self._split_types()
        return prepared_statements.run_over_relations(
            text,
            {
                "still": ([self.row], still),
                "asked": self._build_day_rows(APPLICATION, asked, by_asked),
                "wished": self._build_day_rows(NEW_MATURITY, wished, by_wished),
            },
        )

    def _build_day_rows(
        self, own: str, over: list[date], moving: ColumnTypes
    ) -> tuple[list[single_record.Record], ColumnTypes]:
        """The days as spans; or with the facts beside them that move, derived as the facts of requests are."""
        if set(moving) == {own}:
            return _merge_into_ranges(over), DAY_RANGE_TYPES
        asked = {APPLICATION: self.request.application_date, NEW_MATURITY: self.request.requested_maturity}
        requests = [
            Request(self.request.loan_id, d[APPLICATION], d[NEW_MATURITY], self.request.consent)
            for d in (asked | {own: day} for day in over)
        ]
        return extension_decision.derive_request_facts(self.con, self.as_of, requests), moving


def _days_relation_sql(name: str, own: str, moving: ColumnTypes) -> str:
    """The relation of the days given as spans; one of thousands of rows would take longer to read than to judge."""
    if set(moving) != {own}:
        return prepared_statements.relation_sql(moving, name)
    series = "unnest(generate_series(first_day, last_day, INTERVAL 1 DAY))"
    return f"(SELECT CAST({series} AS DATE) AS {own} FROM {prepared_statements.relation_sql(DAY_RANGE_TYPES, name)})"


def _merge_into_ranges(over: list[date]) -> list[single_record.Record]:
    """Ascending days as runs without a hole."""
    found: list[single_record.Record] = []
    for day in over:
        if found and found[-1]["last_day"] + timedelta(1) == day:
            found[-1]["last_day"] = day
        else:
            found.append({"first_day": day, "last_day": day})
    return found


def _merge_blocks(asked: list[date], wished: list[date], table: list[list[PairDecision]]) -> Iterator[FrontierBlock]:
    """Neighbouring days with the same answers as one block."""
    at = 0
    for answers, like in groupby(table):
        height = len(list(like))
        left = 0
        for (verdict, blocked_by), run in groupby(answers):
            width = len(list(run))
            yield FrontierBlock(
                asked[at], asked[at + height - 1], wished[left], wished[left + width - 1], verdict, blocked_by
            )
            left += width
        at += height
