"""What a compiled rule says of a record: one code, and the values behind it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

from sqlglot import exp

from data.language import functions
from data.language.dialects import Engine
from data.language.expressions import TypedExpression
from policy.decision_tables import lookups
from policy.model.records import Rule

PASS, NOT_APPLICABLE, VIOLATION = 0, 1, 2
NOT_IN_FORCE, NO_LIMIT_ROW, ZERO_DIVISOR, UNDETERMINED, MISSING = 4, 5, 6, 7, 10
REASONS = {
    NOT_IN_FORCE: "no_rule_in_force",
    NO_LIMIT_ROW: "no_limit_row",
    ZERO_DIVISOR: "zero_divisor",
    UNDETERMINED: "undetermined",
}
MOST_INPUTS = 200


@dataclass(frozen=True)
class CompiledRule:
    """`code`: PASS, NOT_APPLICABLE, VIOLATION, a key of REASONS, or MISSING + n for the n-th of `inputs`.

    `harmless`: whether the rule applies is unknown, but the record would pass it. `bound`: the field whose upper
    bound the rule states. `hits`: the numbers of the matching limit rows.
    """

    rule_id: str
    versions: tuple[Rule, ...]
    inputs: tuple[str, ...]
    code: exp.Expr
    measured: exp.Expr
    limit: exp.Expr
    hits: exp.Expr
    harmless: exp.Expr
    kind: str
    bounded_field: str | None = None
    is_strict_bound: bool = False

    @property
    def newest_version(self) -> Rule:
        return self.versions[-1]

    @cached_property
    def columns_read(self) -> frozenset[str]:
        """The columns the rule's expressions are made of."""
        return self.verdict_columns | _column_names(self.hits, self.harmless)

    @cached_property
    def verdict_columns(self) -> frozenset[str]:
        """The columns that verdict, measured value and limit are made of."""
        return _column_names(self.code, self.measured, self.limit)

    @cached_property
    def rendered_sql(self) -> "RuleSql":
        """The rule's expressions as SQL text, rendered once."""
        measured, limit = cast_to_text(self.measured, self.kind), cast_to_text(self.limit, self.kind)
        trees = (self.code, measured, limit, self.measured, self.limit, self.hits, self.harmless)
        return RuleSql(*(f"({functions.render(tree)})" for tree in trees))

    def render_verdict_sql(self, engine: Engine) -> tuple[str, str, str]:
        """Code, measured value and limit as text of another engine."""
        trees = (self.code, cast_to_text(self.measured, self.kind), cast_to_text(self.limit, self.kind))
        code, measured, limit = (f"({functions.render(tree, engine)})" for tree in trees)
        return code, measured, limit


@dataclass(frozen=True)
class RuleSql:
    """`measured` and `limit` as shown text, `measured_value` and `limit_value` as they are compared."""

    code: str
    measured: str
    limit: str
    measured_value: str
    limit_value: str
    hits: str
    harmless: str


@dataclass(frozen=True)
class CompiledVersion:
    """One version's parts: three-valued scope and comparison, values, and what each depends on."""

    scope: TypedExpression
    measured: exp.Expr
    limit: exp.Expr
    comparison: exp.Expr
    scope_uncovered: exp.Expr | None
    uncovered: exp.Expr | None
    divisor: exp.Expr | None
    inputs: tuple[str, ...]
    hits: list[exp.Expr]
    kind: str
    bounded_field: str | None


def _column_names(*trees: exp.Expr) -> frozenset[str]:
    return frozenset(column.name for tree in trees for column in tree.find_all(exp.Column))


def join_by_or(tests: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=reduce(lambda a, b: exp.Or(this=a, expression=b), tests))


def join_by_and(tests: Sequence[exp.Expr]) -> exp.Expr:
    return exp.Paren(this=reduce(lambda a, b: exp.And(this=a, expression=b), tests))


