"""Calls of functions in expressions: argument kinds and units, choices, and `if`."""

from sqlglot import exp

from data.language import functions
from data.language.expressions import (
    ExpressionError,
    NameResolver,
    TypedExpression,
    did_you_mean,
    require_comparable,
    require_known_code,
)
from data.language.node_checking import combine_operands, compile_of_kind, compile_tree, in_parentheses
from data.messages.catalogue import bilingual, term


def compile_call(tree: exp.Anonymous, names: NameResolver) -> TypedExpression:
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
    parts = [compile_of_kind(a, names, kind) for a, kind in zip(tree.expressions, function.argument_kinds, strict=True)]
    for part, unit in zip(parts, function.argument_units, strict=True):
        if part.kind == "number" and part.unit not in (None, unit):
            raise ExpressionError(
                bilingual("language.takes_not", name=name, value=unit or term("a plain number"), unit=part.unit)
            )
    if name == "has" and parts[0].code_list and parts[1].literal is not None:
        require_known_code(parts[0].code_list, parts[1].literal)
    sql = functions.apply_function(name, [part.sql for part in parts])
    return combine_operands(sql, parts, function.result_kind, function.result_unit)


def _compile_choice(name: str, tree: exp.Anonymous, names: NameResolver) -> TypedExpression:
    if len(tree.expressions) < 2:
        raise ExpressionError(bilingual("language.takes_two_arguments_more", name=name))
    parts = [compile_tree(argument, names) for argument in tree.expressions]
    for part in parts[1:]:
        require_comparable(parts[0], part)
    if name in ("earliest", "latest") and parts[0].kind != "date":
        raise ExpressionError(bilingual("language.takes_dates_use_least", name=name))
    unit = next((part.unit for part in parts if part.unit), None)
    return combine_operands(functions.apply_choice(name, [part.sql for part in parts]), parts, parts[0].kind, unit)


def _compile_if(tree: exp.Anonymous, names: NameResolver) -> TypedExpression:
    if len(tree.expressions) not in (2, 3):
        raise ExpressionError(bilingual("language.if_takes_condition_value"))
    condition = compile_of_kind(tree.expressions[0], names, "boolean")
    values = [compile_tree(value, names) for value in tree.expressions[1:]]
    if len(values) == 2:
        require_comparable(values[0], values[1])
    # An unknown condition gives an unknown value, never the second one.
    branches = [exp.If(this=in_parentheses(condition), true=values[0].sql)]
    if len(values) == 2:
        branches.append(exp.If(this=exp.Not(this=in_parentheses(condition)), true=values[1].sql))
    return combine_operands(exp.Case(ifs=branches), [condition, *values], values[0].kind, values[0].unit)
