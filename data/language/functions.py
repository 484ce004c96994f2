"""The functions of the expression language: arguments, units and one meaning each; dialects writes them as SQL."""

from dataclasses import dataclass
from functools import reduce

from sqlglot import exp

from data.language.dialects import WIDE, call_function, cast_to, render

__all__ = [
    "CHOICES",
    "FUNCTIONS",
    "WIDE",
    "FunctionSignature",
    "apply_choice",
    "apply_function",
    "cast_to",
    "column_reference",
    "divide_rounded",
    "multiply_exact",
    "plain_number_text",
    "render",
    "sql_literal",
    "widen_decimal",
]


@dataclass(frozen=True)
class FunctionSignature:
    """Argument kinds and units, result kind and unit."""

    argument_kinds: tuple[str, ...]
    argument_units: tuple[str | None, ...]
    result_kind: str
    result_unit: str | None


FUNCTIONS = {
    # The same day n months on; clipped to the month's end where the month is shorter.
    "add_months": FunctionSignature(("date", "number"), (None, "months"), "date", None),
    "add_days": FunctionSignature(("date", "number"), (None, "days"), "date", None),
    "days_between": FunctionSignature(("date", "date"), (None, None), "number", "days"),
    # end + ratio of the term from start to end: whole calendar months where both are whole, else days rounded down.
    "add_term": FunctionSignature(("date", "date", "number"), (None, None, "ratio"), "date", None),
    "month_end": FunctionSignature(("date",), (None,), "date", None),
    "year": FunctionSignature(("date",), (None,), "number", "year"),
    "has": FunctionSignature(("list", "text"), (None, None), "boolean", None),
    "lacking": FunctionSignature(("list", "text"), (None, None), "text", None),
    "starts_with": FunctionSignature(("text", "text"), (None, None), "boolean", None),
}
# Of any one kind; these skip unknown arguments and are unknown only when all are.
CHOICES = {
    "coalesce": exp.Coalesce,
    "least": exp.Least,
    "greatest": exp.Greatest,
    "earliest": exp.Least,
    "latest": exp.Greatest,
}


def apply_function(name: str, arguments: list[exp.Expr]) -> exp.Expr:
    """A function of FUNCTIONS over its arguments by place."""
    cases = _literal_cases(arguments[1]) if name == "lacking" else None
    if cases is None:
        return call_function(name, *arguments)
    ifs = [
        exp.If(this=test.copy(), true=exp.null() if wanted is None else _missing_items(arguments[0], wanted))
        for test, wanted in cases
    ]
    return exp.Case(ifs=ifs)


def _literal_cases(texts: exp.Expr) -> list[tuple[exp.Expr, str | None]] | None:
    """A text that is one of a few (the cells of a limit column): each with its condition; None for any other text."""
    inner = texts.unnest()
    if not isinstance(inner, exp.Case) or inner.args.get("default") or inner.this:
        return None
    cells = [test.args["true"].unnest() for test in inner.args["ifs"]]
    cells = [cell.this if isinstance(cell, exp.Cast) else cell for cell in cells]
    if not all(isinstance(cell, exp.Null) or (isinstance(cell, exp.Literal) and cell.is_string) for cell in cells):
        return None
    cases = [None if isinstance(cell, exp.Null) else cell.name for cell in cells]
    return list(zip((test.this for test in inner.args["ifs"]), cases, strict=True))


def _missing_items(found: exp.Expr, wanted: str) -> exp.Expr:
    """The items of one list that are missing; several times faster than splitting the text for every record."""
    items = [
        exp.Case(ifs=[exp.If(this=exp.Not(this=_contains_any(found, item.split("/"))), true=sql_literal("text", item))])
        for item in wanted.split(", ")
    ]
    joined = call_function("concat_ws", sql_literal("text", ", "), *items)
    known = exp.Not(this=exp.Is(this=exp.paren(found), expression=exp.null()))
    return exp.Case(ifs=[exp.If(this=known, true=joined)])


def _contains_any(found: exp.Expr, names: list[str]) -> exp.Expr:
    tests = [call_function("has", found, sql_literal("text", name)) for name in names]
    return exp.Paren(this=reduce(lambda a, b: exp.Or(this=a, expression=b), tests))


def apply_choice(name: str, arguments: list[exp.Expr]) -> exp.Expr:
    rest = [argument.copy() for argument in arguments[1:]]
    skips = {} if name == "coalesce" else {"ignore_nulls": True}
    return CHOICES[name](this=arguments[0].copy(), expressions=rest, **skips)


def multiply_exact(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Left times right, with the decimals of both."""
    return widen_decimal(call_function("product", left, right))


def divide_rounded(over: exp.Expr, under: exp.Expr) -> exp.Expr:
    """A ratio as it is shown, to six decimals; unknown unless the divisor is positive."""
    return call_function("quotient", over, under)


def plain_number_text(number: exp.Expr) -> exp.Expr:
    """A number as text without the zeros that only its type adds."""
    return call_function("plain", number)


def widen_decimal(number: exp.Expr) -> exp.Expr:
    """26 digits before the point and 12 behind it: beside any other number it keeps the decimals of both."""
    return cast_to(exp.paren(number), WIDE)


def sql_literal(kind: str, text: str) -> exp.Expr:
    """A checked value as SQL: numbers exact, dates and texts quoted by the generator."""
    if kind == "number":
        return exp.Literal.number(text) if not text.startswith("-") else exp.Neg(this=exp.Literal.number(text[1:]))
    if kind == "date":
        return cast_to(exp.Literal.string(text), "DATE")
    if kind == "boolean":
        return exp.true() if text == "true" else exp.false()
    return exp.Literal.string(text)


def column_reference(name: str) -> exp.Expr:
    return exp.column(name, quoted=True)
