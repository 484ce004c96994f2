"""Metrics of portfolio health: rows of metrics.csv, read, proof-read, and evaluated for the bank and each branch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

import duckdb
from sqlglot import exp

from data import dictionary
from data.errors import InputError
from data.facts import derivation
from data.messages.catalogue import bilingual, term
from policy.engine.batch import booked
from policy.engine.columns import Columns, identifier
from policy.engine.compiler import compare, measured_value
from policy.language import functions
from policy.language.expressions import SCALES, ExpressionError, Names, Typed, comparable, near
from policy.language.type_checking import compile_measure, compile_text
from policy.model.csv_reader import TableReader, dated
from policy.model.records import Place, Policy, Problem, clause_ids

TABLE = "metrics.csv"
SUBJECTS = ("portfolio", "branch")
DIRECTIONS = {"lower": "<=", "higher": ">="}
STATUSES = ("green", "amber", "red", "none")
EVERY_RULE = "*"
INDEX = "index"  # a plain number, not shown as a percentage
# What a run says of the rules that a metric names.
RUN_COLUMNS = ("passes", "violations", "not_assessable", "loans_checked")
KEPT = 8  # policies whose compiled metrics are remembered
_COMPILED: dict[tuple[frozenset[tuple[str, str]], tuple[tuple[str, int], ...]], list[str]] = {}
AS_OF = Typed(functions.column("as_of"), "date", inputs=("as_of",))


@dataclass(frozen=True)
class Metric:
    """One version of a metric. `formula`: over the subject's facts, or over a run's counts where it names `rules`.

    `direction`: what is better; past `amber` and `red` (expressions) it is worse. `lacking` of `total` records have no
    value that the formula needs.
    """

    metric_id: str
    title_zh: str
    title_en: str
    subjects: str
    formula: str
    unit: str
    direction: str
    amber: str
    red: str
    lacking: str
    total: str
    rules: str
    clause_id: str
    evidence: str
    effective_from: date
    effective_to: date
    needs_zh: str
    needs_en: str
    place: Place

    @property
    def of(self) -> tuple[str, ...]:
        return clause_ids(self.subjects)


@dataclass(frozen=True)
class Value:
    """`value` of one subject, to six decimals; None with the reason not_set (`missing` fields) or zero_divisor."""

    metric_id: str
    subject: str
    subject_id: str
    value: Decimal | None
    status: str
    amber: Decimal | None
    red: Decimal | None
    reason: str | None
    missing: tuple[str, ...]
    lacking: int
    total: int


@dataclass(frozen=True)
class Compiled:
    """A metric's expressions; `inputs` are what the formula reads."""

    metric: Metric
    value: Typed
    amber: Typed | None
    red: Typed | None
    lacking: Typed | None
    total: Typed | None


@cache
def read(text: str) -> tuple[tuple[Metric, ...], tuple[Problem, ...]]:
    reader = TableReader({TABLE: text})
    return tuple(reader.records(TABLE, Metric, dated(reader))), tuple(reader.problems)


def metrics(policy: Policy) -> tuple[Metric, ...]:
    """The metrics of a policy; none where its folder has no such table."""
    return read(policy.texts[TABLE])[0] if TABLE in policy.texts else ()


def _names(policy: Policy, metric: Metric, columns: Columns) -> Names:
    if not metric.rules:
        return columns.names(AS_OF)
    counts = {name: Typed(functions.column(name), "number", "count", inputs=(name,)) for name in RUN_COLUMNS}
    return Names(counts, lambda _table, _column: None, list(policy.limit_tables))


