"""The SQL of metrics: over the facts of the bank and its branches, and over the counts of a run."""

from collections.abc import Iterator
from datetime import date

import duckdb
from sqlglot import exp

from data import dictionary
from data.language import functions
from data.language.dialects import quote_identifier
from data.language.expressions import (
    TypedExpression,
)
from policy.engine.batch import facts_at_sql
from policy.engine.query_builder import QueryBuilder, column_names
from policy.engine.scope import build_scope
from policy.engine.version_compiler import build_comparison, measured_value
from policy.model.policy_cache import cached_by_policy
from policy.model.records import Policy, split_clause_ids
from policy.monitoring.metric_definitions import (
    DIRECTIONS,
    EVERY_RULE,
    RUN_COLUMNS,
    SUBJECTS,
    CompiledMetric,
    Metric,
    compile_metric,
)


@cached_by_policy
def build_fact_queries(policy: Policy, current: tuple[Metric, ...]) -> list[str]:
    """The queries over facts. To compile them takes far longer than to run them, and days share them."""
    return [_build_fact_query(policy, subject, current) for subject in SUBJECTS]


def _build_fact_query(policy: Policy, subject: str, current: tuple[Metric, ...]) -> str:
    scope = build_scope(policy, subject)
    own = [
        compile_metric(policy, metric, scope)
        for metric in current
        if subject in metric.subject_list and not metric.rules
    ]
    query = QueryBuilder(scope)
    key = dictionary.load_subjects()[subject].id
    lines, read = [], {key}
    for compiled in own:
        query.add_lookups(*compiled.trees)
        # A column of its own: to plan a ratio takes long, and it is read twice.
        value = query.add_column(f"value:{compiled.metric.metric_id}", measured_value(compiled.value))
        lines.append(_metric_struct_sql(compiled, value))
        read |= column_names(value, *compiled.trees).union(compiled.value.inputs)
    subject_id = quote_identifier(key)
    columns = query.render_query(facts_at_sql(subject), frozenset(read), pruned=True)
    return (
        f"{columns} SELECT line.metric_id, {_text_literal(subject)} AS subject, "
        f"{subject_id}, {_STRUCT_FIELDS_SQL} "
        f"FROM (SELECT {subject_id}, UNNEST([{', '.join(lines)}]) AS line FROM columns)"
    )


_STRUCT_FIELDS_SQL = (
    "line.value, line.status, line.amber, line.red, "
    "LIST_FILTER(line.missing, lambda name: name IS NOT NULL), line.lacking, line.total, "
    "line.low, line.high, line.derived"
)
"""The fields of each struct `line`; inputs that are known are left out of the missing ones here, for all at once."""


def _text_literal(text: str) -> str:
    return functions.render(functions.sql_literal("text", text))


def _metric_struct_sql(compiled: CompiledMetric, value: exp.Expr) -> str:
    """One metric as a struct: its value, its status by the limits, and the inputs that are unknown."""
    known = functions.render(value)
    cells = {
        "value": f"CAST({known} AS DECIMAL(38, 6))",
        "status": _status_sql(compiled, known),
        "amber": _number_sql(compiled.amber, "DECIMAL(38, 6)"),
        "red": _number_sql(compiled.red, "DECIMAL(38, 6)"),
        "missing": _missing_inputs_sql(compiled.value.inputs),
        "lacking": _number_sql(compiled.lacking, "BIGINT"),
        "total": _number_sql(compiled.total, "BIGINT"),
        "low": _bound_sql(compiled.low),
        "high": _bound_sql(compiled.high),
        "derived": _number_sql(compiled.derived, "BIGINT"),
    }
    body = ", ".join(f"'{name}': {text}" for name, text in cells.items())
    return f"{{'metric_id': {_text_literal(compiled.metric.metric_id)}, {body}}}"


def _bound_sql(typed: TypedExpression | None) -> str:
    text = functions.render(measured_value(typed)) if typed else "NULL"
    return f"CAST({text} AS DECIMAL(38, 6))"


