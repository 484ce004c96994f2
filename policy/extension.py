"""May this loan be extended, to when, and by which day must it be asked for? One request, or a hundred thousand."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import duckdb
import polars as pl

from data import facts, query
from policy.compiling import CompiledSubject
from policy.functions import literal, render
from policy.judging import compiled
from policy.model import Policy
from policy.verdict_codes import NOT_APPLICABLE, PASS, VIOLATION, CompiledRule
from policy.verdicts import Verdict, columns_sql, known_loan, of_record, records

SUBJECT = "extension"
NEW_MATURITY, APPLICATION = "requested_maturity", "application_date"
FRONTIER_YEARS = 10
OUTCOMES = ("allowed", "blocked", "not_assessable")


@dataclass(frozen=True)
class Request:
    """`consent`: all, none, the providers who consent (comma separated), or None when it is not known."""

    loan_id: str
    application_date: date
    requested_maturity: date
    consent: str | None = None


@dataclass(frozen=True)
class Decision:
    """`latest_permitted`: last day the limits on length allow; `apply_by`: last day in time; None when unknown."""

    loan_id: str
    verdict: str
    term_class: str | None
    latest_permitted: date | None
    apply_by: date | None
    blocked_by: tuple[str, ...]
    lines: list[Verdict]


def _effect(policy: Policy, judged: CompiledSubject, kind: int) -> list[CompiledRule]:
    """The rules whose severity makes a violation block (kind 0), or an unknown leave the whole open (kind 1)."""
    wanted = OUTCOMES[kind + 1]
    return [rule for rule in judged.rules if policy.effects[rule.newest.severity][kind] == wanted]


def _blocked_by(policy: Policy, judged: CompiledSubject) -> str:
    cases = ", ".join(
        f"CASE WHEN {rule.texts.code} = {VIOLATION} THEN {render(literal('text', rule.rule_id))} END"
        for rule in _effect(policy, judged, 0)
    )
    return f"list_filter([{cases or 'NULL'}], lambda rule: rule IS NOT NULL)"


def _unknown(policy: Policy, judged: CompiledSubject) -> str:
    """Whether a rule that must be known is not; one that may not apply, and would be kept, does no harm."""
    tests = [
        f"({rule.texts.code} NOT IN ({PASS}, {NOT_APPLICABLE}, {VIOLATION}) AND {rule.texts.harmless} IS NOT TRUE)"
        for rule in _effect(policy, judged, 1)
    ]
    return " OR ".join(tests) or "false"


def bound_sql(judged: CompiledSubject, field: str) -> str:
    """The strictest upper bound that the rules in force set on a date field; NULL when one that may bind is unknown."""
    rules = [rule for rule in judged.rules if rule.bound == field]
    if not rules:
        return "CAST(NULL AS DATE)"
    limits = [f"({rule.texts.limit_value} - {int(rule.bound_open)})" for rule in rules]
    known = ", ".join(
        f"CASE WHEN {rule.texts.code} IN ({PASS}, {VIOLATION}) THEN {limit} END"
        for rule, limit in zip(rules, limits, strict=True)
    )
    bound = f"least({known}, NULL)"
    open_ends = " OR ".join(
        f"({rule.texts.code} NOT IN ({PASS}, {NOT_APPLICABLE}, {VIOLATION}) AND ({limit} < {bound}) IS NOT FALSE)"
        for rule, limit in zip(rules, limits, strict=True)
    )
    return f"CASE WHEN NOT ({open_ends}) THEN {bound} END"


def decisions_sql(policy: Policy, judged: CompiledSubject, base: str) -> str:
    """The query of one decision a request: verdict, term_class, latest_permitted, apply_by, blocked_by."""
    return f"""{judged.columns.select(base, narrow=True)}
    SELECT request_id, loan_id, application_date, requested_maturity, {", ".join(_answers(policy, judged))}
    FROM columns"""


def _answers(policy: Policy, judged: CompiledSubject) -> tuple[str, ...]:
    """A decision as select expressions over the computed columns of a request."""
    return (
        "term_class",
        f"{bound_sql(judged, NEW_MATURITY)} AS latest_permitted",
        f"{bound_sql(judged, APPLICATION)} AS apply_by",
        f"{_blocked_by(policy, judged)} AS blocked_by",
        f"CASE WHEN len(blocked_by) > 0 THEN 'blocked' WHEN {_unknown(policy, judged)} THEN 'not_assessable' "
        "ELSE 'allowed' END AS verdict",
    )


def judge_many(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, requests: pl.DataFrame, *, today: bool = False
) -> pl.DataFrame:
    """Decisions for a frame [request_id, loan_id, application_date, requested_maturity, consent], set-based."""
    judged = compiled(policy, SUBJECT, today=today)
    base = _try(con, as_of, requests)
    text = decisions_sql(policy, judged, base)
    return query.frame(con, text, **({"as_of": as_of} if "$as_of" in text else {}))


def _try(con: duckdb.DuckDBPyConnection, as_of: date, requests: pl.DataFrame) -> str:
    """The facts of the requests, as a relation of this cursor."""
    con.register("new_requests", requests.to_arrow())
    con.execute(
        "CREATE OR REPLACE TEMP TABLE tried AS SELECT CAST(request_id AS VARCHAR) AS request_id, "
        "CAST(loan_id AS VARCHAR) AS loan_id, CAST(application_date AS DATE) AS application_date, "
        "CAST(requested_maturity AS DATE) AS requested_maturity, CAST(consent AS VARCHAR) AS consent FROM new_requests"
    )
    con.unregister("new_requests")
    return facts.hypothetical(con, as_of, "tried")


def judge(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, request: Request, *, today: bool = False
) -> Decision:
    """The decision on one request with every line. Raises InputError when the snapshot has no such loan."""
    known_loan(con, as_of, request.loan_id)
    judged = compiled(policy, SUBJECT, today=today)
    text = columns_sql(judged, _try(con, as_of, _frame([request])), _answers(policy, judged))
    record = records(con, text, {"as_of": as_of})[0]
    return Decision(
        request.loan_id, record["verdict"], record["term_class"], record["latest_permitted"], record["apply_by"],
        tuple(record["blocked_by"]), of_record(policy, judged, record),
    )  # fmt: skip


def frontier(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    as_of: date,
    loan_id: str,
    application_date: date,
    consent: str | None,
) -> pl.DataFrame:
    """Every day after the current maturity, ten years on: [requested_maturity, verdict, blocked_by]."""
    _, start = known_loan(con, as_of, loan_id)
    if start is None:
        return pl.DataFrame(schema={NEW_MATURITY: pl.Date, "verdict": pl.String, "blocked_by": pl.List(pl.String)})
    days = pl.date_range(
        start + timedelta(days=1), start.replace(year=start.year + FRONTIER_YEARS, day=min(start.day, 28)), eager=True
    )
    requests = pl.DataFrame({NEW_MATURITY: days}).with_columns(
        pl.lit(loan_id).alias("loan_id"),
        pl.lit(application_date).alias(APPLICATION),
        pl.lit(consent, dtype=pl.String).alias("consent"),
        pl.int_range(pl.len()).cast(pl.String).alias("request_id"),
    )
    found = judge_many(con, policy, as_of, requests)
    return found.select(NEW_MATURITY, "verdict", "blocked_by").sort(NEW_MATURITY)


def _frame(requests: list[Request]) -> pl.DataFrame:
    schema = {
        "request_id": pl.String,
        "loan_id": pl.String,
        APPLICATION: pl.Date,
        NEW_MATURITY: pl.Date,
        "consent": pl.String,
    }
    rows: list[tuple[Any, ...]] = [
        (str(n), r.loan_id, r.application_date, r.requested_maturity, r.consent) for n, r in enumerate(requests)
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")
