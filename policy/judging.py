"""Judging a whole snapshot: one set-based query a subject, the run and its violations kept in the book."""

import json
from dataclasses import dataclass
from datetime import date, datetime

import duckdb
import sqlglot

from data import facts
from data.errors import BookError
from policy import lint, matrix, tables
from policy.compiling import CompiledSubject, compile_subject
from policy.matrix import RuleCounts
from policy.model import Policy

ENGINE_VERSION = f"1;duckdb {duckdb.__version__};sqlglot {sqlglot.__version__}"
_COMPILED: dict[tuple[str, str, bool], CompiledSubject] = {}


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
        subjects[subject], counted = matrix.judge(con, judged, run_id, as_of)
        rules += counted
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
