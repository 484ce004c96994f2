"""The engine and the independent evaluator over the same facts, verdict by verdict."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb

from data import dictionary
from policy.engine.batch import booked, reason_of
from policy.engine.compiler import CompiledSubject
from tests.policy.evaluator.judge import Judgement, Record, Subject, Tables

RULES_AT_ONCE = 15
Facts = dict[str, Any]


def facts_of(con: duckdb.DuckDBPyConnection, subject: str, as_of: date) -> list[Facts]:
    """The facts of a snapshot as plain values."""
    found = con.execute(f"SELECT * FROM facts_{subject} WHERE as_of = ?", [as_of])
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def id_of(subject: str) -> str:
    return dictionary.subjects()[subject].id


def engine(
    con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, base: str, key: str, as_of: date | None = None
) -> dict[tuple[str, str], Judgement]:
    """(id, rule) -> what the compiled rules say of each record of a relation."""
    found: dict[tuple[str, str], Judgement] = {}
    for first in range(0, len(compiled.rules), RULES_AT_ONCE):
        rules = compiled.rules[first : first + RULES_AT_ONCE]
        values = ", ".join(f"{rule.texts.code}, {rule.texts.measured}, {rule.texts.limit}" for rule in rules)
        roots = frozenset(name for rule in rules for name in rule.reads)
        text = f'{compiled.columns.select(base, roots)} SELECT "{key}", {values} FROM columns'
        rows = con.execute(text, {"as_of": as_of} if "$as_of" in text else {}).fetchall()
        for record, *cells in rows:
            for n, rule in enumerate(rules):
                code, measured, limit = cells[3 * n : 3 * n + 3]
                found[record, rule.rule_id] = Judgement(*reason_of(code, rule.inputs), measured, limit)
    return found


def children_of(con: duckdb.DuckDBPyConnection, subject: Subject, as_of: date) -> dict[str, dict[str, list[Facts]]]:
    """Child subject -> key of the parent -> its rows, for what the subject's derived fields gather."""
    found: dict[str, dict[str, list[Facts]]] = {}
    key = dictionary.subjects()[subject.name].key
    for child in {row["from_subject"] for row in subject.derived.values() if row["from_subject"]}:
        by_parent = found.setdefault(child, {})
        for facts in facts_of(con, child, as_of):
            by_parent.setdefault(facts[key], []).append(facts)
    return found


@dataclass
class Comparison:
    """Verdicts compared, what the evaluator counted and caught, and every difference."""

    verdicts: int = 0
    differ: list[str] = field(default_factory=list)
    counts: Counter[tuple[str, str, str | None, str | None]] = field(default_factory=Counter)
    caught: set[tuple[str | None, ...]] = field(default_factory=set)


def compare(
    con: duckdb.DuckDBPyConnection,
    compiled: CompiledSubject,
    texts: dict[str, str],
    as_of: date,
    *,
    today: bool = False,
) -> Comparison:
    """Every rule over the booked facts of one subject, by both."""
    name = compiled.columns.subject
    said = engine(con, compiled, booked(name), id_of(name), as_of)
    subject = Subject(Tables(texts), name, today=today)
    children = children_of(con, subject, as_of)
    key = dictionary.subjects()[name].key
    found = Comparison()
    for facts in facts_of(con, name, as_of):
        record = Record(subject, facts, {child: rows.get(facts[key], []) for child, rows in children.items()})
        own_id = facts[id_of(name)]
        for rule_id in subject.rules:
            theirs, ours = said[own_id, rule_id], subject.judge_record(rule_id, record)
            found.verdicts += 1
            found.counts[rule_id, ours.verdict, ours.reason, ours.missing] += 1
            if ours.verdict == "violation":
                found.caught.add((rule_id, own_id, ours.measured, ours.limit))
            if not same(theirs, ours):
                found.differ.append(f"{name} {own_id} {rule_id}: engine {theirs}, evaluator {ours}")
    return found


def stored(con: duckdb.DuckDBPyConnection, run_id: str, subject: str, expected: Comparison) -> list[str]:
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
    return [*found, *twice, *(f"{subject} violation {row}" for row in set(violations) ^ expected.caught)]


def same(engine_said: Judgement, evaluator_said: Judgement) -> bool:
    """Values are compared whenever a version is in force; without one the engine shows those of an only version."""
    length = 5 if evaluator_said.in_force else 3
    return engine_said[:length] == evaluator_said[:length]
