"""Expressions with divisions anywhere among sums and products: one numerator over one divisor, both exact.

Rules divide only outermost (type_checking); what computes a value may divide within, as in balance / (ltv / 100).
"""

from dataclasses import dataclass, replace

from sqlglot import exp

from data.language.expressions import NameResolver, TypedExpression, parse, require_comparable
from data.language.node_checking import combine_operands, compile_of_kind, compile_tree, in_parentheses
from data.language.operators import add_numbers, multiply_numbers
from data.language.type_checking import quotient_unit


@dataclass(frozen=True)
class Fraction:
    """`over` divided by `under` (None: by nothing); unknown where one of `divisors` is nought."""

    over: TypedExpression
    under: TypedExpression | None = None
    divisors: tuple[TypedExpression, ...] = ()
    unit: str | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        parts = (self.over, *self.divisors)
        return tuple(dict.fromkeys(name for part in parts for name in part.inputs))


def compile_fraction(text: str, names: NameResolver) -> Fraction:
    """Parse and check; raises ExpressionError."""
    return _split(parse(text), names)


def _split(tree: exp.Expr, names: NameResolver) -> Fraction:
    if not tree.find(exp.Div):
        whole = compile_tree(tree, names)
        return Fraction(whole, unit=whole.unit)
    if isinstance(tree, exp.Paren):
        return _split(tree.this, names)
    if isinstance(tree, exp.Neg):
        inner = _split(tree.this, names)
        return replace(inner, over=_negate(inner.over))
    if isinstance(tree, exp.Div):
        return _divide(_split_number(tree.this, names), _split_number(tree.expression, names), tree)
    if isinstance(tree, exp.Mul):
        return _multiply(_split_number(tree.this, names), _split_number(tree.expression, names))
    if isinstance(tree, exp.Add | exp.Sub):
        return _add(type(tree), _split_number(tree.this, names), _split_number(tree.expression, names))
    # A division within anything else, which the language refuses with its place.
    whole = compile_tree(tree, names)
    return Fraction(whole, unit=whole.unit)


def _split_number(tree: exp.Expr, names: NameResolver) -> Fraction:
    if tree.find(exp.Div):
        return _split(tree, names)
    whole = compile_of_kind(tree, names, "number")
    return Fraction(whole, unit=whole.unit)


def _negate(typed: TypedExpression) -> TypedExpression:
    return combine_operands(exp.Neg(this=in_parentheses(typed)), [typed], "number", typed.unit)


def _plain(typed: TypedExpression) -> TypedExpression:
    """Without its unit, which the fraction keeps for the whole."""
    return replace(typed, unit=None)


def _times(left: TypedExpression, right: TypedExpression | None) -> TypedExpression:
    return _plain(left) if right is None else multiply_numbers(_plain(left), _plain(right))


def _with_unit(fraction: Fraction) -> TypedExpression:
    return replace(fraction.over, unit=fraction.unit)


def _multiply(left: Fraction, right: Fraction) -> Fraction:
    unit = multiply_numbers(_with_unit(left), _with_unit(right)).unit
    under = _times(left.under, right.under) if left.under else right.under
    return Fraction(_times(left.over, right.over), under, (*left.divisors, *right.divisors), unit)


def _divide(left: Fraction, right: Fraction, tree: exp.Expr) -> Fraction:
    unit = quotient_unit(_with_unit(left), _with_unit(right), tree)
    under = _times(right.over, left.under)
    divisors = (*left.divisors, *right.divisors, right.over)
    return Fraction(_times(left.over, right.under), under, divisors, unit)


def _add(kind: type[exp.Add] | type[exp.Sub], left: Fraction, right: Fraction) -> Fraction:
    require_comparable(_with_unit(left), _with_unit(right))
    over = add_numbers(kind, _times(left.over, right.under), _times(right.over, left.under))
    under = _times(left.under, right.under) if left.under else right.under
    return Fraction(over, under, (*left.divisors, *right.divisors), left.unit or right.unit)
