"""The only place that knows SQL dialects: one tree of the policy language, written for each engine it runs on.

A tree is made of plain nodes and of calls (`call`) of functions that have one meaning on every engine. `_TEMPLATES`
says how each engine computes it. On an engine that is not the book's own nothing else passes: an unknown node or
function would be written as it is, and mean something else there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.dialects.spark import Spark
from sqlglot.generators.duckdb import DuckDBGenerator
from sqlglot.generators.spark import SparkGenerator

WIDE = "DECIMAL(38, 12)"
_MARK = "\0"
_WHOLE_MONTHS = "((YEAR(:b) - YEAR(:a)) * 12 + MONTH(:b) - MONTH(:a))"


class DialectError(Exception):
    """A tree holds what has no meaning agreed on for the engine; a fault of ours, not of the policy."""


@dataclass(frozen=True)
class Engine:
    """An engine that rules run on. `relation`: the facts of a subject at the day of judgement, and of these `:only`."""

    name: str
    relation_template: str

    def facts_sql(self, subject: str, only: str = "") -> str:
        return self.relation_template.replace(":subject", subject).replace(":only", only)


BOOK = Engine("duckdb", "(SELECT * FROM facts_:subject WHERE as_of = $as_of:only)")
CLUSTER = Engine("spark", "facts_:subject")
ENGINES = {engine.name: engine for engine in (BOOK, CLUSTER)}


def _make_month_adder(months: str) -> Callable[[str, str], str]:
    return lambda day, number: months.replace(":d", day).replace(":n", number)


# A day that no calendar has is unknown: one value far off must not stop the query of all records.
_CALENDAR = "NULLIF(GREATEST(NULLIF(LEAST(TRY({}), DATE '10000-01-01'), DATE '10000-01-01'), {first}), {first})"
_BOOK_MONTHS = _CALENDAR.format("CAST(:d + TO_MONTHS(TRY_CAST(:n AS INTEGER)) AS DATE)", first="DATE '0001-01-01'")
_BOOK_DAYS = _CALENDAR.format(":d + TRY_CAST(:n AS INTEGER)", first="DATE '0001-01-01'")
# A cast cuts a half off here; the book's rounds it away from zero.
_CLUSTER_MONTHS = "ADD_MONTHS(:d, CAST(ROUND(:n, 0) AS INT))"


def _build_term_template(after: Callable[[str, str], str], by_days: str) -> str:
    return f"""CASE
    WHEN {after(":a", _WHOLE_MONTHS)} = :b AND FLOOR({_WHOLE_MONTHS} * :r) = {_WHOLE_MONTHS} * :r
    THEN {after(":b", f"({_WHOLE_MONTHS} * :r)")}
    ELSE {by_days} END"""


# The wanted items (`a, b/c`: each may name substitutes) that the list holds none of, in order; '' where none lacks.
_BOOK_LACKING = """CASE WHEN NOT :l IS NULL THEN ARRAY_TO_STRING(
    LIST_FILTER(STR_SPLIT(:w, ', '), LAMBDA item : NOT LIST_HAS_ANY(:l, STR_SPLIT(item, '/'))), ', ') END"""
_CLUSTER_LACKING = """CASE WHEN NOT :l IS NULL THEN ARRAY_JOIN(FILTER(SPLIT(:w, ', '),
    item -> NOT EXISTS(SPLIT(item, '/'), wish -> EXISTS(:l, held -> held <=> wish))), ', ') END"""
# To six decimals, a half away from zero, exactly: the whole number of millionths that binary numbers give is put right
# by what it leaves over. NULL from a billion on, where it might be further off than by one.
_REMAINDER = f"(2 * (CAST(:a AS {WIDE}) * 1000000 - :q * CAST(:b AS {WIDE})))"
_QUOTIENT = f"""CASE WHEN :b > 0 AND ABS(:a) < CAST(1000000000 AS DECIMAL(19, 0)) * :b THEN CAST(:q + CASE
    WHEN {_REMAINDER} > :b OR ({_REMAINDER} = :b AND :a > 0) THEN 1
    WHEN {_REMAINDER} < -:b OR ({_REMAINDER} = -:b AND :a < 0) THEN -1
    ELSE 0 END AS DECIMAL(19, 0)) * CAST(0.000001 AS DECIMAL(7, 6)) END""".replace(
    ":q", "CAST(ROUND(CAST(:a AS DOUBLE) / CAST(:b AS DOUBLE) * 1000000, 0) AS BIGINT)"
)
# A number as text without the zeros that only its type adds.
_BOOK_PLAIN = "REGEXP_REPLACE(REGEXP_REPLACE(CAST(:v AS VARCHAR), '(\\.[0-9]*[1-9])0+$', '\\1'), '\\.0*$', '')"
_CLUSTER_PLAIN = "REGEXP_REPLACE(REGEXP_REPLACE(CAST(:v AS STRING), '([.][0-9]*[1-9])0+$', '$1'), '[.]0*$', '')"
# Every function: its places in order, and its text on the book's engine and on the cluster's.
_TEMPLATES: dict[str, tuple[str, str, str]] = {
    "add_months": ("dn", _BOOK_MONTHS, _CLUSTER_MONTHS),
    "add_days": ("dn", _BOOK_DAYS, "DATE_ADD(:d, CAST(ROUND(:n, 0) AS INT))"),
    "days_between": ("ab", "(:b - :a)", "DATEDIFF(:b, :a)"),
    "add_term": (
        "abr",
        _build_term_template(
            _make_month_adder(_BOOK_MONTHS),
            _BOOK_DAYS.replace(":d", ":b").replace(":n", "FLOOR((:b - :a) * :r)"),
        ),
        _build_term_template(
            _make_month_adder(_CLUSTER_MONTHS), "DATE_ADD(:b, CAST(FLOOR(DATEDIFF(:b, :a) * :r) AS INT))"
        ),
    ),
    "month_end": ("d", "LAST_DAY(:d)", "LAST_DAY(:d)"),
    "year": ("d", "YEAR(:d)", "YEAR(:d)"),
    "has": ("lx", "LIST_CONTAINS(:l, :x)", "CASE WHEN NOT :x IS NULL THEN EXISTS(:l, held -> held <=> :x) END"),
    "lacking": ("lw", _BOOK_LACKING, _CLUSTER_LACKING),
    "starts_with": ("tp", "STARTS_WITH(:t, :p)", "STARTSWITH(:t, :p)"),
    # The book's engine would keep 18 digits, and fail on a large balance times a rate.
    "product": ("ab", "CAST(1 AS DECIMAL(19, 0)) * :a * :b", "CAST(1 AS DECIMAL(19, 0)) * :a * :b"),
    "quotient": ("ab", _QUOTIENT, _QUOTIENT),
    "plain": ("v", _BOOK_PLAIN, _CLUSTER_PLAIN),
}
# Any number of arguments, the unknown ones left out; by the same name on both.
_VARIADIC = {"concat_ws"}
_PLAIN_NODES = (
    exp.Column,
    exp.Identifier,
    exp.Literal,
    exp.Boolean,
    exp.Null,
    exp.Cast,
    exp.DataType,
    exp.DataTypeParam,
    exp.Paren,
    exp.And,
    exp.Or,
    exp.Not,
    exp.Is,
    exp.In,
    exp.Between,
    exp.EQ,
    exp.NEQ,
    exp.LT,
    exp.LTE,
    exp.GT,
    exp.GTE,
    exp.Add,
    exp.Sub,
    exp.Neg,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Least,
    exp.Greatest,
    exp.Array,
)


def call_function(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function of one meaning over trees; what it is on an engine is decided when the tree is written."""
    if name not in _TEMPLATES and name not in _VARIADIC:
        raise DialectError(f"there is no function '{name}'.")
    return exp.Anonymous(this=name, expressions=[argument.copy() for argument in arguments])


