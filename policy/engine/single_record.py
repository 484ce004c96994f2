"""Judging a few records at once: the same compiled rules over facts that are given, in a plan that is kept."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

import duckdb
from sqlglot import exp

from data import dictionary
from data.facts import prepared_statements
from policy.engine.columns import Aggregate, Columns, identifier
from policy.engine.compiler import CompiledSubject, compiled
from policy.model.records import Policy

Record = dict[str, Any]
REMEMBERED = 256
RULES_AT_ONCE = 12


@lru_cache(maxsize=REMEMBERED)
def facts_behind(columns: Columns, names: frozenset[str]) -> frozenset[str]:
    """The facts and aggregates that these columns are made of."""
    found: set[str] = set()
    seen: set[str] = set()
    todo = set(names)
    while todo:
        name = todo.pop()
        seen.add(name)
        if name in columns.computed:
            todo |= {column.name for column in columns.computed[name].find_all(exp.Column)} - seen
        elif name in columns.facts or name in columns.aggregates:
            found.add(name)
    return frozenset(found)


@lru_cache(maxsize=REMEMBERED)
def coded(judged: CompiledSubject, base: str, start: int = 0) -> str:
    """SQL of CTEs ending in `coded`: the columns of `base`, and of rule n code, measured, limit, hits and harmless."""
    parts = [
        f"{rule.texts.code} AS code{n}, {rule.texts.measured_value} AS measured{n}, "
        f"{rule.texts.limit_value} AS limit{n}, {rule.texts.hits} AS hits{n}, {rule.texts.harmless} AS harmless{n}"
        for n, rule in enumerate(judged.rules, start)
    ]
    select = judged.columns.select(base, _roots(judged), narrow=True)
    return f"{select}, coded AS (SELECT *, {', '.join(parts)} FROM columns)"


@lru_cache(maxsize=REMEMBERED)
def _roots(judged: CompiledSubject) -> frozenset[str]:
    """What the rules' expressions and the evidence of their verdicts read."""
    return frozenset(name for rule in judged.rules for name in rule.reads) | frozenset(_derived(judged))


@lru_cache(maxsize=REMEMBERED)
def _derived(judged: CompiledSubject) -> tuple[str, ...]:
    """Derived fields that a rule reads: they belong to the evidence."""
    columns = judged.columns
    inputs = {name for rule in judged.rules for name in rule.inputs}
    return tuple(d.name for d in columns.policy.derived if d.subject == columns.subject and d.name in inputs)


@lru_cache(maxsize=REMEMBERED)
def facts_read(judged: CompiledSubject) -> tuple[str, ...]:
    """The facts that the rules read, and those that say whose they are."""
    subject = judged.columns.subject
    read = facts_behind(judged.columns, _roots(judged)) | {*dictionary.IDENTITY, dictionary.subjects()[subject].id}
    return tuple(name for name in dictionary.facts(subject) if name in read)


def types(judged: CompiledSubject, rows: list[Record]) -> dict[str, str]:
    """The SQL types of the facts and aggregates that the rules read."""
    names = facts_behind(judged.columns, _roots(judged))
    fields = dictionary.facts(judged.columns.subject)
    found = {name: fields[name].sql_type for name in fields if name in names}
    for name, aggregate in judged.columns.aggregates.items():
        if name in names:
            exact = next((row[_type_of(name)] for row in rows if row.get(_type_of(name))), None)
            found[name] = exact or dictionary.DUCKDB_TYPES[aggregate.derived.type]
    return found


def _type_of(name: str) -> str:
    return f"type of {name}"


def judge(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    subject: str,
    as_of: date,
    rows: list[Record],
    *,
    today: bool = False,
    answers: Mapping[str, str] | None = None,
) -> list[Record]:
    """The rows with code{n}, measured{n}, limit{n}, hits{n} of each rule, derived fields, and `answers` over `coded`.

    `rows` hold the facts of `facts_read` at least. The order is kept.
    """
    judged = compiled(policy, subject, today=today, given=True)
    if not rows or not judged.rules:
        return []
    rows = with_aggregates(con, judged, as_of, rows)
    for start, part in [(0, judged)] if answers else parts(judged):
        rows = [row | found for row, found in zip(rows, _judged(part, start, rows, answers or {}), strict=True)]
    return rows


@lru_cache(maxsize=REMEMBERED)
def parts(judged: CompiledSubject) -> list[tuple[int, CompiledSubject]]:
    """The rules a few at a time: a plan's cost grows faster than their number, its run's too."""
    starts = range(0, len(judged.rules), RULES_AT_ONCE)
    return [(n, CompiledSubject(judged.columns, judged.rules[n : n + RULES_AT_ONCE])) for n in starts]


def _judged(judged: CompiledSubject, start: int, rows: list[Record], answers: Mapping[str, str]) -> list[Record]:
    given = types(judged, rows)
    own = [name for name in _derived(judged) if name in judged.columns.computed]
    numbers = range(start, start + len(judged.rules))
    shown = [f"{kind}{n}" for n in numbers for kind in ("code", "measured", "limit", "hits")]
    shown += [identifier(name) for name in own] + [f"{sql} AS {name}" for name, sql in answers.items()]
    text = f"{coded(judged, _numbered(given), start)} SELECT {', '.join(shown)} FROM coded ORDER BY given_row"
    numbered = [{**row, "given_row": number} for number, row in enumerate(rows)]
    return prepared_statements.run(text, numbered, {**given, "given_row": "INTEGER"})


def _numbered(given: Mapping[str, str]) -> str:
    return prepared_statements.relation({**given, "given_row": "INTEGER"})


def with_aggregates(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, as_of: date, rows: list[Record]
) -> list[Record]:
    """The rows with the fields that policy gathers from what belongs to their loans."""
    read = facts_behind(judged.columns, _roots(judged))
    for name, aggregate in judged.columns.aggregates.items():
        if name in read:
            values = _aggregated(con, aggregate, as_of, [row["loan_id"] for row in rows])
            rows = [
                {
                    **row,
                    name: values.get(row["loan_id"], (None, None))[0],
                    _type_of(name): values.get(row["loan_id"], (None, None))[1],
                }
                for row in rows
            ]
    return rows


def _aggregated(
    con: duckdb.DuckDBPyConnection, aggregate: Aggregate, as_of: date, loans: list[str]
) -> dict[str, tuple[Decimal | None, str]]:
    """{loan: (value, SQL type)} of the child rows of these loans."""
    subject = aggregate.derived.from_subject
    fields = dictionary.facts(subject)
    read = frozenset(column.name for column in aggregate.value.sql.find_all(exp.Column)) | {"loan_id"}
    names = facts_behind(aggregate.columns, read)
    given = {name: fields[name].sql_type for name in fields if name in names}
    rows = records(
        con,
        f"SELECT {', '.join(map(identifier, given))} FROM facts_{subject} "
        "WHERE as_of = $as_of AND list_contains($loans, loan_id)",
        {"as_of": as_of, "loans": loans},
    )
    found = prepared_statements.run(
        f"SELECT *, typeof(value) AS value_type FROM ({aggregate.over(prepared_statements.relation(given))})",
        rows,
        given,
    )
    return {row["loan_id"]: (row["value"], row["value_type"]) for row in found}


def records(con: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any]) -> list[Record]:
    """The few rows of a query by column name; parameters that the text does not name are left out."""
    result = con.execute(text, {name: value for name, value in parameters.items() if f"${name}" in text})
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
