"""Every rule for one record, with its evidence: measured, limit, inputs, the limit rows that answered, the clause."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb

from data import dictionary
from data.errors import InputError
from data.facts import derivation
from data.language.dialects import quote_identifier
from data.messages.catalogue import bilingual
from policy.engine import single_record
from policy.engine.batch import decode_verdict, facts_at_sql
from policy.engine.compiler import CompiledSubject, compile_subject_cached
from policy.engine.rule_references import fields_of_rule, limit_tables_of_rule
from policy.engine.single_record import fetch_records
from policy.engine.verdict_codes import CompiledRule
from policy.model.records import LimitTable, Policy, Rule, split_clause_ids


@dataclass(frozen=True)
class Verdict:
    """One rule for one record. `inputs` are the facts and derived fields read; `limit_rows` the rows that answered."""

    rule_id: str
    family: str
    subject: str
    subject_id: str | None
    severity: str
    verdict: str
    measured: str | None
    comparator: str
    limit: str | None
    unit: str
    reason: str | None
    missing: tuple[str, ...]
    inputs: dict[str, str | None]
    limit_rows: tuple[dict[str, Any], ...]
    clause_id: str
    evidence: str
    title_zh: str
    title_en: str
    remedy_zh: str
    remedy_en: str


def verdicts_of_record(policy: Policy, judged: CompiledSubject, record: dict[str, Any]) -> list[Verdict]:
    """The verdicts of one record, in the order of the rules."""
    subject = judged.subject
    return [
        _build_verdict(policy, n, rule, record, subject) for n, rule in enumerate(judged.rules) if f"code{n}" in record
    ]


def require_loan(con: duckdb.DuckDBPyConnection, as_of: date, loan_id: str) -> tuple[str | None, date | None]:
    """(borrower_id, current maturity). Raises InputError when there is no such loan, BookError without facts."""
    derivation.require_facts(con, as_of)
    found = con.execute(
        "SELECT borrower_id, current_maturity FROM facts_loan WHERE as_of = ? AND loan_id = ?", [as_of, loan_id]
    ).fetchall()
    if not found:
        raise InputError(bilingual("engine.unknown_loan", loan=loan_id, as_of=as_of))
    return found[0]


def verdicts_of_loan(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, loan_id: str, *, today: bool = False
) -> list[Verdict]:
    """Every rule about the loan and what belongs to it. Raises InputError when the snapshot has no such loan."""
    borrower_id, _ = require_loan(con, as_of, loan_id)
    parameters = {"as_of": as_of, "loan_id": loan_id, "borrower_id": borrower_id}
    verdicts = []
    for subject in policy.subjects:
        key = dictionary.load_subjects()[subject].key
        if key not in ("loan_id", "borrower_id"):
            continue
        judged = compile_subject_cached(policy, subject, today=today, aggregates_given=True)
        shown = ", ".join(map(quote_identifier, single_record.facts_of_rules(judged)))
        rows = fetch_records(
            con, f"SELECT {shown} FROM facts_{subject} WHERE as_of = $as_of AND {key} = ${key}", parameters
        )
        for record in single_record.judge_records(con, policy, subject, as_of, rows, today=today):
            verdicts += verdicts_of_record(policy, judged, record)
    return verdicts


def verdicts_of_subject(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, subject: str, subject_id: str, *, today: bool = False
) -> list[Verdict]:
    """Every rule about one record of any subject; none when the snapshot has no such record."""
    derivation.require_facts(con, as_of)
    judged = compile_subject_cached(policy, subject, today=today)
    base = facts_at_sql(subject, f" AND {quote_identifier(dictionary.load_subjects()[subject].id)} = $subject_id")
    given = {"as_of": as_of, "subject_id": subject_id}
    record: dict[str, Any] = {}
    for start, part in single_record.split_rules(judged):
        for found in fetch_records(
            con, f"{single_record.coded_rules_sql(part, base, start)} SELECT * FROM coded", given
        ):
            record |= found
    return verdicts_of_record(policy, judged, record) if record else []


def _version_in_force(rule: CompiledRule, act: date | None) -> Rule:
    """The version that judged; the newest one when none was in force."""
    if act is not None:
        for version in rule.versions:
            if version.effective_from <= act < version.effective_to:
                return version
    return rule.newest_version


@lru_cache(maxsize=2000)
def _fields_and_tables(rule: Rule) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return tuple(fields_of_rule(rule)), tuple(limit_tables_of_rule(rule))


def _build_verdict(policy: Policy, n: int, rule: CompiledRule, record: dict[str, Any], subject: str) -> Verdict:
    version = _version_in_force(rule, record.get(rule.newest_version.act_date))
    verdict, reason, _ = decode_verdict(record[f"code{n}"], rule.inputs)
    fields, tables = _fields_and_tables(version)
    rows = _matching_limit_rows([policy.limit_tables[table] for table in tables], record[f"hits{n}"] or [])
    keys = [key.name for table in tables for key in policy.limit_tables[table].key_columns]
    read = dict.fromkeys((*fields, *keys, *rule.inputs))
    inputs = {name: _format_value(record[name]) for name in read if name in record}
    missing = tuple(name for name in rule.inputs if inputs.get(name) is None) if reason == "missing_field" else ()
    return Verdict(
        version.rule_id,
        version.family,
        subject,
        _format_value(record[dictionary.load_subjects()[subject].id]),
        version.severity,
        verdict,
        _format_value(record[f"measured{n}"]),
        version.comparator,
        _format_value(record[f"limit{n}"]),
        version.unit,
        reason,
        missing,
        inputs,
        rows,
        _choose_clause(version, rows),
        version.evidence,
        version.title_zh,
        version.title_en,
        version.remedy_zh,
        version.remedy_en,
    )


def _matching_limit_rows(tables: list[LimitTable], hits: list[int | None]) -> tuple[dict[str, Any], ...]:
    """`hits`: one for each `unique` table, or one for each row of the only `collect` table."""
    if len(tables) == 1 and tables[0].hit_policy == "collect":
        pairs = [(tables[0], hit) for hit in hits]
    else:
        pairs = list(zip(tables, hits, strict=False))
    return tuple(_describe_limit_row(table, hit) for table, hit in pairs if hit is not None and hit >= 0)


def _describe_limit_row(table: LimitTable, hit: int) -> dict[str, Any]:
    row = table.rows[hit]
    return {
        "table": table.name,
        "row_id": row.row_id,
        "cells": row.cells,
        "clause_id": row.clause_id,
        "evidence": row.evidence,
        "effective_from": row.effective_from.isoformat(),
        "effective_to": row.effective_to.isoformat(),
        "reading_zh": row.reading_zh,
        "reading_en": row.reading_en,
    }


def _choose_clause(rule: Rule, rows: tuple[dict[str, Any], ...]) -> str:
    """The clause of the limit row that answered, where the rule names several."""
    if len(rule.clauses) > 1:
        answered = [clause for row in rows for clause in split_clause_ids(row["clause_id"])]
        for clause in answered:
            if clause in rule.clauses:
                return clause
    return rule.clauses[0] if rule.clauses else ""


def _format_value(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
