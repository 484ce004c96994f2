"""Judging a whole snapshot: one set-based query a subject, the run and its violations kept in the book."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import polars as pl
import sqlglot

from data import dictionary, facts
from data.errors import BookError, LoanlightError
from policy import lint, tables
from policy.columns import identifier
from policy.compiling import CompiledSubject, compile_subject
from policy.functions import literal, render
from policy.model import VERDICTS, Policy
from policy.verdict_codes import MISSING, NOT_APPLICABLE, PASS, REASONS, VIOLATION

ENGINE_VERSION = f"1;duckdb {duckdb.__version__};sqlglot {sqlglot.__version__}"
IDENTITY = ("loan_id", "borrower_id", "branch_id", "officer_id")
_COMPILED: dict[tuple[str, str, bool], CompiledSubject] = {}


@dataclass(frozen=True)
class RuleCounts:
    rule_id: str
    subject: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Run:
    """One policy version applied to one snapshot: subjects judged, and per rule how many had each verdict."""

    run_id: str
    as_of: date
    policy_version: str
    subjects: dict[str, int]
    rules: list[RuleCounts]


def load(directory: str | None = None) -> Policy:
    """The policy of a folder (the shipped one by default). Raises PolicyError when it has errors."""
    policy, problems = lint.lint(tables.read_texts(tables.SHIPPED if directory is None else tables.Path(directory)))
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise tables.PolicyError(errors)
    return policy


def compiled(policy: Policy, subject: str, *, today: bool = False) -> CompiledSubject:
    """The compiled rules of a subject, remembered by policy version."""
    key = (policy.version, subject, today)
    if key not in _COMPILED:
        _COMPILED[key] = compile_subject(policy, subject, today=today)
    return _COMPILED[key]


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


def pick_as_of(con: duckdb.DuckDBPyConnection, as_of: date | None) -> date:
    """The snapshot to judge: the one asked for, or the latest. Raises BookError when the book has none such."""
    known = facts.as_of_dates(con)
    if not known:
        raise BookError(
            "The book holds no snapshot yet. Import a loan file first: python -m data import FILE --as-of DATE."
        )
    if as_of is None:
        return known[-1]
    if as_of not in known:
        raise BookError(f"The book holds no snapshot of {as_of}; it has {', '.join(map(str, known[-6:]))}.")
    return as_of


def check(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, *, today: bool = False) -> Run:
    """Derives the facts of as_of anew and judges them."""
    facts.build(con, as_of)
    return judge(con, policy, as_of, today=today)


def judge(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, *, today: bool = False) -> Run:
    """Judges the facts of every subject and stores the run; an earlier run of the same policy and date is replaced."""
    run_id = _begin_run(con, policy, as_of, today=today)
    subjects, rules = {}, []
    for subject in policy.subjects:
        judged = compiled(policy, subject, today=today)
        subjects[subject] = _judge(con, judged, subject, as_of)
        rules += _count(con, judged, subject, run_id, subjects[subject])
        _store_violations(con, judged, subject, run_id, policy.version, as_of)
    con.executemany("INSERT INTO run_subjects VALUES (?, ?, ?)", [(run_id, s, n) for s, n in subjects.items()])
    order = {rule_id: number for number, rule_id in enumerate(policy.rules)}
    return Run(run_id, as_of, policy.version, subjects, sorted(rules, key=lambda rule: order[rule.rule_id]))


def _begin_run(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, *, today: bool) -> str:
    rules_of = "today" if today else "act"
    run_id = f"{as_of:%Y%m%d}-{policy.version[:8]}-{rules_of}"
    for table in ("runs", "run_subjects", "run_counts", "violations"):
        con.execute(f"DELETE FROM {table} WHERE run_id = ?", [run_id])
    con.execute(
        "INSERT OR IGNORE INTO policy_versions VALUES (?, ?, ?)",
        [policy.version, json.dumps(policy.texts, ensure_ascii=False), datetime.now()],
    )
    con.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?)",
        [run_id, as_of, policy.version, ENGINE_VERSION, rules_of, datetime.now()],
    )
    return run_id


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
) -> Iterable[RuleCounts]:
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
