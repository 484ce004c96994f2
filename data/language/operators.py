"""Columns, literals and operators of expressions: what each may be applied to, its unit, and the SQL it becomes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from data.language import functions
from data.language.expressions import (
    SCALES,
    ExpressionError,
    NameResolver,
    TypedExpression,
    require_comparable,
)
from data.language.node_checking import (
    Handler,
    combine_operands,
    compile_number,
    compile_of_kind,
    compile_tree,
    in_parentheses,
)
from data.messages.catalogue import bilingual


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
        raise ExpressionError(bilingual("language.not_a_number", name=tree.name)) from error
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
        raise ExpressionError(bilingual("language.not_a_date", text=text)) from error


def _compile_paren(tree: exp.Paren, names: NameResolver) -> TypedExpression:
    inner = compile_tree(tree.this, names)
    return replace(inner, sql=in_parentheses(inner))


def _compile_logical(tree: exp.And | exp.Or, names: NameResolver) -> TypedExpression:
    parts = [compile_of_kind(side, names, "boolean") for side in (tree.this, tree.expression)]
    return combine_operands(
        type(tree)(this=in_parentheses(parts[0]), expression=in_parentheses(parts[1])), parts, "boolean"
    )


def _compile_not(tree: exp.Not, names: NameResolver) -> TypedExpression:
    inner = compile_of_kind(tree.this, names, "boolean")
    return combine_operands(exp.Not(this=in_parentheses(inner)), [inner], "boolean")


def _compile_is_null(tree: exp.Is, names: NameResolver) -> TypedExpression:
    if not isinstance(tree.expression, exp.Null):
        raise ExpressionError(bilingual("language.only_null_tests"))
    inner = compile_tree(tree.this, names)
    return combine_operands(exp.Is(this=in_parentheses(inner), expression=exp.null()), [], "boolean")


def _compile_comparison(tree: exp.Binary, names: NameResolver) -> TypedExpression:
    left, right = compile_tree(tree.this, names), compile_tree(tree.expression, names)
    require_comparable(left, right)
    if left.kind == "list":
        raise ExpressionError(bilingual("language.compares_lists_use_list"))
    return combine_operands(
        type(tree)(this=in_parentheses(left), expression=in_parentheses(right)), [left, right], "boolean"
    )


def _compile_between(tree: exp.Between, names: NameResolver) -> TypedExpression:
    parts = [compile_tree(side, names) for side in (tree.this, tree.args["low"], tree.args["high"])]
    for bound in parts[1:]:
        require_comparable(parts[0], bound)
    sql = exp.Between(this=in_parentheses(parts[0]), low=in_parentheses(parts[1]), high=in_parentheses(parts[2]))
    return combine_operands(sql, parts, "boolean")


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
    return combine_operands(
        exp.In(this=in_parentheses(parts[0]), expressions=[p.sql for p in parts[1:]]), parts, "boolean"
    )


def _compile_sum(tree: exp.Add | exp.Sub, names: NameResolver) -> TypedExpression:
    left, right = compile_number(tree.this, names), compile_number(tree.expression, names)
    return add_numbers(type(tree), left, right)


def add_numbers(kind: type[exp.Add] | type[exp.Sub], left: TypedExpression, right: TypedExpression) -> TypedExpression:
    """The sum or difference of two checked numbers of one unit. Raises ExpressionError."""
    require_comparable(left, right)
    sql = kind(this=in_parentheses(left), expression=in_parentheses(right))
    return combine_operands(sql, [left, right], "number", left.unit or right.unit)


def _compile_product(tree: exp.Mul, names: NameResolver) -> TypedExpression:
    left, right = compile_number(tree.this, names), compile_number(tree.expression, names)
    return multiply_numbers(left, right)


def multiply_numbers(left: TypedExpression, right: TypedExpression) -> TypedExpression:
    """The product of two checked numbers, of which at most one has a unit. Raises ExpressionError."""
    if left.unit not in SCALES and right.unit not in SCALES:
        raise ExpressionError(bilingual("language.multiplies", unit=left.unit, unit2=right.unit))
    unit = right.unit if left.unit in SCALES else left.unit
    return combine_operands(functions.multiply_exact(left.sql, right.sql), [left, right], "number", unit)


def _compile_negation(tree: exp.Neg, names: NameResolver) -> TypedExpression:
    inner = compile_number(tree.this, names)
    return combine_operands(exp.Neg(this=in_parentheses(inner)), [inner], "number", inner.unit)


def _reject_division(tree: exp.Div, _: NameResolver) -> TypedExpression:
    raise ExpressionError(bilingual("language.division_may_only_outermost", value=tree.sql()[:60]))


OPERATORS: dict[type[exp.Expr], Handler] = {
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
}
