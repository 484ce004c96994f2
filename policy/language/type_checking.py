"""Checking expressions: every kind of node the language has, its type and unit, and the SQL it becomes."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from data.messages.catalogue import bilingual, term
from policy.language import functions
from policy.language.expressions import SCALES, ExpressionError, Names, Typed, comparable, known_code, near, parse, said


def check(tree: exp.Expression, names: Names) -> Typed:
    """The typed expression of a parsed tree. Raises ExpressionError for whatever is not in the language."""
    handler = _HANDLERS.get(type(tree))
    try:
        if handler is None or any(value for name, value in tree.args.items() if name not in _PARTS):
            raise ExpressionError(bilingual("language.not_part_expression_language", value=tree.sql()[:60]))
        return handler(tree, names)
    except ExpressionError as error:
        raise error.standing(tree) from error


def compile_text(text: str, names: Names) -> Typed:
    """Parse and check; raises ExpressionError."""
    return check(parse(text), names)


def compile_measure(text: str, names: Names) -> Typed:
    """As compile_text, and the outermost operation may be a division: `sql` is the numerator, `divisor` the rest."""
    tree = parse(text)
    if not isinstance(tree, exp.Div):
        return check(tree, names)
    over, under = _number(tree.this, names), _number(tree.expression, names)
    unit = _quotient_unit(over, under, tree)
    return replace(_joined(over.sql, [over, under], "number", unit), divisor=under.sql)


def _quotient_unit(over: Typed, under: Typed, tree: exp.Expression) -> str | None:
    """yuan / yuan is a ratio, yuan / ratio and yuan / count are yuan; yuan / months is an error."""
    if None in (over.unit, under.unit):
        return None
    if over.unit == under.unit:
        return "ratio"
    if under.unit in SCALES:
        return over.unit
    raise ExpressionError(bilingual("language.divides", unit=over.unit, unit2=under.unit)).standing(tree)


def _joined(sql: exp.Expression, parts: list[Typed], kind: str, unit: str | None = None) -> Typed:
    inputs = tuple(dict.fromkeys(name for part in parts for name in part.inputs))
    lookups = tuple(dict.fromkeys(name for part in parts for name in part.lookups))
    return Typed(sql, kind, unit, None, inputs, lookups)


def _wrapped(typed: Typed) -> exp.Expression:
    return exp.paren(typed.sql, copy=True)


def _of_kind(tree: exp.Expression, names: Names, kind: str) -> Typed:
    typed = check(tree, names)
    if typed.kind != kind:
        raise ExpressionError(
            bilingual(
                "language.where_needed",
                value=tree.sql()[:60],
                value2=said(typed),
                kind=term(kind),
            )
        )
    return typed


def _number(tree: exp.Expression, names: Names) -> Typed:
    return _of_kind(tree, names, "number")


def _column(tree: exp.Column, names: Names) -> Typed:
    if tree.args.get("db") or tree.args.get("catalog"):
        raise ExpressionError(bilingual("language.not_part_expression_language", value=tree.sql()[:60]))
    return names.limit(tree.table, tree.name) if tree.table else names.column(tree.name)


def _literal(tree: exp.Literal, _: Names) -> Typed:
    if tree.is_string:
        return Typed(functions.literal("text", tree.name), "text", literal=tree.name)
    try:
        Decimal(tree.name)
    except InvalidOperation as error:
        raise ExpressionError(bilingual("language.no_number", name=tree.name)) from error
    if "e" in tree.name.lower():
        raise ExpressionError(bilingual("language.write_without_exponent", name=tree.name))
    return Typed(functions.literal("number", tree.name), "number", literal=tree.name)


def _boolean(tree: exp.Boolean, _: Names) -> Typed:
    return Typed(tree.copy(), "boolean")


def _date(tree: exp.Cast, _: Names) -> Typed:
    text = tree.this.name if isinstance(tree.this, exp.Literal) and tree.this.is_string else None
    if text is None or not tree.to.is_type("date"):
        raise ExpressionError(bilingual("language.only_date_2024_07"))
    try:
        return Typed(functions.literal("date", date.fromisoformat(text).isoformat()), "date")
    except ValueError as error:
        raise ExpressionError(bilingual("language.no_date", text=text)) from error


def _paren(tree: exp.Paren, names: Names) -> Typed:
    inner = check(tree.this, names)
    return replace(inner, sql=_wrapped(inner))


def _logical(tree: exp.And | exp.Or, names: Names) -> Typed:
    parts = [_of_kind(side, names, "boolean") for side in (tree.this, tree.expression)]
    return _joined(type(tree)(this=_wrapped(parts[0]), expression=_wrapped(parts[1])), parts, "boolean")


def _not(tree: exp.Not, names: Names) -> Typed:
    inner = _of_kind(tree.this, names, "boolean")
    return _joined(exp.Not(this=_wrapped(inner)), [inner], "boolean")


def _is(tree: exp.Is, names: Names) -> Typed:
    if not isinstance(tree.expression, exp.Null):
        raise ExpressionError(bilingual("language.only_null_not_null"))
    inner = check(tree.this, names)
    return _joined(exp.Is(this=_wrapped(inner), expression=exp.null()), [], "boolean")


def _comparison(tree: exp.Binary, names: Names) -> Typed:
    left, right = check(tree.this, names), check(tree.expression, names)
    comparable(left, right)
    if left.kind == "list":
        raise ExpressionError(bilingual("language.compares_lists_use_list"))
    return _joined(type(tree)(this=_wrapped(left), expression=_wrapped(right)), [left, right], "boolean")


def _between(tree: exp.Between, names: Names) -> Typed:
    parts = [check(side, names) for side in (tree.this, tree.args["low"], tree.args["high"])]
    for bound in parts[1:]:
        comparable(parts[0], bound)
    sql = exp.Between(this=_wrapped(parts[0]), low=_wrapped(parts[1]), high=_wrapped(parts[2]))
    return _joined(sql, parts, "boolean")


def _in(tree: exp.In, names: Names) -> Typed:
    members = tree.expressions
    if not members or any(tree.args.get(key) for key in ("query", "unnest", "field")):
        raise ExpressionError(bilingual("language.takes_list_values"))
    if not all(isinstance(member, exp.Literal) for member in members):
        raise ExpressionError(bilingual("language.takes_plain_values_only"))
    parts = [check(tree.this, names), *(check(member, names) for member in members)]
    for member, written in zip(parts[1:], members, strict=True):
        try:
            comparable(parts[0], member)
        except ExpressionError as error:
            raise error.standing(written) from error
    return _joined(exp.In(this=_wrapped(parts[0]), expressions=[p.sql for p in parts[1:]]), parts, "boolean")


def _sum(tree: exp.Add | exp.Sub, names: Names) -> Typed:
    left, right = _number(tree.this, names), _number(tree.expression, names)
    comparable(left, right)
    return _joined(
        type(tree)(this=_wrapped(left), expression=_wrapped(right)), [left, right], "number", left.unit or right.unit
    )


def _product(tree: exp.Mul, names: Names) -> Typed:
    left, right = _number(tree.this, names), _number(tree.expression, names)
    if left.unit not in SCALES and right.unit not in SCALES:
        raise ExpressionError(bilingual("language.multiplies", unit=left.unit, unit2=right.unit))
    unit = right.unit if left.unit in SCALES else left.unit
    return _joined(functions.product(left.sql, right.sql), [left, right], "number", unit)


def _negative(tree: exp.Neg, names: Names) -> Typed:
    inner = _number(tree.this, names)
    return _joined(exp.Neg(this=_wrapped(inner)), [inner], "number", inner.unit)


def _division(tree: exp.Div, _: Names) -> Typed:
    raise ExpressionError(bilingual("language.division_may_only_outermost", value=tree.sql()[:60]))


def _call(tree: exp.Anonymous, names: Names) -> Typed:
    name = str(tree.this).lower()
    if name == "if":
        return _if(tree, names)
    if name in functions.CHOICES:
        return _choice(name, tree, names)
    if name not in functions.FUNCTIONS:
        known = [*functions.FUNCTIONS, *functions.CHOICES, "if"]
        raise ExpressionError(bilingual("language.unknown_function", name=name, near=near(name, known)))
    return _function(name, functions.FUNCTIONS[name], tree, names)


def _function(name: str, function: functions.Function, tree: exp.Anonymous, names: Names) -> Typed:
    if len(tree.expressions) != len(function.arguments):
        raise ExpressionError(
            bilingual("language.takes_arguments_not", name=name, n=len(function.arguments), n2=len(tree.expressions))
        )
    parts = [_of_kind(a, names, kind) for a, kind in zip(tree.expressions, function.arguments, strict=True)]
    for part, unit in zip(parts, function.units, strict=True):
        if part.kind == "number" and part.unit not in (None, unit):
            raise ExpressionError(
                bilingual("language.takes_not", name=name, value=unit or term("a plain number"), unit=part.unit)
            )
    if name == "has" and parts[0].code_list and parts[1].literal is not None:
        known_code(parts[0].code_list, parts[1].literal)
    sql = functions.function(name, [part.sql for part in parts])
    return _joined(sql, parts, function.result, function.unit)


def _choice(name: str, tree: exp.Anonymous, names: Names) -> Typed:
    if len(tree.expressions) < 2:
        raise ExpressionError(bilingual("language.takes_two_arguments_more", name=name))
    parts = [check(argument, names) for argument in tree.expressions]
    for part in parts[1:]:
        comparable(parts[0], part)
    if name in ("earliest", "latest") and parts[0].kind != "date":
        raise ExpressionError(bilingual("language.takes_dates_use_least", name=name))
    unit = next((part.unit for part in parts if part.unit), None)
    return _joined(functions.choose(name, [part.sql for part in parts]), parts, parts[0].kind, unit)


def _if(tree: exp.Anonymous, names: Names) -> Typed:
    if len(tree.expressions) not in (2, 3):
        raise ExpressionError(bilingual("language.if_takes_condition_value"))
    condition = _of_kind(tree.expressions[0], names, "boolean")
    values = [check(value, names) for value in tree.expressions[1:]]
    if len(values) == 2:
        comparable(values[0], values[1])
    # An unknown condition gives an unknown value, never the second one.
    branches = [exp.If(this=_wrapped(condition), true=values[0].sql)]
    if len(values) == 2:
        branches.append(exp.If(this=exp.Not(this=_wrapped(condition)), true=values[1].sql))
    return _joined(exp.Case(ifs=branches), [condition, *values], values[0].kind, values[0].unit)


# What a node of the language is made of; anything more (BETWEEN SYMMETRIC, CAST … FORMAT) is not in it.
_PARTS = {"this", "expression", "expressions", "low", "high", "to", "is_string", "table", "db", "catalog"}
_HANDLERS: dict[type, Callable[..., Typed]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: _boolean,
    exp.Cast: _date,
    exp.Paren: _paren,
    exp.And: _logical,
    exp.Or: _logical,
    exp.Not: _not,
    exp.Is: _is,
    exp.In: _in,
    exp.Between: _between,
    exp.EQ: _comparison,
    exp.NEQ: _comparison,
    exp.LT: _comparison,
    exp.LTE: _comparison,
    exp.GT: _comparison,
    exp.GTE: _comparison,
    exp.Add: _sum,
    exp.Sub: _sum,
    exp.Mul: _product,
    exp.Neg: _negative,
    exp.Div: _division,
    exp.Anonymous: _call,
}
