"""Rules compiled to SQL: one code a rule for every record, and the measured value and limit behind it."""

from dataclasses import dataclass, field, replace

from sqlglot import exp

from data.messages.catalogue import bilingual, term
from policy.decision_tables import lookups
from policy.engine.columns import SubjectColumns
from policy.engine.verdict_codes import CompiledRule, CompiledVersion, assemble_rule, join_by_and, join_by_or
from policy.language import functions
from policy.language.expressions import ExpressionError, TypedExpression, parse, require_comparable
from policy.language.type_checking import compile_measure, compile_text
from policy.model.problem import Problem
from policy.model.records import COMPARATORS, Policy, Rule

COMPARISON_NODES = {"<=": exp.LTE, "<": exp.LT, ">=": exp.GTE, ">": exp.GT, "=": exp.EQ, "<>": exp.NEQ}


@dataclass(eq=False)
class CompiledSubject:
    """All rules of one subject over one set of columns."""

    columns: SubjectColumns
    rules: list[CompiledRule] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def all_problems(self) -> list[Problem]:
        return self.problems + self.columns.problems


_CACHE: dict[tuple[str, str, bool, bool], CompiledSubject] = {}


def compile_subject_cached(
    policy: Policy, subject: str, *, today: bool = False, aggregates_given: bool = False
) -> CompiledSubject:
    """The compiled rules of a subject, remembered by policy version; `given` as for compile_subject."""
    key = (policy.version, subject, today, aggregates_given)
    if key not in _CACHE:
        _CACHE[key] = compile_subject(policy, subject, today=today, aggregates_given=aggregates_given)
    return _CACHE[key]


def drop_from_cache(version: str) -> None:
    """Lets go of what was compiled of a policy that was only tried out."""
    for key in [key for key in _CACHE if key[0] == version]:
        _CACHE.pop(key, None)


def compile_subject(
    policy: Policy, subject: str, *, today: bool = False, aggregates_given: bool = False
) -> CompiledSubject:
    """Compiles every rule of the subject; a rule that cannot be compiled is a problem, not an exception."""
    compiled = CompiledSubject(SubjectColumns(policy, subject, today=today, aggregates_given=aggregates_given))
    for rule_id, versions in policy.rules_of_subject(subject).items():
        parts = [_compile_version(compiled, rule) for rule in versions]
        if all(part is not None for part in parts) and _have_one_kind(compiled, versions, [p for p in parts if p]):
            compiled.rules.append(_assemble_versions(compiled.columns, rule_id, versions, [p for p in parts if p]))
    return compiled


def _have_one_kind(compiled: CompiledSubject, versions: tuple[Rule, ...], parts: list[CompiledVersion]) -> bool:
    """Whether all versions measure the same kind of thing, as one column must; one that does not is a problem."""
    odd = [rule for rule, part in zip(versions, parts, strict=True) if part.kind != parts[0].kind]
    for rule in odd:
        place, kind = rule.place, bilingual("engine.measures_kind_thing_row", row=versions[0].place.row)
        message = bilingual("engine.version", rule=rule.rule_id, kind=kind, kind2=term(parts[0].kind))
        compiled.problems.append(
            Problem("error", place.table, place.row, "measure", message, bilingual("common.use_new_rule_id"))
        )
    return not odd


def _compile_version(compiled: CompiledSubject, rule: Rule) -> CompiledVersion | None:
    cell = "as_of"
    try:
        act = compiled.columns.resolve_act_date(rule.act_date)
        names = compiled.columns.make_resolver(act)
        cell = "scope"
        scope = compile_text(rule.scope or "true", names)
        if scope.kind != "boolean":
            raise ExpressionError(bilingual("common.gives_where_true_false", kind=term(scope.kind)))
        cell = "measure"
        measure = compile_measure(rule.measure, names)
        cell = "limit"
        limit = compile_text(rule.limit, names)
        require_comparable(measure, limit)
        cell = "comparator"
        _require_valid_comparator(rule, measure)
        cell = "unit"
        _require_matching_unit(rule, measure, limit)
        return _build_version(compiled.columns, rule, act, scope, measure, limit)
    except ExpressionError as error:
        place = rule.place
        compiled.problems.append(
            Problem(
                "error",
                place.table,
                place.row,
                cell,
                bilingual("engine.joined", rule=rule.rule_id, said=error.full_message),
                bilingual("common.mend_cell"),
            )
        )
        return None


