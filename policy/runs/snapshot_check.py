"""Judges a whole snapshot: one set-based query a subject; the run and its violations are stored in the book."""

import logging
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from data.facts import derivation
from policy.authoring import lint
from policy.engine import batch
from policy.engine.batch import RuleCounts
from policy.engine.compiler import compile_subject_cached
from policy.model import csv_reader, table_folder
from policy.model.old_names import rename_tables
from policy.model.records import Policy
from policy.runs import store

LOGGER = logging.getLogger("loanlight.policy")


@dataclass(frozen=True)
class CheckResult:
    """One policy version applied to one snapshot: subjects judged, and per rule how many had each verdict."""

    run_id: str
    as_of: date
    policy_version: str
    subjects: dict[str, int]
    rules: list[RuleCounts]


def load_policy(directory: str | None = None) -> Policy:
    """The policy of a folder (by default that of LOANLIGHT_TABLES, or the shipped one). Raises PolicyError for errors.

    Former names of tables and columns are logged as warnings, which go to standard error.
    """
    return load_policy_folder(Path(directory) if directory else table_folder.default_folder())


def load_policy_folder(directory: Path) -> Policy:
    """As load_policy, for a folder that is given."""
    texts = table_folder.read_texts(directory)
    policy, problems = lint.lint_tables(texts)
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise csv_reader.PolicyError(errors)
    for warning in rename_tables(texts)[1]:
        LOGGER.warning("%s", warning)
    return policy


def build_facts_and_judge(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, *, today: bool = False
) -> CheckResult:
    """Derives the facts of as_of anew and judges them."""
    derivation.derive_facts(con, as_of)
    return judge_snapshot(con, policy, as_of, today=today)


def judge_snapshot(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, *, today: bool = False) -> CheckResult:
    """Judges the facts of every subject and stores the run (see store: which earlier one is replaced)."""
    return judge_into_run(con, policy, as_of, store.create_run(con, policy, as_of, today=today), today=today)


def judge_into_run(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, run_id: str, *, today: bool
) -> CheckResult:
    """Judges every subject and stores the results under run_id, whose record exists already."""
    subjects, rules = {}, []
    for subject in policy.subjects:
        judged = compile_subject_cached(policy, subject, today=today)
        subjects[subject], counted = batch.judge_subject(con, judged, run_id, as_of)
        rules += counted
    con.executemany("INSERT INTO run_subjects VALUES (?, ?, ?)", [(run_id, s, n) for s, n in subjects.items()])
    order = {rule_id: number for number, rule_id in enumerate(policy.rules)}
    return CheckResult(run_id, as_of, policy.version, subjects, sorted(rules, key=lambda rule: order[rule.rule_id]))
