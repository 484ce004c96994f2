"""Cells of limit tables as FEEL literals and back; anything of FEEL beyond literals is refused."""

import re
from datetime import date
from decimal import Decimal

from data.language.expressions import KINDS
from data.messages.catalogue import BilingualText, bilingual
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
    """The text is not a FEEL literal, nor a unary test of literals."""

    def __init__(self, message: BilingualText) -> None:
        self.full_message = message
        super().__init__(message)


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
    """FEEL unary tests as a key cell. Raises FeelError for anything beyond literals, comparisons, ranges and not()."""
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
        raise FeelError(error.full_message) from error
    return cell


def _part_from_feel(part: str, kind: str) -> str:
    if kind == "text":
        if part == "null" or not part.startswith('"'):
            raise FeelError(bilingual("decision_tables.feel.not_quoted", text=part[:60]))
        return format_name(unquote_text(part))
    if kind == "date":
        if BARE_DATE.search(part):
            raise FeelError(bilingual("decision_tables.feel.bare_date", text=part[:60]))
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
            raise FeelError(bilingual("decision_tables.feel.not_literal", text=text[:60]))
        if column_type == "integer" and Decimal(text) % 1:
            raise FeelError(bilingual("decision_tables.feel.not_whole_number", text=text))
    except (UnaryTestError, ValueError) as error:
        message = bilingual("decision_tables.feel.not_literal_of_type", text=text[:60], type=TYPE_REFS[kind])
        raise FeelError(message) from error
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
        raise FeelError(bilingual("decision_tables.feel.not_in_force", text=text[:60]))
    return match.group(1), match.group(2)
