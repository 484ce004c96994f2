"""Checking expressions: their types and units, and the SQL they become."""

from dataclasses import replace

from sqlglot import exp

from data.language.calls import compile_call
from data.language.expressions import SCALES, ExpressionError, NameResolver, TypedExpression, parse
from data.language.node_checking import HANDLERS, combine_operands, compile_number, compile_tree
from data.language.operators import OPERATORS
from data.messages.catalogue import bilingual

__all__ = ["compile_measure", "compile_text", "compile_tree"]

HANDLERS.update({**OPERATORS, exp.Anonymous: compile_call})


def compile_text(text: str, names: NameResolver) -> TypedExpression:
    """Parse and check; raises ExpressionError."""
    return compile_tree(parse(text), names)


def compile_measure(text: str, names: NameResolver) -> TypedExpression:
    """As compile_text, and the outermost operation may be a division: `sql` is the numerator, `divisor` the rest."""
    tree = parse(text)
    if not isinstance(tree, exp.Div):
        return compile_tree(tree, names)
    over, under = compile_number(tree.this, names), compile_number(tree.expression, names)
    unit = quotient_unit(over, under, tree)
    return replace(combine_operands(over.sql, [over, under], "number", unit), divisor=under.sql)


def quotient_unit(over: TypedExpression, under: TypedExpression, tree: exp.Expr) -> str | None:
    """yuan / yuan is a ratio, yuan / ratio and yuan / count are yuan; yuan / months is an error."""
    if None in (over.unit, under.unit):
        return None
    if over.unit == under.unit:
        return "ratio"
    if under.unit in SCALES:
        return over.unit
    raise ExpressionError(bilingual("language.divides", unit=over.unit, unit2=under.unit)).at_position(tree)
