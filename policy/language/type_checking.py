"""Checking expressions: every kind of node the language has, its type and unit, and the SQL it becomes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from data.messages.catalogue import bilingual, term
from policy.language import functions
from policy.language.expressions import (
    SCALES,
    ExpressionError,
    NameResolver,
    TypedExpression,
    describe_type,
    did_you_mean,
    parse,
    require_comparable,
    require_known_code,
)


def compile_tree(tree: exp.Expr, names: NameResolver) -> TypedExpression:
    """The typed expression of a parsed tree. Raises ExpressionError for whatever is not in the language."""
    handler = _HANDLERS.get(type(tree))
    try:
        if handler is None or any(value for name, value in tree.args.items() if name not in _NODE_PARTS):
            raise ExpressionError(bilingual("language.not_part_expression_language", value=tree.sql()[:60]))
        return handler(tree, names)
    except ExpressionError as error:
        raise error.at_position(tree) from error


def compile_text(text: str, names: NameResolver) -> TypedExpression:
    """Parse and check; raises ExpressionError."""
    return compile_tree(parse(text), names)


def compile_measure(text: str, names: NameResolver) -> TypedExpression:
    """As compile_text, and the outermost operation may be a division: `sql` is the numerator, `divisor` the rest."""
    tree = parse(text)
    if not isinstance(tree, exp.Div):
        return compile_tree(tree, names)
    over, under = _compile_number(tree.this, names), _compile_number(tree.expression, names)
    unit = _quotient_unit(over, under, tree)
    return replace(_combine_operands(over.sql, [over, under], "number", unit), divisor=under.sql)


def _quotient_unit(over: TypedExpression, under: TypedExpression, tree: exp.Expr) -> str | None:
    """yuan / yuan is a ratio, yuan / ratio and yuan / count are yuan; yuan / months is an error."""
    if None in (over.unit, under.unit):
        return None
    if over.unit == under.unit:
        return "ratio"
    if under.unit in SCALES:
        return over.unit
    raise ExpressionError(bilingual("language.divides", unit=over.unit, unit2=under.unit)).at_position(tree)


def _combine_operands(
    sql: exp.Expr, parts: list[TypedExpression], kind: str, unit: str | None = None
) -> TypedExpression:
    inputs = tuple(dict.fromkeys(name for part in parts for name in part.inputs))
    lookups = tuple(dict.fromkeys(name for part in parts for name in part.lookups))
    return TypedExpression(sql, kind, unit, None, inputs, lookups)


def _in_parentheses(typed: TypedExpression) -> exp.Expr:
    return exp.paren(typed.sql, copy=True)


def _compile_of_kind(tree: exp.Expr, names: NameResolver, kind: str) -> TypedExpression:
    typed = compile_tree(tree, names)
    if typed.kind != kind:
        raise ExpressionError(
            bilingual(
                "language.where_needed",
                value=tree.sql()[:60],
                value2=describe_type(typed),
                kind=term(kind),
            )
        )
    return typed


def _compile_number(tree: exp.Expr, names: NameResolver) -> TypedExpression:
    return _compile_of_kind(tree, names, "number")


def _compile_column(tree: exp.Column, names: NameResolver) -> TypedExpression:
    if tree.args.get("db") or tree.args.get("catalog"):
        raise ExpressionError(bilingual("language.not_part_expression_language", value=tree.sql()[:60]))
    return names.resolve_limit(tree.table, tree.name) if tree.table else names.resolve_field(tree.name)


def _compile_literal(tree: exp.Literal, _: NameResolver) -> TypedExpression:
    if tree.is_string:
        return TypedExpression(functions.sql_literal("text", tree.name), "text", literal=tree.name)
    try:
        Decimal(tree.name)
    except InvalidOperation as error:
        raise ExpressionError(bilingual("language.no_number", name=tree.name)) from error
    if "e" in tree.name.lower():
        raise ExpressionError(bilingual("language.write_without_exponent", name=tree.name))
    return TypedExpression(functions.sql_literal("number", tree.name), "number", literal=tree.name)


def _compile_boolean(tree: exp.Boolean, _: NameResolver) -> TypedExpression:
    return TypedExpression(tree.copy(), "boolean")


def _compile_date(tree: exp.Cast, _: NameResolver) -> TypedExpression:
    text = tree.this.name if isinstance(tree.this, exp.Literal) and tree.this.is_string else None
    if text is None or not tree.to.is_type("date"):
        raise ExpressionError(bilingual("language.only_date_2024_07"))
    try:
        return TypedExpression(functions.sql_literal("date", date.fromisoformat(text).isoformat()), "date")
    except ValueError as error:
        raise ExpressionError(bilingual("language.no_date", text=text)) from error


def _compile_paren(tree: exp.Paren, names: NameResolver) -> TypedExpression:
    inner = compile_tree(tree.this, names)
    return replace(inner, sql=_in_parentheses(inner))


def _compile_logical(tree: exp.And | exp.Or, names: NameResolver) -> TypedExpression:
    parts = [_compile_of_kind(side, names, "boolean") for side in (tree.this, tree.expression)]
    return _combine_operands(
        type(tree)(this=_in_parentheses(parts[0]), expression=_in_parentheses(parts[1])), parts, "boolean"
    )


def _compile_not(tree: exp.Not, names: NameResolver) -> TypedExpression:
    inner = _compile_of_kind(tree.this, names, "boolean")
    return _combine_operands(exp.Not(this=_in_parentheses(inner)), [inner], "boolean")


def _compile_is_null(tree: exp.Is, names: NameResolver) -> TypedExpression:
    if not isinstance(tree.expression, exp.Null):
        raise ExpressionError(bilingual("language.only_null_not_null"))
    inner = compile_tree(tree.this, names)
    return _combine_operands(exp.Is(this=_in_parentheses(inner), expression=exp.null()), [], "boolean")


def _compile_comparison(tree: exp.Binary, names: NameResolver) -> TypedExpression:
    left, right = compile_tree(tree.this, names), compile_tree(tree.expression, names)
    require_comparable(left, right)
    if left.kind == "list":
        raise ExpressionError(bilingual("language.compares_lists_use_list"))
    return _combine_operands(
        type(tree)(this=_in_parentheses(left), expression=_in_parentheses(right)), [left, right], "boolean"
    )


def _compile_between(tree: exp.Between, names: NameResolver) -> TypedExpression:
    parts = [compile_tree(side, names) for side in (tree.this, tree.args["low"], tree.args["high"])]
    for bound in parts[1:]:
        require_comparable(parts[0], bound)
    sql = exp.Between(this=_in_parentheses(parts[0]), low=_in_parentheses(parts[1]), high=_in_parentheses(parts[2]))
    return _combine_operands(sql, parts, "boolean")


def _compile_in(tree: exp.In, names: NameResolver) -> TypedExpression:
    members = tree.expressions
    if not members or any(tree.args.get(key) for key in ("query", "unnest", "field")):
        raise ExpressionError(bilingual("language.takes_list_values"))
    if not all(isinstance(member, exp.Literal) for member in members):
        raise ExpressionError(bilingual("language.takes_plain_values_only"))
    parts = [compile_tree(tree.this, names), *(compile_tree(member, names) for member in members)]
    for member, written in zip(parts[1:], members, strict=True):
        try:
            require_comparable(parts[0], member)
        except ExpressionError as error:
            raise error.at_position(written) from error
    return _combine_operands(
        exp.In(this=_in_parentheses(parts[0]), expressions=[p.sql for p in parts[1:]]), parts, "boolean"
    )


def _compile_sum(tree: exp.Add | exp.Sub, names: NameResolver) -> TypedExpression:
    left, right = _compile_number(tree.this, names), _compile_number(tree.expression, names)
    require_comparable(left, right)
    return _combine_operands(
        type(tree)(this=_in_parentheses(left), expression=_in_parentheses(right)),
        [left, right],
        "number",
        left.unit or right.unit,
    )


def _compile_product(tree: exp.Mul, names: NameResolver) -> TypedExpression:
    left, right = _compile_number(tree.this, names), _compile_number(tree.expression, names)
    if left.unit not in SCALES and right.unit not in SCALES:
        raise ExpressionError(bilingual("language.multiplies", unit=left.unit, unit2=right.unit))
    unit = right.unit if left.unit in SCALES else left.unit
    return _combine_operands(functions.multiply_exact(left.sql, right.sql), [left, right], "number", unit)


def _compile_negation(tree: exp.Neg, names: NameResolver) -> TypedExpression:
    inner = _compile_number(tree.this, names)
    return _combine_operands(exp.Neg(this=_in_parentheses(inner)), [inner], "number", inner.unit)


def _reject_division(tree: exp.Div, _: NameResolver) -> TypedExpression:
    raise ExpressionError(bilingual("language.division_may_only_outermost", value=tree.sql()[:60]))


def _compile_call(tree: exp.Anonymous, names: NameResolver) -> TypedExpression:
    name = str(tree.this).lower()
    if name == "if":
        return _compile_if(tree, names)
    if name in functions.CHOICES:
        return _compile_choice(name, tree, names)
    if name not in functions.FUNCTIONS:
        known = [*functions.FUNCTIONS, *functions.CHOICES, "if"]
        raise ExpressionError(bilingual("language.unknown_function", name=name, near=did_you_mean(name, known)))
    return _compile_function(name, functions.FUNCTIONS[name], tree, names)


def _compile_function(
    name: str, function: functions.FunctionSignature, tree: exp.Anonymous, names: NameResolver
) -> TypedExpression:
    if len(tree.expressions) != len(function.argument_kinds):
        raise ExpressionError(
            bilingual(
                "language.takes_arguments_not", name=name, n=len(function.argument_kinds), n2=len(tree.expressions)
            )
        )
    parts = [
        _compile_of_kind(a, names, kind) for a, kind in zip(tree.expressions, function.argument_kinds, strict=True)
    ]
    for part, unit in zip(parts, function.argument_units, strict=True):
        if part.kind == "number" and part.unit not in (None, unit):
            raise ExpressionError(
                bilingual("language.takes_not", name=name, value=unit or term("a plain number"), unit=part.unit)
            )
    if name == "has" and parts[0].code_list and parts[1].literal is not None:
        require_known_code(parts[0].code_list, parts[1].literal)
    sql = functions.apply_function(name, [part.sql for part in parts])
    return _combine_operands(sql, parts, function.result_kind, function.result_unit)


def _compile_choice(name: str, tree: exp.Anonymous, names: NameResolver) -> TypedExpression:
    if len(tree.expressions) < 2:
        raise ExpressionError(bilingual("language.takes_two_arguments_more", name=name))
    parts = [compile_tree(argument, names) for argument in tree.expressions]
    for part in parts[1:]:
        require_comparable(parts[0], part)
    if name in ("earliest", "latest") and parts[0].kind != "date":
        raise ExpressionError(bilingual("language.takes_dates_use_least", name=name))
    unit = next((part.unit for part in parts if part.unit), None)
    return _combine_operands(functions.apply_choice(name, [part.sql for part in parts]), parts, parts[0].kind, unit)


def _compile_if(tree: exp.Anonymous, names: NameResolver) -> TypedExpression:
    if len(tree.expressions) not in (2, 3):
        raise ExpressionError(bilingual("language.if_takes_condition_value"))
    condition = _compile_of_kind(tree.expressions[0], names, "boolean")
    values = [compile_tree(value, names) for value in tree.expressions[1:]]
    if len(values) == 2:
        require_comparable(values[0], values[1])
    # An unknown condition gives an unknown value, never the second one.
    branches = [exp.If(this=_in_parentheses(condition), true=values[0].sql)]
    if len(values) == 2:
        branches.append(exp.If(this=exp.Not(this=_in_parentheses(condition)), true=values[1].sql))
    return _combine_operands(exp.Case(ifs=branches), [condition, *values], values[0].kind, values[0].unit)


# What a node of the language is made of; anything more (BETWEEN SYMMETRIC, CAST … FORMAT) is not in it.
_NODE_PARTS = {"this", "expression", "expressions", "low", "high", "to", "is_string", "table", "db", "catalog"}
_HANDLERS: dict[type, Callable[..., TypedExpression]] = {
    exp.Column: _compile_column,
    exp.Literal: _compile_literal,
    exp.Boolean: _compile_boolean,
    exp.Cast: _compile_date,
    exp.Paren: _compile_paren,
    exp.And: _compile_logical,
    exp.Or: _compile_logical,
    exp.Not: _compile_not,
    exp.Is: _compile_is_null,
    exp.In: _compile_in,
    exp.Between: _compile_between,
    exp.EQ: _compile_comparison,
    exp.NEQ: _compile_comparison,
    exp.LT: _compile_comparison,
    exp.LTE: _compile_comparison,
    exp.GT: _compile_comparison,
    exp.GTE: _compile_comparison,
    exp.Add: _compile_sum,
    exp.Sub: _compile_sum,
    exp.Mul: _compile_product,
    exp.Neg: _compile_negation,
    exp.Div: _reject_division,
    exp.Anonymous: _compile_call,
}
