"""The rows of metrics.csv: read, compiled cell by cell, and those in force on a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import cache, partial

from sqlglot import exp

from data.language import functions
from data.language.expressions import (
    SCALES,
    ExpressionError,
    NameResolver,
    TypedExpression,
    require_comparable,
)
from data.language.type_checking import compile_measure, compile_text
from data.messages.catalogue import bilingual, term
from policy.engine.scope import Scope
from policy.model.problem import Problem, SourceLocation
from policy.model.records import Policy, split_clause_ids
from policy.model.table_reader import TableReader

TABLE = "metrics.csv"
SUBJECTS = ("portfolio", "branch")
DIRECTIONS = {"lower": "<=", "higher": ">="}
STATUSES = ("green", "amber", "red", "none")
EVERY_RULE = "*"
INDEX_UNIT = "index"  # a plain number, not shown as a percentage
# The counts of a run over the rules of a metric.
RUN_COLUMNS = ("passes", "violations", "not_assessable", "loans_checked")
AS_OF = TypedExpression(functions.column_reference("as_of"), "date", inputs=("as_of",))


@dataclass(frozen=True)
class Metric:
    """One version of a metric. `formula`: over the subject's facts, or over a run's counts where it names `rules`.

    `direction`: what is better; past `amber` and `red` (expressions) it is worse. `lacking` of `total` records have no
    value that the formula needs; `low` and `high` are what the metric would be if all of these were good, or bad, and
    `derived` counts the records whose value was concluded from other fields.
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
    low: str
    high: str
    derived: str
    rules: str
    clause_id: str
    evidence: str
    effective_from: date
    effective_to: date
    needs_zh: str
    needs_en: str
    place: SourceLocation

    @property
    def subject_list(self) -> tuple[str, ...]:
        return split_clause_ids(self.subjects)


@dataclass(frozen=True)
class CompiledMetric:
    """A metric's expressions; `inputs` are what the formula reads."""

    metric: Metric
    value: TypedExpression
    amber: TypedExpression | None
    red: TypedExpression | None
    lacking: TypedExpression | None
    total: TypedExpression | None
    low: TypedExpression | None
    high: TypedExpression | None
    derived: TypedExpression | None

    @property
    def trees(self) -> list[exp.Expr]:
        """The SQL of every cell."""
        counts, bounds = (self.lacking, self.total, self.derived), (self.amber, self.red, self.low, self.high)
        cells = [cell for cell in (self.value, *bounds, *counts) if cell]
        return [tree for cell in cells for tree in (cell.sql, cell.divisor) if tree]


@cache
def parse_metrics(text: str) -> tuple[tuple[Metric, ...], tuple[Problem, ...]]:
    reader = TableReader({TABLE: text})
    return tuple(reader.read_records(TABLE, Metric)), tuple(reader.problems)


def load_metrics(policy: Policy) -> tuple[Metric, ...]:
    """The metrics of a policy; none where its folder has no such table."""
    return parse_metrics(policy.texts[TABLE])[0] if TABLE in policy.texts else ()


def _build_names(policy: Policy, metric: Metric, scope: Scope) -> NameResolver:
    if not metric.rules:
        return scope.make_resolver(AS_OF)
    counts = {
        name: TypedExpression(functions.column_reference(name), "number", "count", inputs=(name,))
        for name in RUN_COLUMNS
    }
    return NameResolver(counts, lambda _table, _column: None, list(policy.limit_tables))


def build_cell_compilers(
    policy: Policy, metric: Metric, scope: Scope
) -> dict[str, Callable[[], TypedExpression | None]]:
    """How each cell is compiled, by column; a blank one to None."""
    names = _build_names(policy, metric, scope)

    def formula() -> TypedExpression:
        found = compile_measure(metric.formula, names)
        if found.kind != "number":
            raise ExpressionError(bilingual("monitoring.not_a_number", kind=term(found.kind)))
        if found.unit not in (None, *(SCALES if metric.unit == INDEX_UNIT else (metric.unit,))):
            raise ExpressionError(bilingual("monitoring.other_unit", unit=found.unit, metric_unit=metric.unit))
        scope.require_single_row(found)
        return found

    def text(cell: str) -> TypedExpression | None:
        if not cell:
            return None
        found = compile_text(cell, names)
        scope.require_single_row(found)
        require_comparable(formula(), found)
        return found

    def bound(cell: str) -> TypedExpression | None:
        return compile_measure(cell, names) if cell else None

    def count(cell: str) -> TypedExpression | None:
        found = compile_text(cell, names) if cell else None
        if found and found.unit not in (None, "count"):
            raise ExpressionError(bilingual("monitoring.not_a_count", unit=found.unit))
        return found

    kinds = {text: ("amber", "red"), bound: ("low", "high"), count: ("lacking", "total", "derived")}
    cells = {name: partial(kind, getattr(metric, name)) for kind, names_of in kinds.items() for name in names_of}
    return {"formula": formula, **cells}


def compile_metric(policy: Policy, metric: Metric, scope: Scope) -> CompiledMetric:
    made = {column: compile_cell() for column, compile_cell in build_cell_compilers(policy, metric, scope).items()}
    return CompiledMetric(metric, made.pop("formula"), **made)  # type: ignore[arg-type]


def select_in_force(policy: Policy, as_of: date) -> tuple[Metric, ...]:
    return tuple(m for m in load_metrics(policy) if m.effective_from <= as_of < m.effective_to)