def _integer_literal(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def _missing_input_cases(names: tuple[str, ...], inputs: tuple[str, ...]) -> list[exp.If]:
    """The first unknown input is the one reported as missing."""
    return [
        exp.If(
            this=exp.Is(this=functions.column_reference(name), expression=exp.null()),
            true=_integer_literal(MISSING + inputs.index(name)),
        )
        for name in names
    ]


def _code_of_version(version: CompiledVersion, inputs: tuple[str, ...]) -> exp.Expr:
    scope = exp.paren(version.scope.sql)
    compared = exp.paren(version.comparison)
    ifs = [
        exp.If(this=exp.Not(this=scope.copy()), true=_integer_literal(NOT_APPLICABLE)),
        _unknown_scope_case(version, inputs),
    ]
    if version.uncovered is not None:
        ifs.append(exp.If(this=version.uncovered.copy(), true=_integer_literal(NO_LIMIT_ROW)))
    ifs += [
        exp.If(this=compared.copy(), true=_integer_literal(PASS)),
        exp.If(this=exp.Not(this=compared.copy()), true=_integer_literal(VIOLATION)),
    ]
    if version.divisor is not None:
        below = exp.LTE(this=exp.paren(version.divisor), expression=_integer_literal(0))
        ifs.append(exp.If(this=below, true=_integer_literal(ZERO_DIVISOR)))
    return exp.Case(ifs=[*ifs, *_missing_input_cases(version.inputs, inputs)], default=_integer_literal(UNDETERMINED))


def _unknown_scope_case(version: CompiledVersion, inputs: tuple[str, ...]) -> exp.If:
    why = _missing_input_cases(version.scope.inputs, inputs)
    if version.scope_uncovered is not None:
        why.insert(0, exp.If(this=version.scope_uncovered.copy(), true=_integer_literal(NO_LIMIT_ROW)))
    reason = exp.Case(ifs=why, default=_integer_literal(UNDETERMINED)) if why else _integer_literal(UNDETERMINED)
    return exp.If(this=exp.Is(this=exp.paren(version.scope.sql), expression=exp.null()), true=reason)


def assemble_rule(
    act: TypedExpression, rule_id: str, versions: tuple[Rule, ...], parts: list[CompiledVersion]
) -> CompiledRule:
    """One rule of all its versions: the version in force on the day of the act judges."""
    inputs = tuple(dict.fromkeys(name for part in parts for name in part.inputs))[:MOST_INPUTS]
    force = [lookups.in_force_condition(rule.effective_from, rule.effective_to, act.sql) for rule in versions]
    never = join_by_and([exp.Not(this=exp.paren(part.scope.sql)) for part in parts])
    code = exp.Case(
        ifs=[
            *(exp.If(this=f.copy(), true=_code_of_version(p, inputs)) for f, p in zip(force, parts, strict=True)),
            exp.If(this=never, true=_integer_literal(NOT_APPLICABLE)),
            _unknown_act_case(act, inputs),
        ],
        default=_integer_literal(NOT_IN_FORCE),
    )
    return CompiledRule(
        rule_id,
        versions,
        inputs,
        code,
        _select_by_version(force, [part.measured for part in parts]),
        _select_by_version(force, [part.limit for part in parts]),
        _select_by_version(force, [exp.Array(expressions=[h.copy() for h in p.hits] or [exp.null()]) for p in parts]),
        _select_by_version(force, [_harmless_condition(part) for part in parts]),
        parts[-1].kind,
        parts[-1].bounded_field,
        versions[-1].comparator == "<",
    )


def _unknown_act_case(act: TypedExpression, inputs: tuple[str, ...]) -> exp.If:
    """An act may be known though one of its inputs is not (the earlier of two dates)."""
    unknown = exp.Is(this=act.sql.copy(), expression=exp.null())
    return exp.If(this=unknown, true=exp.Case(ifs=_missing_input_cases(act.inputs, inputs)))


def _select_by_version(force: list[exp.Expr], values: list[exp.Expr]) -> exp.Expr:
    if len(values) == 1:
        return values[0]
    return exp.Case(ifs=[exp.If(this=f.copy(), true=v.copy()) for f, v in zip(force, values, strict=True)])


def _harmless_condition(version: CompiledVersion) -> exp.Expr:
    unknown = exp.Is(this=exp.paren(version.scope.sql), expression=exp.null())
    return exp.And(this=exp.paren(unknown), expression=exp.paren(version.comparison))


def cast_to_text(value: exp.Expr, kind: str) -> exp.Expr:
    """A value as text; numbers without the zeros that only their type adds."""
    if kind != "number":
        return functions.cast_to(value, "VARCHAR")
    return functions.plain_number_text(value)