def parts(policy: Policy, metric: Metric, columns: Columns) -> dict[str, Callable[[], Typed | None]]:
    """How each cell is compiled, by column; a blank one to None."""
    names = _names(policy, metric, columns)

    def formula() -> Typed:
        found = compile_measure(metric.formula, names)
        if found.kind != "number":
            raise ExpressionError(bilingual("monitoring.gives_where_number_needed", kind=term(found.kind)))
        if found.unit not in (None, *(SCALES if metric.unit == INDEX else (metric.unit,))):
            raise ExpressionError(bilingual("monitoring.but_metric", unit=found.unit, unit2=metric.unit))
        columns.one_row(found)
        return found

    def text(cell: str) -> Typed | None:
        if not cell:
            return None
        found = compile_text(cell, names)
        columns.one_row(found)
        comparable(formula(), found)
        return found

    def count(cell: str) -> Typed | None:
        found = compile_text(cell, names) if cell else None
        if found and found.unit not in (None, "count"):
            raise ExpressionError(bilingual("monitoring.where_number_records_needed", unit=found.unit))
        return found

    return {
        "formula": formula,
        "amber": lambda: text(metric.amber),
        "red": lambda: text(metric.red),
        "lacking": lambda: count(metric.lacking),
        "total": lambda: count(metric.total),
    }


def _compiled(policy: Policy, metric: Metric, columns: Columns) -> Compiled:
    made = {column: compile_cell() for column, compile_cell in parts(policy, metric, columns).items()}
    return Compiled(metric, made["formula"], made["amber"], made["red"], made["lacking"], made["total"])  # type: ignore[arg-type]


def in_force(policy: Policy, as_of: date) -> tuple[Metric, ...]:
    return tuple(m for m in metrics(policy) if m.effective_from <= as_of < m.effective_to)