def _require_valid_comparator(rule: Rule, measure: TypedExpression) -> None:
    if rule.comparator not in COMPARATORS:
        raise ExpressionError(bilingual("engine.none_2", comparator=rule.comparator, known=", ".join(COMPARATORS)))
    if measure.kind in ("boolean", "text") and rule.comparator not in ("=", "<>"):
        raise ExpressionError(bilingual("engine.only_compared", kind=term(measure.kind)))
    if measure.kind == "list":
        raise ExpressionError(bilingual("engine.list_cannot_compared_use"))


def _require_matching_unit(rule: Rule, measure: TypedExpression, limit: TypedExpression) -> None:
    """The unit shown with the verdict is the one that is measured."""
    if measure.kind == "date" and rule.unit not in ("", "date"):
        raise ExpressionError(bilingual("engine.but_measure_date", unit=rule.unit))
    for said, typed in (("measure", measure), ("limit", limit)):
        if typed.kind == "number" and rule.unit and typed.unit not in (None, rule.unit):
            raise ExpressionError(bilingual("engine.but", unit=rule.unit, said=term(said), unit2=typed.unit))


def _build_version(
    columns: SubjectColumns,
    rule: Rule,
    act: TypedExpression,
    scope: TypedExpression,
    measure: TypedExpression,
    limit: TypedExpression,
) -> CompiledVersion:
    asked = tuple(dict.fromkeys((*scope.lookups, *measure.lookups, *limit.lookups)))
    tables = columns.policy.limit_tables
    collect = [table for table in asked if tables[table].hit_policy == "collect"]
    if collect and asked != tuple(collect[:1]):
        raise ExpressionError(bilingual("engine.asks_collect_table_only", known=", ".join(asked)))
    if collect and collect[0] in (*scope.lookups, *measure.lookups):
        raise ExpressionError(bilingual("engine.several_rows_may_answer_only", value=collect[0]))
    bound = _find_bounded_field(rule, measure)
    inputs = tuple(dict.fromkeys((*act.inputs, *scope.inputs, *measure.inputs, *limit.inputs)))
    if collect:
        return _build_collect_version(columns, rule, act, scope, collect[0], inputs, bound)
    key = f"{rule.rule_id}:{rule.effective_from}"
    scope = replace(scope, sql=columns.add_computed(f"scope:{key}", scope.sql))
    measure = replace(measure, sql=columns.add_computed(f"measure:{key}", measure.sql))
    if measure.divisor is not None:
        measure = replace(measure, divisor=columns.add_computed(f"divisor:{key}", measure.divisor))
    limit = replace(limit, sql=columns.add_computed(f"limit:{key}", limit.sql))
    hits = [functions.column_reference(columns.add_hit_column(table, act)) for table in asked]
    misses = dict(zip(asked, map(_no_row_condition, hits), strict=True))
    return CompiledVersion(
        scope,
        measured_value(measure),
        limit.sql,
        columns.add_computed(f"kept:{key}", build_comparison(measure, rule.comparator, limit)),
        _uncovered_condition(misses, scope.lookups),
        _uncovered_condition(misses, (*measure.lookups, *limit.lookups)),
        measure.divisor,
        inputs,
        hits,
        measure.kind,
        bound,
    )


def _assemble_versions(
    columns: SubjectColumns, rule_id: str, versions: tuple[Rule, ...], parts: list[CompiledVersion]
) -> CompiledRule:
    return assemble_rule(columns.resolve_act_date(versions[0].act_date), rule_id, versions, parts)


def _no_row_condition(hit: exp.Expression) -> exp.Expression:
    return exp.EQ(this=hit.copy(), expression=functions.sql_literal("number", str(lookups.NO_ROW)))


