"""Judging a few records at once: the same compiled rules over facts that are given, in a prepared plan."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from data import dictionary
from data.facts import prepared_statements
from data.language.dialects import quote_identifier
from policy.engine.compiler import CompiledSubject, compile_subject_cached
from policy.engine.query_builder import Aggregate, column_names
from policy.model.policy_cache import cached_on_owner
from policy.model.records import Policy

Record = dict[str, Any]
RULES_AT_ONCE = 12


@cached_on_owner
def coded_rules_sql(judged: CompiledSubject, base: str, start: int = 0) -> str:
    """SQL of CTEs ending in `coded`: the columns of `base`, and of rule n code, measured, limit, hits and harmless."""
    parts = [
        f"{rule.rendered_sql.code} AS code{n}, {rule.rendered_sql.measured_value} AS measured{n}, "
        f"{rule.rendered_sql.limit_value} AS limit{n}, {rule.rendered_sql.hits} AS hits{n}, "
        f"{rule.rendered_sql.harmless} AS harmless{n}"
        for n, rule in enumerate(judged.rules, start)
    ]
    select = judged.query.render_query(base, _root_columns(judged), narrow=True)
    return f"{select}, coded AS (SELECT {', '.join(['*', *parts])} FROM columns)"


@cached_on_owner
def _root_columns(judged: CompiledSubject) -> frozenset[str]:
    """What the rules' expressions and the evidence of their verdicts read."""
    return frozenset(name for rule in judged.rules for name in rule.columns_read) | frozenset(_derived_inputs(judged))


@cached_on_owner
def _derived_inputs(judged: CompiledSubject) -> tuple[str, ...]:
    """Derived fields that a rule reads: they belong to the evidence."""
    inputs = {name for rule in judged.rules for name in rule.inputs}
    return tuple(d.name for d in judged.policy.derived if d.subject == judged.subject and d.name in inputs)


@cached_on_owner
def facts_of_rules(judged: CompiledSubject) -> tuple[str, ...]:
    """The facts that the rules read, and those that say whose they are."""
    subject = judged.subject
    read = judged.query.source_facts(_root_columns(judged)) | {
        *dictionary.IDENTITY_FIELDS,
        dictionary.load_subjects()[subject].id,
    }
    return tuple(name for name in dictionary.facts_of_subject(subject) if name in read)


def fact_types(judged: CompiledSubject, rows: list[Record]) -> dict[str, str]:
    """The SQL types of the facts and aggregates that the rules read."""
    names = judged.query.source_facts(_root_columns(judged))
    fields = dictionary.facts_of_subject(judged.subject)
    found = {name: fields[name].sql_type for name in fields if name in names}
    for name, aggregate in judged.query.aggregates.items():
        if name in names:
            exact = next((row[_type_key(name)] for row in rows if row.get(_type_key(name))), None)
            found[name] = exact or dictionary.DUCKDB_TYPES[aggregate.derived.type]
    return found


def _type_key(name: str) -> str:
    return f"type of {name}"


def judge_records(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    subject: str,
    as_of: date,
    rows: list[Record],
    *,
    today: bool = False,
    extra_columns: Mapping[str, str] | None = None,
) -> list[Record]:
    """The rows with code{n}, measured{n}, limit{n}, hits{n} of each rule, derived fields, and `extra_columns`.

    `rows` have at least the facts of `facts_of_rules`. The order is kept.
    """
    judged = compile_subject_cached(policy, subject, today=today, aggregates_given=True)
    if not rows or not judged.rules:
        return []
    rows = add_aggregates(con, judged, as_of, rows)
    for start, part in [(0, judged)] if extra_columns else split_rules(judged):
        rows = [
            row | found for row, found in zip(rows, _judge_part(part, start, rows, extra_columns or {}), strict=True)
        ]
    return rows


@cached_on_owner
def split_rules(judged: CompiledSubject) -> list[tuple[int, CompiledSubject]]:
    """The rules a few at a time: a plan's cost grows faster than their number, its run's too."""
    starts = range(0, len(judged.rules), RULES_AT_ONCE)
    return [(n, judged.with_rules(judged.rules[n : n + RULES_AT_ONCE])) for n in starts]


def _judge_part(judged: CompiledSubject, start: int, rows: list[Record], extra: Mapping[str, str]) -> list[Record]:
    given = fact_types(judged, rows)
    own = [name for name in _derived_inputs(judged) if name in judged.query.computed]
    numbers = range(start, start + len(judged.rules))
    shown = [f"{kind}{n}" for n in numbers for kind in ("code", "measured", "limit", "hits")]
    shown += [quote_identifier(name) for name in own] + [f"{sql} AS {name}" for name, sql in extra.items()]
    coded = coded_rules_sql(judged, _numbered_relation(given), start)
    text = f"{coded} SELECT {', '.join(shown)} FROM coded ORDER BY given_row"
    numbered = [{**row, "given_row": number} for number, row in enumerate(rows)]
    return prepared_statements.run_query(text, numbered, {**given, "given_row": "INTEGER"})


def _numbered_relation(given: Mapping[str, str]) -> str:
    return prepared_statements.relation_sql({**given, "given_row": "INTEGER"})


def add_aggregates(
    con: duckdb.DuckDBPyConnection, judged: CompiledSubject, as_of: date, rows: list[Record]
) -> list[Record]:
    """The rows with the fields that policy gathers from what belongs to their loans."""
    read = judged.query.source_facts(_root_columns(judged))
    for name, aggregate in judged.query.aggregates.items():
        if name in read:
            values = _compute_aggregate(con, aggregate, as_of, [row["loan_id"] for row in rows])
            rows = [
                {
                    **row,
                    name: values.get(row["loan_id"], (None, None))[0],
                    _type_key(name): values.get(row["loan_id"], (None, None))[1],
                }
                for row in rows
            ]
    return rows


def _compute_aggregate(
    con: duckdb.DuckDBPyConnection, aggregate: Aggregate, as_of: date, loans: list[str]
) -> dict[str, tuple[Decimal | None, str]]:
    """{loan: (value, SQL type)} of the child rows of these loans."""
    subject = aggregate.derived.from_subject
    fields = dictionary.facts_of_subject(subject)
    read = column_names(aggregate.value.sql) | {"loan_id"}
    names = aggregate.query.source_facts(read)
    given = {name: fields[name].sql_type for name in fields if name in names}
    rows = fetch_records(
        con,
        f"SELECT {', '.join(map(quote_identifier, given))} FROM facts_{subject} "
        "WHERE as_of = $as_of AND list_contains($loans, loan_id)",
        {"as_of": as_of, "loans": loans},
    )
    found = prepared_statements.run_query(
        "SELECT *, typeof(value) AS value_type "
        f"FROM ({aggregate.render_over(prepared_statements.relation_sql(given))})",
        rows,
        given,
    )
    return {row["loan_id"]: (row["value"], row["value_type"]) for row in found}


def fetch_records(con: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any]) -> list[Record]:
    """The few rows of a query by column name; parameters that the text does not name are left out."""
    result = con.execute(text, {name: value for name, value in parameters.items() if f"${name}" in text})
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
