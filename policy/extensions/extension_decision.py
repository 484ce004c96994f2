"""May this loan be extended, to when, and by which day must it be asked for? One request, or a hundred thousand."""

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import duckdb
import polars as pl

from data.facts import derivation, hypothetical
from data.language.functions import render, sql_literal
from data.messages.catalogue import BilingualText, bilingual
from data.storage import query
from policy.engine import single_record
from policy.engine.compiler import CompiledSubject, compile_subject_cached
from policy.engine.verdict_codes import NOT_APPLICABLE, PASS, VIOLATION, CompiledRule
from policy.engine.verdict_evidence import Verdict, require_loan, verdicts_of_record
from policy.extensions.consequences import Consequences, compute_from_facts
from policy.model.records import Policy

SUBJECT = "extension"
NEW_MATURITY, APPLICATION = "requested_maturity", "application_date"
TERM_CLASS = "term_class"
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


def describe_missing_rules(policy: Policy) -> BilingualText | None:
    """That the policy has no rules about extensions; None where it has some."""
    return None if SUBJECT in policy.subjects else bilingual("extensions.no_rules")


def _select_rules_by_effect(policy: Policy, judged: CompiledSubject, kind: int) -> list[tuple[int, CompiledRule]]:
    """The rules whose severity makes a violation block (kind 0), or an unknown leave the whole open (kind 1)."""
    wanted = OUTCOMES[kind + 1]
    return [
        (n, r) for n, r in enumerate(judged.rules) if policy.severity_effects[r.newest_version.severity][kind] == wanted
    ]


def _blocked_by_sql(policy: Policy, judged: CompiledSubject) -> str:
    cases = ", ".join(
        f"CASE WHEN code{n} = {VIOLATION} THEN {render(sql_literal('text', rule.rule_id))} END"
        for n, rule in _select_rules_by_effect(policy, judged, 0)
    )
    return f"list_filter([{cases or 'CAST(NULL AS VARCHAR)'}], lambda rule: rule IS NOT NULL)"


def _unknown_sql(policy: Policy, judged: CompiledSubject) -> str:
    """Whether a rule that must be known is unknown; one that may not apply, and would pass, is harmless."""
    tests = [
        f"(code{n} NOT IN ({PASS}, {NOT_APPLICABLE}, {VIOLATION}) AND harmless{n} IS NOT TRUE)"
        for n, _ in _select_rules_by_effect(policy, judged, 1)
    ]
    return " OR ".join(tests) or "false"


def strictest_bound_sql(judged: CompiledSubject, field: str) -> str:
    """The strictest upper bound that the rules in force set on a date field; NULL when one that may bind is unknown."""
    rules = [
        (n, f"(limit{n} - {int(r.is_strict_bound)})") for n, r in enumerate(judged.rules) if r.bounded_field == field
    ]
    if not rules:
        return "CAST(NULL AS DATE)"
    known = ", ".join(f"CASE WHEN code{n} IN ({PASS}, {VIOLATION}) THEN {limit} END" for n, limit in rules)
    strictest = f"least({known}, NULL)"
    open_ends = " OR ".join(
        f"(code{n} NOT IN ({PASS}, {NOT_APPLICABLE}, {VIOLATION}) AND ({limit} < {strictest}) IS NOT FALSE)"
        for n, limit in rules
    )
    return f"CASE WHEN NOT ({open_ends}) THEN {strictest} END"


def build_decision_columns(policy: Policy, judged: CompiledSubject) -> dict[str, str]:
    """A decision as select expressions over the coded columns of a request; without rules nothing is assessable."""
    blocked = _blocked_by_sql(policy, judged)
    return {
        "term_class": TERM_CLASS if any(TERM_CLASS in rule.inputs for rule in judged.rules) else "NULL",
        "latest_permitted": strictest_bound_sql(judged, NEW_MATURITY),
        "apply_by": strictest_bound_sql(judged, APPLICATION),
        "blocked_by": blocked,
        "verdict": f"CASE WHEN len({blocked}) > 0 THEN 'blocked' WHEN {_unknown_sql(policy, judged)} "
        "THEN 'not_assessable' ELSE 'allowed' END"
        if judged.rules
        else "'not_assessable'",
    }


def judge_request_frame(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, requests: pl.DataFrame, *, today: bool = False
) -> pl.DataFrame:
    """Decisions for a frame [request_id, loan_id, application_date, requested_maturity, consent], set-based."""
    judged = compile_subject_cached(policy, SUBJECT, today=today)
    found = ", ".join(f"{sql} AS {name}" for name, sql in build_decision_columns(policy, judged).items())
    text = f"""{single_record.coded_rules_sql(judged, _load_hypothetical_facts(con, as_of, requests))}
    SELECT request_id, loan_id, application_date, requested_maturity, {found} FROM coded"""
    return query.fetch_frame(con, text, **({"as_of": as_of} if "$as_of" in text else {}))


def _load_hypothetical_facts(con: duckdb.DuckDBPyConnection, as_of: date, requests: pl.DataFrame) -> str:
    """The facts of the requests, as a relation of this cursor."""
    con.register("new_requests", requests.to_arrow())
    con.execute(
        "CREATE OR REPLACE TEMP TABLE tried AS SELECT CAST(request_id AS VARCHAR) AS request_id, "
        "CAST(loan_id AS VARCHAR) AS loan_id, CAST(application_date AS DATE) AS application_date, "
        "CAST(requested_maturity AS DATE) AS requested_maturity, CAST(consent AS VARCHAR) AS consent FROM new_requests"
    )
    con.unregister("new_requests")
    return derivation.derive_hypothetical_facts(con, as_of, "tried")


def derive_request_facts(
    con: duckdb.DuckDBPyConnection, as_of: date, requests: list[Request]
) -> list[single_record.Record]:
    """The facts of a few requests for one loan, in their order."""
    return hypothetical.derive_extension_facts(
        con, as_of, [asdict(request) | {"request_id": "0"} for request in requests]
    )


def judge_facts(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, rows: list[single_record.Record], *, today: bool
) -> list[single_record.Record]:
    """Rows of facts with the codes of the rules and the answers of a decision."""
    judged = compile_subject_cached(policy, SUBJECT, today=today, aggregates_given=True)
    return single_record.judge_records(
        con, policy, SUBJECT, as_of, rows, today=today, extra_columns=build_decision_columns(policy, judged)
    )


def judge_request(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, request: Request, *, today: bool = False
) -> Decision:
    """The decision on one request with every line; not assessable where the policy has no rules about extensions.

    Raises InputError when the snapshot has no such loan.
    """
    require_loan(con, as_of, request.loan_id)
    if describe_missing_rules(policy):
        return Decision(request.loan_id, "not_assessable", None, None, None, (), [])
    record = judge_facts(con, policy, as_of, derive_request_facts(con, as_of, [request]), today=today)[0]
    lines = verdicts_of_record(
        policy, compile_subject_cached(policy, SUBJECT, today=today, aggregates_given=True), record
    )
    return Decision(
        request.loan_id,
        record["verdict"],
        record["term_class"],
        record["latest_permitted"],
        record["apply_by"],
        tuple(record["blocked_by"]),
        lines,
    )


def compute_consequences(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, request: Request) -> Consequences:
    """What follows if the request is granted. Raises InputError when the snapshot has no such loan."""
    require_loan(con, as_of, request.loan_id)
    return compute_from_facts(con, policy, as_of, derive_request_facts(con, as_of, [request])[0])


def build_request_frame(requests: list[Request]) -> pl.DataFrame:
    """The requests as judge_many takes them, numbered in their order."""
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
