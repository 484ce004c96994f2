"""Cells of limit tables as FEEL literals and back; anything of FEEL beyond literals is refused."""

import re
from datetime import date
from decimal import Decimal

from policy.decision_tables import unary_tests
from policy.decision_tables.unary_tests import (
    DATE_LITERAL,
    NEGATION,
    UnaryTestError,
    format_name,
    quote_text,
    split_alternatives,
    unquote_text,
)
from policy.language.expressions import KINDS
from policy.model.records import FOREVER

TYPE_REFS = {"number": "number", "date": "date", "boolean": "boolean", "text": "string"}
TYPES = {
    "number": "number",
    "integer": "integer",
    "long": "integer",
    "double": "number",
    "string": "text",
    "boolean": "boolean",
    "date": "date",
}
BARE_DATE = re.compile(r"(?<![\d\"-])([0-9]{4}-[0-9]{2}-[0-9]{2})(?![\d\"-])", re.ASCII)
FEEL_DATE = re.compile(r'date\(\s*"([0-9]{4}-[0-9]{2}-[0-9]{2})"\s*\)|@"([0-9]{4}-[0-9]{2}-[0-9]{2})"', re.ASCII)
FRACTION = re.compile(r"(?<![\w.])(-?)(\.[0-9]+)", re.ASCII)
IN_FORCE = re.compile(r"\[\s*([^\[\]]+?)\s*\.\.\s*([^\[\]]+?)\s*[)\[]\Z")


class FeelError(Exception):
    """The text is no FEEL literal or unary test of literals."""


def key_to_feel(text: str, column_type: str) -> str:
    """A key cell as FEEL unary tests."""
    kind = KINDS[column_type]
    if text in ("", "-"):
        return "-"
    negation = NEGATION.match(text)
    parts = [_part_to_feel(part, kind) for part in split_alternatives(negation.group(1) if negation else text)]
    return f"not({', '.join(parts)})" if negation else ", ".join(parts)


def _part_to_feel(part: str, kind: str) -> str:
    if kind == "text":
        return quote_text(unquote_text(part) if part.startswith('"') else part)
    if kind == "date":
        return BARE_DATE.sub(r'date("\1")', FEEL_DATE.sub(lambda m: m.group(1) or m.group(2), part))
    return part.replace("+", "")


def key_from_feel(text: str, column_type: str) -> str:
    """FEEL unary tests as a key cell. Raises FeelError for what is no literal, comparison, range, list or not()."""
    kind, text = KINDS[column_type], text.strip()
    if text in ("", "-"):
        return "-"
    negation = NEGATION.match(text)
    inner = (negation.group(1) if negation else text).strip()
    if inner.startswith("[") and inner.endswith("]") and ".." not in inner:
        inner = inner[1:-1]
    try:
        parts = [_part_from_feel(part.strip(), kind) for part in split_alternatives(inner)]
        cell = f"not({', '.join(parts)})" if negation else ", ".join(parts)
        unary_tests.parse(cell, kind)
    except UnaryTestError as error:
        raise FeelError(str(error)) from error
    return cell


def _part_from_feel(part: str, kind: str) -> str:
    if kind == "text":
        if part == "null" or not part.startswith('"'):
            raise FeelError(f"'{part[:60]}' is no quoted string.")
        return format_name(unquote_text(part))
    if kind == "date":
        if BARE_DATE.search(part):
            raise FeelError(f"'{part[:60]}' is a subtraction in FEEL; a date is date(\"2024-07-01\").")
        return FEEL_DATE.sub(lambda m: m.group(1) or m.group(2), part)
    return FRACTION.sub(r"\g<1>0\2", part)


def limit_to_feel(text: str, column_type: str) -> str:
    """A limit cell as a FEEL literal; blank is null."""
    kind = KINDS[column_type]
    if not text:
        return "null"
    if kind == "text":
        return quote_text(text)
    return f'date("{text}")' if kind == "date" else text


def limit_from_feel(text: str, column_type: str) -> str:
    """A FEEL literal as a limit cell. Raises FeelError."""
    kind, text = KINDS[column_type], text.strip()
    if text in ("", "null"):
        return ""
    try:
        if kind == "text":
            return unquote_text(text)
        if kind == "date":
            match = DATE_LITERAL.match(text)
            return date.fromisoformat((match.group(1) or match.group(2) or "") if match else "").isoformat()
        text = FRACTION.sub(r"\g<1>0\2", text)
        cell = unary_tests.parse(text, kind)
        single = len(cell.intervals) == 1 and cell.intervals[0].low == cell.intervals[0].high
        if not single and (kind == "number" or text not in ("true", "false")):
            raise FeelError(f"'{text[:60]}' is no literal.")
        if column_type == "integer" and Decimal(text) % 1:
            raise FeelError(f"'{text}' is no whole number.")
    except (UnaryTestError, ValueError) as error:
        raise FeelError(f"'{text[:60]}' is no {TYPE_REFS[kind]} literal.") from error
    return text


def in_force_to_feel(starts: date, ends: date) -> str:
    """[from, to) as a unary test on the date of the act."""
    if ends == FOREVER:
        return f'>= date("{starts}")'
    return f'[date("{starts}")..date("{ends}"))'


def in_force_from_feel(text: str) -> tuple[str, str]:
    """(effective_from, effective_to) of a test on the date of the act. Raises FeelError."""
    plain = FEEL_DATE.sub(lambda m: m.group(1) or m.group(2), text.strip())
    if re.fullmatch(r">=\s*\d{4}-\d{2}-\d{2}", plain, re.ASCII):
        return plain.removeprefix(">=").strip(), ""
    match = IN_FORCE.match(plain)
    if match is None:
        raise FeelError(f"'{text[:60]}' is no [from..to) or >= from.")
    return match.group(1), match.group(2)
