"""The engine and the independent evaluator over the same facts, verdict by verdict."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from data import dictionary
from policy.engine.batch import decode_verdict, facts_at_sql
from policy.engine.compiler import CompiledSubject
from tests.policy.evaluator.judge import Judgement, PolicyTables, Record, SubjectRules

RULES_AT_ONCE = 15
Facts = dict[str, Any]


def read_facts(con: duckdb.DuckDBPyConnection, subject: str, as_of: date) -> list[Facts]:
    """The facts of a snapshot as plain values."""
    found = con.execute(f"SELECT * FROM facts_{subject} WHERE as_of = ?", [as_of])
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def id_column(subject: str) -> str:
    return dictionary.load_subjects()[subject].id


def judge_by_engine(
    con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, base: str, key: str, as_of: date | None = None
) -> dict[tuple[str, str], Judgement]:
    """(id, rule) -> what the compiled rules say of each record of a relation."""
    found: dict[tuple[str, str], Judgement] = {}
    for first in range(0, len(compiled.rules), RULES_AT_ONCE):
        rules = compiled.rules[first : first + RULES_AT_ONCE]
        values = ", ".join(
            f"{rule.rendered_sql.code}, {rule.rendered_sql.measured}, {rule.rendered_sql.limit}" for rule in rules
        )
        roots = frozenset(name for rule in rules for name in rule.columns_read)
        text = f'{compiled.query.render_query(base, roots)} SELECT "{key}", {values} FROM columns'
        rows = con.execute(text, {"as_of": as_of} if "$as_of" in text else {}).fetchall()
        for record, *cells in rows:
            for n, rule in enumerate(rules):
                code, measured, limit = cells[3 * n : 3 * n + 3]
                found[record, rule.rule_id] = Judgement(*decode_verdict(code, rule.inputs), measured, limit)
    return found


def read_children(
    con: duckdb.DuckDBPyConnection, subject: SubjectRules, as_of: date
) -> dict[str, dict[str, list[Facts]]]:
    """Child subject -> key of the parent -> its rows, for what the subject's derived fields gather."""
    found: dict[str, dict[str, list[Facts]]] = {}
    key = dictionary.load_subjects()[subject.name].key
    for child in {row["from_subject"] for row in subject.derived.values() if row["from_subject"]}:
        by_parent = found.setdefault(child, {})
        for facts in read_facts(con, child, as_of):
            by_parent.setdefault(facts[key], []).append(facts)
    return found


@dataclass
class Comparison:
    """Verdicts compared, what the evaluator counted and caught, and every difference."""

    verdicts: int = 0
    differences: list[str] = field(default_factory=list)
    counts: Counter[tuple[str, str, str | None, str | None]] = field(default_factory=Counter)
    violations: set[tuple[str | None, ...]] = field(default_factory=set)


def compare_verdicts(
    con: duckdb.DuckDBPyConnection,
    compiled: CompiledSubject,
    texts: dict[str, str],
    as_of: date,
    *,
    today: bool = False,
) -> Comparison:
    """Every rule over the booked facts of one subject, by both."""
    name = compiled.subject
    said = judge_by_engine(con, compiled, facts_at_sql(name), id_column(name), as_of)
    subject = SubjectRules(PolicyTables(texts), name, today=today)
    children = read_children(con, subject, as_of)
    key = dictionary.load_subjects()[name].key
    found = Comparison()
    for facts in read_facts(con, name, as_of):
        record = Record(subject, facts, {child: rows.get(facts[key], []) for child, rows in children.items()})
        own_id = facts[id_column(name)]
        for rule_id in subject.rule_ids:
            theirs, ours = said[own_id, rule_id], subject.judge_record(rule_id, record)
            found.verdicts += 1
            found.counts[rule_id, ours.verdict, ours.reason, ours.missing] += 1
            if ours.verdict == "violation":
                found.violations.add((rule_id, own_id, ours.measured, ours.limit))
            if not is_same_judgement(theirs, ours):
                found.differences.append(f"{name} {own_id} {rule_id}: engine {theirs}, evaluator {ours}")
    return found


def compare_stored(con: duckdb.DuckDBPyConnection, run_id: str, subject: str, expected: Comparison) -> list[str]:
    """Where the counts and violations that a run stores are not those of the evaluator."""
    rows = con.execute(
        "SELECT rule_id, verdict, reason, field, sum(subjects) FROM run_counts "
        "WHERE run_id = ? AND subject = ? GROUP BY ALL",
        [run_id, subject],
    ).fetchall()
    counts = {tuple(row[:4]): int(row[4]) for row in rows}
    violations = con.execute(
        "SELECT rule_id, subject_id, measured, limit_value FROM violations WHERE run_id = ? AND subject = ?",
        [run_id, subject],
    ).fetchall()
    wanted: dict[tuple[str | None, ...], int] = dict(expected.counts)
    differ = [key for key in counts.keys() | wanted.keys() if counts.get(key) != wanted.get(key)]
    found = [f"{subject} counts {key}: {counts.get(key)} stored, {wanted.get(key)} expected" for key in differ]
    twice = [] if len(violations) == len(set(violations)) else [f"{subject}: a violation is stored twice"]
    return [*found, *twice, *(f"{subject} violation {row}" for row in set(violations) ^ expected.violations)]


def is_same_judgement(by_engine: Judgement, by_evaluator: Judgement) -> bool:
    """Values are compared whenever a version is in force; without one the engine shows those of an only version."""
    length = 5 if by_evaluator.in_force else 3
    return by_engine[:length] == by_evaluator[:length]