@cache
def _parse_template(text: str, engine: Engine) -> exp.Expr:
    return sqlglot.parse_one(text, dialect=engine.name)


def _make_call_writer(engine: Engine) -> Callable[[sqlglot.Generator, exp.Expr], str]:
    def write(generator: sqlglot.Generator, node: exp.Expr) -> str:
        name = str(node.this)
        if name in _VARIADIC:
            return f"{name.upper()}({generator.expressions(node, flat=True)})"
        if name in _TEMPLATES:
            return _render_call(generator, engine, name, node.expressions)
        # A function of a template of the book's engine, which sqlglot has no node for.
        return generator.func(name, *node.expressions, normalize=False)

    return write


def _render_call(generator: sqlglot.Generator, engine: Engine, name: str, arguments: list[exp.Expr]) -> str:
    """Each argument is written once, however often the template has its place."""
    written = {place: f"({generator.sql(each)})" for place, each in zip(_TEMPLATES[name][0], arguments, strict=True)}
    texts = _split_template(name, engine)
    return "".join(written[text] if number % 2 else text for number, text in enumerate(texts))


@cache
def _split_template(name: str, engine: Engine) -> list[str]:
    """The text of a function's template cut at its places: text, place, text, place … text."""

    template = _parse_template(_TEMPLATES[name][1 if engine is BOOK else 2], engine).copy()
    for node in list(template.find_all(exp.Placeholder)):
        node.replace(exp.var(f"{_MARK}{node.name}{_MARK}"))
    return template.sql(dialect=_DIALECTS[engine]).split(_MARK)


