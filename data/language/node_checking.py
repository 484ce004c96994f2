"""What the checking of every kind of node shares: the table of handlers, and how operands are combined."""

from collections.abc import Callable

from sqlglot import exp

from data.language.expressions import ExpressionError, NameResolver, TypedExpression, describe_type
from data.messages.catalogue import bilingual, term

Handler = Callable[..., TypedExpression]  # (tree, names); each takes the one class of node it is listed under
HANDLERS: dict[type[exp.Expr], Handler] = {}  # filled by data.language.type_checking
# What a node of the language is made of; anything more (BETWEEN SYMMETRIC, CAST … FORMAT) is not in it.
_NODE_PARTS = {"this", "expression", "expressions", "low", "high", "to", "is_string", "table", "db", "catalog"}


def compile_tree(tree: exp.Expr, names: NameResolver) -> TypedExpression:
    """The typed expression of a parsed tree. Raises ExpressionError for whatever is not in the language."""
    handler = HANDLERS.get(type(tree))
    try:
        if handler is None or any(value for name, value in tree.args.items() if name not in _NODE_PARTS):
            raise ExpressionError(bilingual("language.not_part_expression_language", value=tree.sql()[:60]))
        return handler(tree, names)
    except ExpressionError as error:
        raise error.at_position(tree) from error


def combine_operands(
    sql: exp.Expr, parts: list[TypedExpression], kind: str, unit: str | None = None
) -> TypedExpression:
    inputs = tuple(dict.fromkeys(name for part in parts for name in part.inputs))
    lookups = tuple(dict.fromkeys(name for part in parts for name in part.lookups))
    return TypedExpression(sql, kind, unit, None, inputs, lookups)


def in_parentheses(typed: TypedExpression) -> exp.Expr:
    return exp.paren(typed.sql, copy=True)


def compile_of_kind(tree: exp.Expr, names: NameResolver, kind: str) -> TypedExpression:
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


def compile_number(tree: exp.Expr, names: NameResolver) -> TypedExpression:
    return compile_of_kind(tree, names, "number")
