"""How far each record is from each limit."""

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from data import dictionary
from data.language import functions
from data.language.dialects import quote_identifier
from data.storage import query
from policy.engine.batch import facts_at_sql
from policy.engine.compiler import CompiledSubject, compile_subject_cached
from policy.engine.single_record import coded_rules_sql
from policy.engine.verdict_codes import PASS, VIOLATION, CompiledRule
from policy.engine.verdict_evidence import Verdict
from policy.model.records import Policy

ORDERED_COMPARATORS = ("<=", "<", ">=", ">")


def distance_to_limit(verdict: Verdict) -> Decimal | None:
    """How far one verdict is from its limit, in the rule's unit, days for dates; negative past it.

    A day that may not be reached is a day past. None where nothing was measured, or the rule knows no order.
    """
    if verdict.comparator not in ORDERED_COMPARATORS or verdict.measured is None or verdict.limit is None:
        return None
    sign = 1 if verdict.comparator in ("<=", "<") else -1
    if verdict.unit == "date":
        days = (date.fromisoformat(verdict.limit) - date.fromisoformat(verdict.measured)).days * sign
        return Decimal(days - (verdict.comparator in ("<", ">")))
    return (Decimal(verdict.limit) - Decimal(verdict.measured)) * sign


def select_measurable_rules(
    policy: Policy, subject: str, rules: tuple[str, ...] = (), *, given: bool = False
) -> CompiledSubject:
    """The rules of a subject that compare numbers or dates; only `rules`, where any are named."""
    judged = compile_subject_cached(policy, subject, aggregates_given=given)
    kept = [
        rule
        for rule in judged.rules
        if rule.kind in ("number", "date")
        and rule.newest_version.comparator in ORDERED_COMPARATORS
        and rule.rule_id in (rules or [rule.rule_id])
    ]
    return judged.with_rules(kept)


def _distance_sql(n: int, rule: CompiledRule) -> str:
    low, high = (
        (f"measured{n}", f"limit{n}")
        if rule.newest_version.comparator in ("<=", "<")
        else (f"limit{n}", f"measured{n}")
    )
    return f"CAST({high} - {low} AS DECIMAL(38, 6))"


def compute_distances(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    as_of: date,
    subject: str,
    rules: tuple[str, ...] = (),
    loan_id: str | None = None,
) -> pl.DataFrame:
    """[subject_id, loan_id, branch_id, rule_id, violated, measured, limit, distance] of what was judged.

    `distance`: to the limit in the rule's unit (days for dates), 0 at it, negative past it. Set-based.
    """
    judged = select_measurable_rules(policy, subject, rules)
    if not judged.rules:
        return pl.DataFrame()
    structs = ", ".join(
        f"CASE WHEN code{n} IN ({PASS}, {VIOLATION}) THEN {{'rule_id': {text_literal(r.rule_id)}, "
        f"'violated': code{n} = {VIOLATION}, 'measured': {r.rendered_sql.measured}, 'limit': {r.rendered_sql.limit}, "
        f"'distance': {_distance_sql(n, r)}}} END"
        for n, r in enumerate(judged.rules)
    )
    key = quote_identifier(dictionary.load_subjects()[subject].id)
    only = " AND loan_id = $loan_id" if loan_id else ""
    text = f"""{coded_rules_sql(judged, facts_at_sql(subject, only))}, found AS (
        SELECT {key} AS subject_id, loan_id, branch_id, UNNEST(LIST_FILTER([{structs}], lambda d: d IS NOT NULL)) AS d
        FROM coded)
    SELECT subject_id, loan_id, branch_id, unnest(d) FROM found ORDER BY ALL"""
    given: dict[str, Any] = {"as_of": as_of} | ({"loan_id": loan_id} if loan_id else {})
    return query.fetch_frame(con, text, **given)


def text_literal(value: str) -> str:
    return functions.render(functions.sql_literal("text", value))