def _render_least(generator: sqlglot.Generator, node: exp.Expr) -> str:
    """Of one alone there is nothing to choose, and this engine takes no fewer than two."""
    parts = [generator.sql(part) for part in (node.this, *node.expressions)]
    return f"{node.key.upper()}({', '.join(parts)})" if len(parts) > 1 else f"({parts[0]})"


class BookDialect(DuckDB):
    """The trees as the book's engine reads them."""

    class Generator(DuckDBGenerator):
        TRANSFORMS = {**DuckDBGenerator.TRANSFORMS, exp.Anonymous: _make_call_writer(BOOK)}


class ClusterDialect(Spark):
    """The trees as the cluster's engine reads them."""

    class Generator(SparkGenerator):
        TRANSFORMS = {
            **SparkGenerator.TRANSFORMS,
            exp.Anonymous: _make_call_writer(CLUSTER),
            exp.Least: _render_least,
            exp.Greatest: _render_least,
        }


_DIALECTS = {BOOK: BookDialect, CLUSTER: ClusterDialect}


def render(tree: exp.Expr, engine: Engine = BOOK) -> str:
    """The text of a tree for an engine. Raises DialectError for what is not agreed on for a foreign one."""
    if engine is not BOOK:
        _require_portable(tree)
    return tree.sql(dialect=_DIALECTS[engine])


def _require_portable(tree: exp.Expr) -> None:
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            known = str(node.this) in _TEMPLATES or str(node.this) in _VARIADIC
        else:
            known = type(node) in _PLAIN_NODES
        if not known:
            raise DialectError(f"'{node.sql(dialect=BOOK.name)[:60]}' has no meaning agreed on for every engine.")


@cache
def _parse_type(sql_type: str) -> exp.DataType:
    """Parsed once: a policy casts thousands of times."""
    return exp.DataType.build(sql_type, dialect=BOOK.name)


def cast_to(tree: exp.Expr, sql_type: str) -> exp.Expr:
    """A cast to a type of the data dictionary."""
    return exp.cast(tree, _parse_type(sql_type), dialect=BOOK.name)


def type_name(sql_type: str, engine: Engine) -> str:
    """A type of the data dictionary as an engine calls it; a timestamp is of no time zone."""
    if engine is BOOK or sql_type != "TIMESTAMP":
        return _parse_type(sql_type).sql(dialect=engine.name)
    return "TIMESTAMP_NTZ"


def quote_identifier(name: str, engine: Engine = BOOK) -> str:
    """A column name that came from a table, safe to use in SQL."""
    quote = '"' if engine is BOOK else "`"
    return quote + name.replace(quote, quote * 2) + quote
