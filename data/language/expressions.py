"""The expression language: what an expression may refer to, how its text is read, what may be compared."""

import difflib
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import exp, parser
from sqlglot.dialects.dialect import Dialect

from data.dictionary import Field, codes_of_list, has_code
from data.language import functions
from data.messages.catalogue import BilingualText, bilingual, term

logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # it logs what it refuses; the user gets our message instead
MAX_LENGTH, MAX_NODES = 2000, 300
KINDS = {
    "money": "number",
    "rate": "number",
    "integer": "number",
    "number": "number",
    "date": "date",
    "timestamp": "timestamp",
    "boolean": "boolean",
    "list": "list",
    "text": "text",
    "code": "text",
}
SCALES = (None, "ratio", "count")


class PolicyDialect(Dialect):
    """SQL's grammar without a single built-in function."""

    class Parser(parser.Parser):
        FUNCTIONS = {}
        FUNCTION_PARSERS = {}
        NO_PAREN_FUNCTIONS = {}
        NO_PAREN_FUNCTION_PARSERS = {}


CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class ExpressionError(Exception):
    """The expression cannot be used; the message says why, suggests similar names and gives the character."""

    def __init__(self, message: BilingualText, at: int | None = None) -> None:
        self.message, self.at = message, at
        super().__init__(message)

    @property
    def full_message(self) -> BilingualText:
        """The message, with its place where that is known."""
        if self.at is None:
            return self.message
        open_ended = BilingualText(self.message.removesuffix("."), self.message.zh.removesuffix("。"))
        return bilingual("language.at_character", message=open_ended, at=self.at)

    def __str__(self) -> str:
        return str(self.full_message)

    def at_position(self, tree: exp.Expr) -> "ExpressionError":
        """The same error with the place of the tree, unless it is known more closely."""
        starts = [node.meta["start"] for node in tree.walk() if "start" in node.meta] if self.at is None else []
        return ExpressionError(self.message, min(starts) + 1) if starts else self


@dataclass(frozen=True)
class TypedExpression:
    """A checked expression: its SQL tree, kind, unit (None: fits any), the facts and limit tables it reads."""

    sql: exp.Expr
    kind: str
    unit: str | None = None
    code_list: str | None = None
    inputs: tuple[str, ...] = ()
    lookups: tuple[str, ...] = ()
    divisor: exp.Expr | None = None
    literal: str | None = None


class NameResolver:
    """What the expressions of one subject may refer to: facts and derived fields, and limit tables' columns."""

    def __init__(
        self,
        columns: Mapping[str, TypedExpression],
        limits: Callable[[str, str], TypedExpression | None],
        tables: list[str],
    ) -> None:
        self.columns, self.limits, self.tables = columns, limits, tables

    def resolve_field(self, name: str) -> TypedExpression:
        if name not in self.columns:
            raise ExpressionError(bilingual("language.unknown_field", name=name, near=did_you_mean(name, self.columns)))
        return self.columns[name]

    def resolve_limit(self, table: str, name: str) -> TypedExpression:
        if table not in self.tables:
            raise ExpressionError(
                bilingual("language.unknown_limit_table", table=table, near=did_you_mean(table, self.tables))
            )
        found = self.limits(table, name)
        if found is None:
            raise ExpressionError(bilingual("language.limit_table_no_limit", table=table, name=name))
        return found


def did_you_mean(name: str, known: Iterable[str]) -> str:
    matches = difflib.get_close_matches(name, list(known), n=3)
    return bilingual("language.did_you_mean", known=", ".join(matches)) if matches else ""


def typed_fact(field: Field) -> TypedExpression:
    return TypedExpression(
        functions.column_reference(field.name), KINDS[field.type], field.unit or None, field.code_list, (field.name,)
    )


@lru_cache(maxsize=10_000)
def parse(text: str) -> exp.Expr:
    """The tree of one expression, before it is checked. Raises ExpressionError.

    Remembered, as the compiler, the linter and the evidence read the same cells: to be read, not changed.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(bilingual("language.longer_characters", MAX_LENGTH=MAX_LENGTH))
    if control := CONTROL_CHARACTER.search(text):
        raise ExpressionError(bilingual("language.control_character"), control.start() + 1)
    try:
        trees = sqlglot.parse(text, dialect=PolicyDialect)
        if len(trees) != 1 or trees[0] is None:
            raise ExpressionError(bilingual("language.needs_exactly_expression"))
        nodes = list(trees[0].walk())
    except sqlglot.errors.SqlglotError as error:
        raise _parse_error(text, error) from error
    except RecursionError as error:
        raise ExpressionError(bilingual("language.nested_too_deeply")) from error
    if len(nodes) > MAX_NODES:
        raise ExpressionError(bilingual("language.more_parts", MAX_NODES=MAX_NODES))
    if any(node.comments for node in nodes):
        raise ExpressionError(bilingual("language.comment"))
    return trees[0]


def _parse_error(text: str, error: sqlglot.errors.SqlglotError) -> ExpressionError:
    """sqlglot's error in our words, with the place it gives; or that a quote or comment is not closed."""
    if not isinstance(error, sqlglot.errors.ParseError) or not error.errors:
        return ExpressionError(bilingual("language.cannot_read_expression_quote"))
    first = error.errors[0]
    position = len(first["start_context"] or "") if len(text) < 100 else (first["col"] or 1) - 1
    near_by = (
        bilingual("language.near_text", highlight=first["highlight"])
        if first["highlight"]
        else bilingual("language.its_end")
    )
    return ExpressionError(bilingual("language.cannot_read_expression", near_by=near_by), position + 1)


def require_comparable(left: TypedExpression, right: TypedExpression) -> None:
    """Raises ExpressionError unless the two may be compared or added: same kind, same unit, known codes."""
    if left.kind != right.kind:
        raise ExpressionError(bilingual("language.compares", value=describe_type(left), value2=describe_type(right)))
    if left.kind == "number" and None not in (left.unit, right.unit) and left.unit != right.unit:
        raise ExpressionError(bilingual("language.compares_units", unit=left.unit, unit2=right.unit))
    if left.code_list and right.code_list and left.code_list != right.code_list:
        raise ExpressionError(
            bilingual(
                "language.compares_codes_codes",
                code_list=left.code_list,
                code_list2=right.code_list,
            )
        )
    for coded, other in ((left, right), (right, left)):
        if coded.code_list and other.literal is not None:
            require_known_code(coded.code_list, other.literal)


def require_known_code(code_list: str, code: str) -> None:
    if not has_code(code_list, code):
        known = codes_of_list(code_list)
        raise ExpressionError(
            bilingual(
                "language.unknown_code",
                code=code,
                code_list=code_list,
                near=did_you_mean(code, known),
                known=", ".join(known),
            )
        )


def describe_type(typed: TypedExpression) -> BilingualText:
    kind = term(typed.kind)
    return (
        bilingual("language.kind_in_unit", kind=kind, unit=typed.unit)
        if typed.unit
        else bilingual("language.kind", kind=kind)
    )