def _number_sql(typed: TypedExpression | None, sql_type: str) -> str:
    return f"CAST({functions.render(typed.sql) if typed else 'NULL'} AS {sql_type})"


def _missing_inputs_sql(inputs: tuple[str, ...]) -> str:
    """The name of each input that is unknown, NULL for one that is known."""
    cells = ", ".join(f"CASE WHEN {quote_identifier(name)} IS NULL THEN {_text_literal(name)} END" for name in inputs)
    return f"CAST([{cells}] AS VARCHAR[])"


def _status_sql(compiled: CompiledMetric, known: str) -> str:
    """By the exact comparison; a value at its limit has not passed it."""
    direction = DIRECTIONS.get(compiled.metric.direction)
    tests = []
    for status, limit in (("red", compiled.red), ("amber", compiled.amber)):
        if direction and limit:
            kept = build_comparison(compiled.value, direction, limit)
            tests.append(f"WHEN {functions.render(exp.Not(this=exp.paren(kept)))} THEN '{status}'")
    if not tests:
        return "'none'"
    limits = " AND ".join(
        f"{_number_sql(x, 'DECIMAL(38, 6)')} IS NOT NULL" for x in (compiled.red, compiled.amber) if x
    )
    return f"CASE WHEN {known} IS NULL OR NOT ({limits}) THEN 'none' {' '.join(tests)} ELSE 'green' END"


def build_run_queries(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, current: tuple[Metric, ...]
) -> Iterator[str]:
    """Metrics over the counts of the latest run of this policy and day; without a run their inputs are unknown."""
    own = [metric for metric in current if metric.rules]
    if not own:
        return
    run_id = _find_latest_run(con, policy, as_of)
    for subject in SUBJECTS:
        scope = build_scope(policy, subject)
        compiled = [compile_metric(policy, metric, scope) for metric in own if subject in metric.subject_list]
        for line in compiled:
            yield (
                f"WITH {_run_counts_sql(line.metric, subject, run_id)} SELECT line.metric_id, "
                f"{_text_literal(subject)}, subject_id, {_STRUCT_FIELDS_SQL} "
                f"FROM (SELECT subject_id, {_metric_struct_sql(line, measured_value(line.value))} AS line FROM counted)"
            )


def _find_latest_run(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> str | None:
    rows = con.execute(
        "SELECT run_id FROM runs WHERE as_of = ? AND policy_version = ? ORDER BY sequence DESC LIMIT 1",
        [as_of, policy.version],
    ).fetchall()
    return rows[0][0] if rows else None


def _run_counts_sql(metric: Metric, subject: str, run_id: str | None) -> str:
    """counted: passes, violations, not assessable of the metric's rules and loans judged, for each of the subjects."""
    rules = split_clause_ids(metric.rules)
    named = "" if EVERY_RULE in rules else f" AND c.rule_id IN ({', '.join(map(_text_literal, rules))})"
    run = f"run_id = {_text_literal(run_id)}" if run_id else "run_id IS NULL"
    subject_id = quote_identifier(dictionary.load_subjects()[subject].id)
    match = "" if subject == "portfolio" else f"AND c.branch_id = s.{subject_id}"
    sums = ", ".join(
        f"SUM(c.subjects) FILTER (c.verdict = '{verdict}'{named}) AS {name}"
        for name, verdict in (("passes", "pass"), ("violations", "violation"), ("not_assessable", "not_assessable"))
    )
    known = ", ".join(f"CASE WHEN loans_checked > 0 THEN COALESCE({name}, 0) END AS {name}" for name in RUN_COLUMNS)
    return f"""one AS (SELECT min(rule_id) AS rule_id FROM run_counts WHERE {run} AND subject = 'loan'),
        summed AS (
            SELECT s.{subject_id} AS subject_id, {sums},
                SUM(c.subjects) FILTER (c.rule_id = one.rule_id) AS loans_checked
            FROM {facts_at_sql(subject)} s CROSS JOIN one
            LEFT JOIN run_counts c ON c.{run} {match}
            GROUP BY s.{subject_id}),
        counted AS (SELECT subject_id, {known} FROM summed)"""