def evaluate(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> list[Value]:
    """Every metric in force on as_of, for the bank and then each branch: one query over facts, one over the latest run.

    Raises BookError when the facts of as_of do not stand in the book.
    """
    derivation.need(con, as_of)
    current = in_force(policy, as_of)
    sources = [*_sources(policy, current), *_of_run(con, policy, as_of, current)]
    rows = con.execute(" UNION ALL ".join(f"({text})" for text in sources), {"as_of": as_of}).fetchall()
    place = {metric.metric_id: number for number, metric in enumerate(current)}
    found = [_value(*row) for row in rows]
    return sorted(found, key=lambda v: (SUBJECTS.index(v.subject), v.subject_id, place[v.metric_id]))


def of_branch(values: list[Value], branch_id: str | None) -> list[Value]:
    """The values of one branch, of the bank where it is None. Raises InputError for an unknown branch."""
    found = [v for v in values if v.subject == ("portfolio" if branch_id is None else "branch")]
    if branch_id is None:
        return found
    known = sorted({value.subject_id for value in found})
    if branch_id not in known:
        raise InputError(f"No branch '{branch_id}' with running loans{near(branch_id, known)}. Check --branch.")
    return [value for value in found if value.subject_id == branch_id]


def _value(
    metric_id: str,
    subject: str,
    subject_id: str,
    value: Decimal | None,
    status: str,
    amber: Decimal | None,
    red: Decimal | None,
    missing: list[str],
    lacking: int | None,
    total: int | None,
) -> Value:
    reason = None if value is not None else "not_set" if missing else "zero_divisor"
    return Value(
        metric_id,
        subject,
        subject_id,
        value,
        status,
        amber,
        red,
        reason,
        tuple(missing) if value is None else (),
        int(lacking or 0),
        int(total or 0),
    )


def _sources(policy: Policy, current: tuple[Metric, ...]) -> list[str]:
    """The queries over facts. To compile them takes far longer than to run them, and days share them."""
    key = (frozenset(policy.texts.items()), tuple((metric.metric_id, metric.place.row) for metric in current))
    if key not in _COMPILED:
        if len(_COMPILED) >= KEPT:
            _COMPILED.clear()
        _COMPILED[key] = [_of_facts(policy, subject, current) for subject in SUBJECTS]
    return _COMPILED[key]


def _of_facts(policy: Policy, subject: str, current: tuple[Metric, ...]) -> str:
    columns = Columns(policy, subject)
    own = [_compiled(policy, metric, columns) for metric in current if subject in metric.of and not metric.rules]
    lines = ", ".join(_line(compiled) for compiled in own)
    subject_id = identifier(dictionary.subjects()[subject].id)
    return (
        f"{columns.select(booked(subject))} SELECT line.metric_id, {_text(subject)} AS subject, {subject_id}, "
        f"{', '.join(f'line.{name}' for name in LINE)} "
        f"FROM (SELECT {subject_id}, UNNEST([{lines}]) AS line FROM columns)"
    )


LINE = ("value", "status", "amber", "red", "missing", "lacking", "total")


def _text(text: str) -> str:
    return functions.render(functions.literal("text", text))


def _line(compiled: Compiled) -> str:
    """One metric as a struct: its value, how it stands to its limits, and the inputs that are not known."""
    value = compiled.value
    cells = {
        "value": f"CAST({functions.render(measured_value(value))} AS DECIMAL(38, 6))",
        "status": _status(compiled),
        "amber": _number(compiled.amber, "DECIMAL(38, 6)"),
        "red": _number(compiled.red, "DECIMAL(38, 6)"),
        "missing": _missing(value.inputs),
        "lacking": _number(compiled.lacking, "BIGINT"),
        "total": _number(compiled.total, "BIGINT"),
    }
    body = ", ".join(f"'{name}': {text}" for name, text in cells.items())
    return f"{{'metric_id': {_text(compiled.metric.metric_id)}, {body}}}"


def _number(typed: Typed | None, sql_type: str) -> str:
    return f"CAST({functions.render(typed.sql) if typed else 'NULL'} AS {sql_type})"


def _missing(inputs: tuple[str, ...]) -> str:
    cells = ", ".join(f"CASE WHEN {identifier(name)} IS NULL THEN {_text(name)} END" for name in inputs)
    return f"LIST_FILTER(CAST([{cells}] AS VARCHAR[]), lambda name: name IS NOT NULL)"


def _status(compiled: Compiled) -> str:
    """By the exact comparison; a value at its limit has not passed it."""
    direction = DIRECTIONS.get(compiled.metric.direction)
    tests = []
    for status, limit in (("red", compiled.red), ("amber", compiled.amber)):
        if direction and limit:
            kept = compare(compiled.value, direction, limit)
            tests.append(f"WHEN {functions.render(exp.Not(this=exp.paren(kept)))} THEN '{status}'")
    if not tests:
        return "'none'"
    known = functions.render(measured_value(compiled.value))
    limits = " AND ".join(f"{_number(x, 'DECIMAL(38, 6)')} IS NOT NULL" for x in (compiled.red, compiled.amber) if x)
    return f"CASE WHEN {known} IS NULL OR NOT ({limits}) THEN 'none' {' '.join(tests)} ELSE 'green' END"


def _of_run(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, current: tuple[Metric, ...]) -> Iterator[str]:
    """Metrics over the counts of the latest run of this policy and day; without a run their inputs are unknown."""
    own = [metric for metric in current if metric.rules]
    if not own:
        return
    run_id = _latest_run(con, policy, as_of)
    for subject in SUBJECTS:
        columns = Columns(policy, subject)
        compiled = [_compiled(policy, metric, columns) for metric in own if subject in metric.of]
        for line in compiled:
            yield (
                f"WITH {_counts(line.metric, subject, run_id)} SELECT line.metric_id, {_text(subject)}, subject_id, "
                f"{', '.join(f'line.{name}' for name in LINE)} "
                f"FROM (SELECT subject_id, {_line(line)} AS line FROM counted)"
            )


def _latest_run(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date) -> str | None:
    rows = con.execute(
        "SELECT run_id FROM runs WHERE as_of = ? AND policy_version = ? ORDER BY judged_at DESC LIMIT 1",
        [as_of, policy.version],
    ).fetchall()
    return rows[0][0] if rows else None


def _counts(metric: Metric, subject: str, run_id: str | None) -> str:
    """counted: passes, violations, not assessable of the metric's rules and loans judged, for each of the subjects."""
    rules = clause_ids(metric.rules)
    named = "" if EVERY_RULE in rules else f" AND c.rule_id IN ({', '.join(map(_text, rules))})"
    run = f"run_id = {_text(run_id)}" if run_id else "run_id IS NULL"
    subject_id = identifier(dictionary.subjects()[subject].id)
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
            FROM {booked(subject)} s CROSS JOIN one
            LEFT JOIN run_counts c ON c.{run} {match}
            GROUP BY s.{subject_id}),
        counted AS (SELECT subject_id, {known} FROM summed)"""
