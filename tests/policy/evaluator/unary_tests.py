"""Unary tests of a decision table's key cells, as DMN writes them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

ValueTest = Callable[[Any], bool]
OPENING, CLOSING = "[(]", "])["
VALUE_KINDS = {
    "money": "number",
    "rate": "number",
    "integer": "number",
    "number": "number",
    "date": "date",
    "boolean": "boolean",
    "text": "text",
    "code": "text",
}


def parse_value(text: str, kind: str) -> Any:
    text = text.strip()
    if kind == "number":
        return Decimal(text)
    if kind == "date":
        return date.fromisoformat(text.removeprefix("date(").removesuffix(")").strip('"'))
    return {"true": True, "false": False}[text] if kind == "boolean" else text.strip('"')


def parse_test(text: str, kind: str) -> ValueTest:
    """One part of a cell: a bound, a range, or a value."""
    if kind in ("number", "date"):
        if text[0] in OPENING and ".." in text:
            low, high = (parse_value(part, kind) for part in text[1:-1].split(".."))
            above = (lambda v: v >= low) if text[0] == "[" else (lambda v: v > low)
            below = (lambda v: v <= high) if text[-1] == "]" else (lambda v: v < high)
            return lambda v: above(v) and below(v)
        for sign, test in (
            ("<=", lambda a, b: a <= b),
            (">=", lambda a, b: a >= b),
            ("<", lambda a, b: a < b),
            (">", lambda a, b: a > b),
        ):
            if text.startswith(sign):
                bound = parse_value(text[len(sign) :], kind)
                return lambda v, test=test, bound=bound: test(v, bound)
    wanted = parse_value(text, kind)
    return lambda v: v == wanted


def parse_cell(text: str, kind: str) -> Callable[[Any], bool | None]:
    """True, False, or None where the value is unknown and the cell asks for it."""
    text = text.strip()
    if text in ("", "-"):
        return lambda _: True
    negated = text.startswith("not(") or text.startswith("not (")
    inner = text[text.index("(") + 1 : text.rindex(")")] if negated else text
    parts = [parse_test(part.strip(), kind) for part in inner.split(",")]
    return lambda v: None if v is None else any(part(v) for part in parts) is not negated
