"""The compiled rules of one subject over a whole snapshot: codes, counts, and one row a violation."""

from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from data import dictionary
from data.errors import LoanlightError
from policy.columns import identifier
from policy.compiling import CompiledSubject
from policy.functions import literal, render
from policy.model import VERDICTS
from policy.verdict_codes import MISSING, NOT_APPLICABLE, PASS, REASONS, VIOLATION

IDENTITY = ("loan_id", "borrower_id", "branch_id", "officer_id")


@dataclass(frozen=True)
class RuleCounts:
    rule_id: str
    subject: str
    counts: dict[str, int]


def booked(subject: str, extra: str = "") -> str:
    """The relation of a subject's facts at $as_of."""
    return f"(SELECT * FROM facts_{subject} WHERE as_of = $as_of{extra})"


def reason_of(code: int, inputs: tuple[str, ...]) -> tuple[str, str | None, str | None]:
    """(verdict, reason, missing field) of a compiled code."""
    if code in (PASS, NOT_APPLICABLE, VIOLATION):
        return {PASS: VERDICTS[0], VIOLATION: VERDICTS[1], NOT_APPLICABLE: VERDICTS[2]}[code], None, None
    if code >= MISSING:
        return VERDICTS[3], "missing_field", inputs[code - MISSING]
    return VERDICTS[3], REASONS[code], None


def judge(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, run_id: str, as_of: date
) -> tuple[int, list[RuleCounts]]:
    """Judges the facts of one subject and stores counts and violations; returns the subjects and each rule's counts."""
    subject, version = judged.columns.subject, judged.columns.policy.version
    subjects = _judge(con, judged, subject, as_of)
    counts = _count(con, judged, subject, run_id, subjects)
    _store_violations(con, judged, subject, run_id, version, as_of)
    return subjects, counts


def _id(subject: str) -> str:
    return identifier(dictionary.subjects()[subject].id)


def _judge(con: duckdb.DuckDBPyConnection, judged: CompiledSubject, subject: str, as_of: date) -> int:
    """The matrix of codes, one column a rule, as a temporary table; returns the number of subjects."""
    codes = "".join(f", CAST({rule.texts.code} AS UTINYINT) AS r{n}" for n, rule in enumerate(judged.rules))
    select = judged.columns.select(booked(subject))
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS {select} SELECT {_id(subject)} AS subject_id, branch_id{codes} "
        "FROM columns",
        {"as_of": as_of},
    )
    return _one(con.execute("SELECT count(*) FROM judged"))


def _one(result: duckdb.DuckDBPyConnection) -> int:
    return int(result.fetchall()[0][0])


def _count(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, subject: str, run_id: str, subjects: int
) -> list[RuleCounts]:
    each = [
        f"SELECT {n} AS rule, branch_id, r{n} AS code, count(*) AS subjects FROM judged GROUP BY ALL"
        for n in range(len(judged.rules))
    ]
    found = con.execute(" UNION ALL ".join(each) + " ORDER BY ALL").fetchall()
    rows = [
        (run_id, judged.rules[n].rule_id, subject, branch, *reason_of(code, judged.rules[n].inputs), count)
        for n, branch, code, count in found
    ]
    _insert(con, "run_counts", rows)
    return [_totals(rule.rule_id, subject, rows, subjects) for rule in judged.rules]


def _insert(con: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]]) -> None:
    if not rows:
        return
    frame = pl.DataFrame(rows, orient="row", infer_schema_length=None)
    con.register("new_rows", frame.to_arrow())
    con.execute(f"INSERT INTO {table} SELECT * FROM new_rows")
    con.unregister("new_rows")


def _totals(rule_id: str, subject: str, rows: list[tuple[object, ...]], subjects: int) -> RuleCounts:
    counts = dict.fromkeys(VERDICTS, 0)
    for row in rows:
        if row[1] == rule_id:
            counts[str(row[4])] += int(str(row[-1]))
    if sum(counts.values()) != subjects:
        raise LoanlightError(f"Rule {rule_id}: verdicts add up to {sum(counts.values())}, not to {subjects} subjects.")
    return RuleCounts(rule_id, subject, counts)


def _store_violations(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, subject: str, run_id: str, version: str, as_of: date
) -> None:
    """One row a violation, with measured value and limit, rebuilt only for the records that have one."""
    caught = [
        n
        for n in range(len(judged.rules))
        if _one(con.execute(f"SELECT count(*) FROM judged WHERE r{n} = {VIOLATION}"))
    ]
    if not caught:
        return
    structs = ", ".join(
        f"CASE WHEN {rule.texts.code} = {VIOLATION} THEN {{'rule_id': {render(literal('text', rule.rule_id))}, "
        f"'measured': {rule.texts.measured}, 'limit': {rule.texts.limit}}} END"
        for rule in (judged.rules[n] for n in caught)
    )
    any_violation = " OR ".join(f"r{n} = {VIOLATION}" for n in caught)
    only = f" AND {_id(subject)} IN (SELECT subject_id FROM judged WHERE {any_violation})"
    select = judged.columns.select(booked(subject, only), narrow=True)
    con.execute(
        f"""INSERT INTO violations
        {select}, found AS (
            SELECT {_id(subject)} AS subject_id, {", ".join(IDENTITY)}, balance,
                UNNEST(LIST_FILTER([{structs}], lambda found: found IS NOT NULL)) AS violation
            FROM columns)
        SELECT $run_id, md5(violation.rule_id || '|' || subject_id), violation.rule_id, $subject, subject_id,
            {", ".join(IDENTITY)}, balance, violation.measured, violation."limit", $version
        FROM found ORDER BY ALL""",
        {"as_of": as_of, "run_id": run_id, "subject": subject, "version": version},
    )
