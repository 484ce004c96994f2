"""One version of a rule compiled: its cells checked, its scope, measure and limit as columns of the subject's query."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlglot import exp

from data.language import functions
from data.language.expressions import ExpressionError, TypedExpression, require_comparable
from data.language.type_checking import compile_measure, compile_text
from data.messages.catalogue import bilingual, term
from policy.decision_tables import lookups
from policy.engine.query_builder import QueryBuilder
from policy.engine.scope import HitColumn, Scope
from policy.engine.verdict_codes import CompiledVersion, join_by_and, join_by_or
from policy.model.records import COMPARATORS, Rule

COMPARISON_NODES: dict[str, type[exp.Binary]] = {
    "<=": exp.LTE,
    "<": exp.LT,
    ">=": exp.GTE,
    ">": exp.GT,
    "=": exp.EQ,
    "<>": exp.NEQ,
}


class RuleCellError(Exception):
    """A cell of a rule cannot be used: its column in rules.csv and what is wrong with it."""

    def __init__(self, column: str, error: ExpressionError) -> None:
        self.column, self.full_message = column, error.full_message
        super().__init__(column, self.full_message)


@contextmanager
def _in_cell(column: str) -> Iterator[None]:
    """Names the cell that an ExpressionError is about."""
    try:
        yield
    except ExpressionError as error:
        raise RuleCellError(column, error) from error


@dataclass(frozen=True)
class _TypedCells:
    """The date of the act, scope, measure and limit of one version."""

    rule: Rule
    act: TypedExpression
    scope: TypedExpression
    measure: TypedExpression
    limit: TypedExpression

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.scope.lookups, *self.measure.lookups, *self.limit.lookups)))

    @property
    def inputs(self) -> tuple[str, ...]:
        parts = (self.act, self.scope, self.measure, self.limit)
        return tuple(dict.fromkeys(name for part in parts for name in part.inputs))

    @property
    def bounded_field(self) -> str | None:
        """The field that the rule bounds from above: measured as it is, or with a stand-in while it is unknown."""
        is_plain = isinstance(self.measure.sql, exp.Column | exp.Coalesce) and self.measure.inputs
        return self.measure.inputs[0] if is_plain and self.rule.comparator in ("<=", "<") else None


def compile_version(scope: Scope, query: QueryBuilder, rule: Rule) -> CompiledVersion:
    """The parts of one version; the columns it needs are added to the query. Raises RuleCellError."""
    cells = _compile_cells(scope, query, rule)
    with _in_cell("limit"):
        collected = _find_collect_table(scope, cells)
    return _build_collect_version(scope, cells, collected) if collected else _build_version(query, cells)


def _compile_cells(scope: Scope, query: QueryBuilder, rule: Rule) -> _TypedCells:
    with _in_cell("act_date"):
        act = scope.resolve_act_date(rule.act_date)
    names = scope.make_resolver(act)
    with _in_cell("scope"):
        applies = compile_text(rule.scope or "true", names)
        if applies.kind != "boolean":
            raise ExpressionError(bilingual("common.gives_where_true_false", kind=term(applies.kind)))
    with _in_cell("measure"):
        measure = compile_measure(rule.measure, names)
    with _in_cell("limit"):
        limit = compile_text(rule.limit, names)
        require_comparable(measure, limit)
    with _in_cell("comparator"):
        _require_valid_comparator(rule, measure)
    with _in_cell("unit"):
        _require_matching_unit(rule, measure, limit)
    query.add_lookups(applies.sql, measure.sql, *filter(None, [measure.divisor]), limit.sql)
    return _TypedCells(rule, act, applies, measure, limit)


def _require_valid_comparator(rule: Rule, measure: TypedExpression) -> None:
    if rule.comparator not in COMPARATORS:
        raise ExpressionError(
            bilingual("engine.unknown_comparator", comparator=rule.comparator, known=", ".join(COMPARATORS))
        )
    if measure.kind in ("boolean", "text") and rule.comparator not in ("=", "<>"):
        raise ExpressionError(bilingual("engine.kind_without_order", kind=term(measure.kind)))
    if measure.kind == "list":
        raise ExpressionError(bilingual("engine.list_not_comparable"))


def _require_matching_unit(rule: Rule, measure: TypedExpression, limit: TypedExpression) -> None:
    """The unit shown with the verdict is the one that is measured."""
    if measure.kind == "date" and rule.unit not in ("", "date"):
        raise ExpressionError(bilingual("engine.unit_of_a_date", unit=rule.unit))
    for part, typed in (("measure", measure), ("limit", limit)):
        if typed.kind == "number" and rule.unit and typed.unit not in (None, rule.unit):
            raise ExpressionError(
                bilingual("engine.unit_differs", unit=rule.unit, part=term(part), part_unit=typed.unit)
            )


def _find_collect_table(scope: Scope, cells: _TypedCells) -> str | None:
    """The table with hit policy `collect` that the limit reads. Raises ExpressionError where it may not be read."""
    tables = cells.tables
    collect = [table for table in tables if scope.policy.limit_tables[table].hit_policy == "collect"]
    if not collect:
        return None
    if tables != (collect[0],):
        raise ExpressionError(bilingual("engine.collect_table_beside_others", tables=", ".join(tables)))
    if collect[0] in (*cells.scope.lookups, *cells.measure.lookups):
        raise ExpressionError(bilingual("engine.collect_table_outside_limit", table=collect[0]))
    return collect[0]


def _build_version(query: QueryBuilder, cells: _TypedCells) -> CompiledVersion:
    rule, key = cells.rule, f"{cells.rule.rule_id}:{cells.rule.effective_from}"
    scope = replace(cells.scope, sql=query.add_column(f"scope:{key}", cells.scope.sql))
    measure = replace(cells.measure, sql=query.add_column(f"measure:{key}", cells.measure.sql))
    if measure.divisor is not None:
        measure = replace(measure, divisor=query.add_column(f"divisor:{key}", measure.divisor))
    limit = replace(cells.limit, sql=query.add_column(f"limit:{key}", cells.limit.sql))
    hits = [functions.column_reference(HitColumn(table, cells.act.sql.name).name) for table in cells.tables]
    misses = dict(zip(cells.tables, map(_no_row_condition, hits), strict=True))
    return CompiledVersion(
        scope=scope,
        measured=measured_value(measure),
        limit=limit.sql,
        comparison=query.add_column(f"kept:{key}", build_comparison(measure, rule.comparator, limit)),
        scope_uncovered=_uncovered_condition(misses, scope.lookups),
        uncovered=_uncovered_condition(misses, (*measure.lookups, *limit.lookups)),
        divisor=measure.divisor,
        inputs=cells.inputs,
        hits=hits,
        kind=measure.kind,
        bounded_field=cells.bounded_field,
    )


def _no_row_condition(hit: exp.Expr) -> exp.Expr:
    return exp.EQ(this=hit.copy(), expression=functions.sql_literal("number", str(lookups.NO_ROW)))


def _uncovered_condition(misses: dict[str, exp.Expr], tables: tuple[str, ...]) -> exp.Expr | None:
    """Whether one of these tables certainly has no row for the record."""
    return join_by_or([misses[table].copy() for table in dict.fromkeys(tables)]) if tables else None


def _build_collect_version(scope: Scope, cells: _TypedCells, table: str) -> CompiledVersion:
    """Several rows may match: the record must meet each of them; the strictest limit is shown."""
    rule, tests = cells.rule, scope.row_conditions(table, cells.act.sql)
    compared, limits, measures = [], [], []
    for number, test in enumerate(tests):
        names = scope.make_resolver(cells.act, {table: number})
        measure, limit = compile_measure(rule.measure, names), compile_text(rule.limit, names)
        kept = exp.paren(build_comparison(measure, rule.comparator, limit))
        compared.append(exp.Paren(this=exp.Or(this=exp.Not(this=test.copy()), expression=kept)))
        limits.append(exp.Case(ifs=[exp.If(this=test.copy(), true=limit.sql)]))
        measures.append(measure)
    strictest = exp.Greatest if rule.comparator in (">=", ">") else exp.Least
    return CompiledVersion(
        scope=cells.scope,
        measured=measured_value(measures[0]),
        limit=strictest(this=limits[0], expressions=limits[1:], ignore_nulls=True),
        comparison=join_by_and(compared),
        scope_uncovered=None,
        uncovered=lookups.no_match_condition(tests),
        divisor=measures[0].divisor,
        inputs=cells.inputs,
        hits=[
            exp.Case(ifs=[exp.If(this=test.copy(), true=exp.Literal.number(number))])
            for number, test in enumerate(tests)
        ],
        kind=measures[0].kind,
        bounded_field=cells.bounded_field,
    )


def build_comparison(measure: TypedExpression, comparator: str, limit: TypedExpression) -> exp.Expr:
    """The comparison; a ratio by cross-multiplication, so that a loan exactly at the limit is judged exactly."""
    node = COMPARISON_NODES[comparator]
    left, right = exp.paren(measure.sql), exp.paren(limit.sql)
    if measure.divisor is None:
        return node(this=left, expression=right)
    over = functions.multiply_exact(limit.sql, measure.divisor)
    positive = exp.GT(this=exp.paren(measure.divisor), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=positive, true=node(this=left, expression=over))])


def measured_value(measure: TypedExpression) -> exp.Expr:
    """The measured value as shown: a ratio rounded to six decimals, anything else as it is."""
    if measure.divisor is None:
        return measure.sql
    return functions.divide_rounded(measure.sql, measure.divisor)
