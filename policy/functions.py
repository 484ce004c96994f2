"""The functions of the expression language: one meaning each, rendered as DuckDB SQL here and nowhere else."""

from dataclasses import dataclass
from functools import cache, reduce

import sqlglot
from sqlglot import exp

DIALECT = "duckdb"
WIDE = "DECIMAL(38, 12)"
_WHOLE_MONTHS = "((YEAR(:b) - YEAR(:a)) * 12 + MONTH(:b) - MONTH(:a))"
_ADD_MONTHS = "CAST(:d + TO_MONTHS(CAST(:n AS INTEGER)) AS DATE)"


def _months_after(day: str, months: str) -> str:
    return _ADD_MONTHS.replace(":d", day).replace(":n", months)


_ADD_TERM = f"""CASE
    WHEN {_months_after(":a", _WHOLE_MONTHS)} = :b AND FLOOR({_WHOLE_MONTHS} * :r) = {_WHOLE_MONTHS} * :r
    THEN {_months_after(":b", f"({_WHOLE_MONTHS} * :r)")}
    ELSE :b + CAST(FLOOR((:b - :a) * :r) AS INTEGER) END"""


# The wanted items (`a, b/c`: each may name substitutes) that the list holds none of, in order; '' where none lacks.
_LACKING = """CASE WHEN NOT :l IS NULL THEN ARRAY_TO_STRING(
    LIST_FILTER(STR_SPLIT(:w, ', '), LAMBDA item : NOT LIST_HAS_ANY(:l, STR_SPLIT(item, '/'))), ', ') END"""


@dataclass(frozen=True)
class Function:
    """Argument kinds and units, result kind and unit; `*` as the only argument kind: any number of one kind."""

    arguments: tuple[str, ...]
    units: tuple[str | None, ...]
    result: str
    unit: str | None
    template: str
    places: tuple[str, ...]
    optional: int = 0


FUNCTIONS = {
    # The same day n months on; clipped to the month's end where the month is shorter.
    "add_months": Function(("date", "number"), (None, "months"), "date", None, _ADD_MONTHS, ("d", "n")),
    "add_days": Function(("date", "number"), (None, "days"), "date", None, ":d + CAST(:n AS INTEGER)", ("d", "n")),
    "days_between": Function(("date", "date"), (None, None), "number", "days", "(:b - :a)", ("a", "b")),
    # end + ratio of the term from start to end: whole calendar months where both are whole, else days rounded down.
    "add_term": Function(("date", "date", "number"), (None, None, "ratio"), "date", None, _ADD_TERM, ("a", "b", "r")),
    "month_end": Function(("date",), (None,), "date", None, "LAST_DAY(:d)", ("d",)),
    "year": Function(("date",), (None,), "number", "year", "YEAR(:d)", ("d",)),
    "has": Function(("list", "text"), (None, None), "boolean", None, "LIST_CONTAINS(:l, :x)", ("l", "x")),
    "lacking": Function(("list", "text"), (None, None), "text", None, _LACKING, ("l", "w")),
    "starts_with": Function(("text", "text"), (None, None), "boolean", None, "STARTS_WITH(:t, :p)", ("t", "p")),
}
# Of any one kind; these skip unknown arguments and are unknown only when all are.
CHOICES = {
    "coalesce": exp.Coalesce,
    "least": exp.Least,
    "greatest": exp.Greatest,
    "earliest": exp.Least,
    "latest": exp.Greatest,
}


@cache
def _template(text: str) -> exp.Expression:
    return sqlglot.parse_one(text, dialect=DIALECT)


def fill(template: str, **values: exp.Expression) -> exp.Expression:
    """The template's tree with each `:name` replaced by a tree; text of a user is never pasted."""

    def replace(node: exp.Expression) -> exp.Expression:
        if isinstance(node, exp.Placeholder) and node.name in values:
            return exp.paren(values[node.name].copy(), copy=False)
        return node

    return _template(template).copy().transform(replace, copy=False)


def call(name: str, **values: exp.Expression) -> exp.Expression:
    """A function of FUNCTIONS over its arguments by place."""
    wishes = _known_texts(values["w"]) if name == "lacking" else None
    if wishes is None:
        return fill(FUNCTIONS[name].template, **values)
    ifs = [
        exp.If(this=test.copy(), true=exp.null() if wish is None else _lacking(values["l"], wish))
        for test, wish in wishes
    ]
    return exp.Case(ifs=ifs)


def _known_texts(texts: exp.Expression) -> list[tuple[exp.Expression, str | None]] | None:
    """A text that is one of a few (a cell of the limit row that answers): each with its condition, to look into now."""
    inner = texts.unnest()
    if not isinstance(inner, exp.Case) or inner.args.get("default") or inner.this:
        return None
    cells = [test.args["true"].unnest() for test in inner.args["ifs"]]
    cells = [cell.this if isinstance(cell, exp.Cast) else cell for cell in cells]
    if not all(isinstance(cell, exp.Null) or (isinstance(cell, exp.Literal) and cell.is_string) for cell in cells):
        return None
    wishes = [None if isinstance(cell, exp.Null) else cell.name for cell in cells]
    return list(zip((test.this for test in inner.args["ifs"]), wishes, strict=True))


def _lacking(found: exp.Expression, wish: str) -> exp.Expression:
    """The items of one wish list that are not found; several times quicker than taking the text apart a record."""
    items = [
        exp.Case(ifs=[exp.If(this=exp.Not(this=_any_of(found, item.split("/"))), true=literal("text", item))])
        for item in wish.split(", ")
    ]
    # Not exp.ConcatWs: sqlglot writes that so that one NULL makes the whole NULL.
    joined = exp.Anonymous(this="CONCAT_WS", expressions=[literal("text", ", "), *items])
    known = exp.Not(this=exp.Is(this=exp.paren(found.copy()), expression=exp.null()))
    return exp.Case(ifs=[exp.If(this=known, true=joined)])


def _any_of(found: exp.Expression, names: list[str]) -> exp.Expression:
    tests = [fill(FUNCTIONS["has"].template, l=found, x=literal("text", name)) for name in names]
    return exp.paren(reduce(lambda a, b: exp.Or(this=a, expression=b), tests))


def choose(name: str, arguments: list[exp.Expression]) -> exp.Expression:
    rest = [argument.copy() for argument in arguments[1:]]
    skips = {} if name == "coalesce" else {"ignore_nulls": True}
    return CHOICES[name](this=arguments[0].copy(), expressions=rest, **skips)


def product(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    """Left times right: DuckDB would keep 18 digits, and fail on a large balance times a rate."""
    return wide(fill("CAST(1 AS DECIMAL(19, 0)) * :a * :b", a=left, b=right))


def wide(number: exp.Expression) -> exp.Expression:
    """26 digits before the point and 12 behind it: beside any other number it keeps the decimals of both."""
    return exp.cast(exp.paren(number), WIDE)


def literal(kind: str, text: str) -> exp.Expression:
    """A checked value as SQL: numbers exact, dates and texts quoted by the generator."""
    if kind == "number":
        return exp.Literal.number(text) if not text.startswith("-") else exp.Neg(this=exp.Literal.number(text[1:]))
    if kind == "date":
        return exp.cast(exp.Literal.string(text), "DATE")
    if kind == "boolean":
        return exp.true() if text == "true" else exp.false()
    return exp.Literal.string(text)


def column(name: str) -> exp.Expression:
    return exp.column(name, quoted=True)


def render(tree: exp.Expression) -> str:
    return tree.sql(dialect=DIALECT)