def _uncovered_condition(misses: dict[str, exp.Expression], asked: tuple[str, ...]) -> exp.Expression | None:
    """Whether one of the tables asked surely has no row for the record."""
    return join_by_or([misses[table].copy() for table in dict.fromkeys(asked)]) if asked else None


def _find_bounded_field(rule: Rule, measure: TypedExpression) -> str | None:
    """The field that the rule bounds from above: measured as it is, or with a stand-in while it is unknown."""
    plain = isinstance(measure.sql, exp.Column | exp.Coalesce) and measure.inputs
    return measure.inputs[0] if plain and rule.comparator in ("<=", "<") else None


def _build_collect_version(
    columns: SubjectColumns,
    rule: Rule,
    act: TypedExpression,
    scope: TypedExpression,
    table: str,
    inputs: tuple[str, ...],
    bound: str | None,
) -> CompiledVersion:
    """Several rows may answer: each must be kept, the strictest is shown."""
    tests = lookups.row_conditions(columns.parsed_table(table), columns.typed, act.sql)
    compared, limits, measures = [], [], []
    for number, test in enumerate(tests):
        names = columns.make_resolver(act, {table: number})
        measure, limit = compile_measure(rule.measure, names), compile_text(rule.limit, names)
        kept = build_comparison(measure, rule.comparator, limit)
        compared.append(exp.Paren(this=exp.Or(this=exp.Not(this=test.copy()), expression=exp.paren(kept))))
        limits.append(exp.Case(ifs=[exp.If(this=test.copy(), true=limit.sql)]))
        measures.append(measure)
    strictest = exp.Greatest if rule.comparator in (">=", ">") else exp.Least
    hits = [
        exp.Case(ifs=[exp.If(this=test.copy(), true=exp.Literal.number(number))]) for number, test in enumerate(tests)
    ]
    return CompiledVersion(
        scope,
        measured_value(measures[0]),
        strictest(this=limits[0], expressions=limits[1:], ignore_nulls=True),
        join_by_and(compared),
        None,
        lookups.no_match_condition(tests),
        measures[0].divisor,
        inputs,
        hits,
        measures[0].kind,
        bound,
    )


def build_comparison(measure: TypedExpression, comparator: str, limit: TypedExpression) -> exp.Expression:
    """The comparison; a ratio by cross-multiplication, so that a loan exactly at the limit is judged exactly."""
    node = COMPARISON_NODES[comparator]
    left, right = exp.paren(measure.sql), exp.paren(limit.sql)
    if measure.divisor is None:
        return node(this=left, expression=right)
    over = functions.multiply_exact(limit.sql, measure.divisor)
    positive = exp.GT(this=exp.paren(measure.divisor), expression=exp.Literal.number(0))
    return exp.Case(ifs=[exp.If(this=positive, true=node(this=left, expression=over))])


def measured_value(measure: TypedExpression) -> exp.Expression:
    """The measured value as shown: a ratio rounded to six decimals, anything else as it is."""
    if measure.divisor is None:
        return measure.sql
    return functions.divide_rounded(measure.sql, measure.divisor)


def fields_of_rule(rule: Rule) -> list[str]:
    """Every field the rule's cells name, in order: the evidence shown with a verdict."""
    trees = [parse(text) for text in (rule.scope or "true", rule.measure, rule.limit)]
    found = [column.name for tree in trees for column in tree.find_all(exp.Column) if not column.table]
    return list(dict.fromkeys(found))


def limit_tables_of_rule(rule: Rule) -> list[str]:
    """The limit tables the rule asks, in the order in which the compiler numbers their hits."""
    trees = [parse(text) for text in (rule.scope or "true", rule.measure, rule.limit)]
    return list(dict.fromkeys(c.table for tree in trees for c in _columns_in_order(tree) if c.table))


def _columns_in_order(tree: exp.Expression) -> list[exp.Column]:
    return [node for node in tree.walk(bfs=False) if isinstance(node, exp.Column)]
