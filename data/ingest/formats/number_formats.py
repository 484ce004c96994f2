"""Number formats of workbooks (0.00%, 0!.0,"万", 00000000): the text of a number where it means another than the value.

A format is of interest where it shows a percentage, divides what it shows, names a unit, or keeps leading zeros.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from data.ingest.parsing import file_vocabulary

TOKEN = re.compile(
    r"""(?P<literal>"[^"]*"|[\\!].)|(?P<space>[_*].)|(?P<bracket>\[[^\]]*\])|(?P<digit>[0#?])|(?P<mark>[.,%@/])"""
    r"""|(?P<exponent>[eE][+-])|(?P<word>general|g/通用格式|am/pm|a/p|上午/下午|[ymdhsbgera]+)|(?P<other>.)""",
    re.IGNORECASE,
)
CURRENCY = re.compile(r"\[\$([^-\]]*)(?:-[^\]]*)?\]")
CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?[\d.]+)\]")
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<>": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
}
AROUND = " ()（）"
POINTS = frozenset(".．")
EXACT_INTEGER = 10**15
PERCENT, SCALED, UNIT, PADDED = "percent", "scaled", "unit", "padded"
BETWEEN_DIGITS = re.compile(r"[ -~年月日]*")
"""What may stand between the digits of a number or a day; 123万4567 is an amount and is left alone."""


@dataclass(frozen=True)
class Section:
    """One part of a format. `parts`: its digits ("0", "#", "?") and literals (of several characters, or quoted).

    `power`: what is shown is the value divided by 10 to this power.
    """

    test: tuple[str, float] | None
    parts: tuple[tuple[str, bool], ...]
    power: int = 0
    is_percent: bool = False
    is_padded: bool = False

    @property
    def kind(self) -> str:
        if self.is_percent or self.power:
            return PERCENT if self.is_percent else SCALED
        return UNIT if self.suffix in _load_units() else PADDED if self.is_padded else ""

    @property
    def suffix(self) -> str:
        """The literal behind the last digit, without the bracket of a negative number."""
        found = ""
        for text, is_digit in self.parts:
            found = "" if is_digit else found + text
        return found.strip(AROUND)


@cache
def _load_units() -> frozenset[str]:
    """Units that change an amount or a rate: 万元, ‰."""
    known = {**file_vocabulary.load_units("money"), **file_vocabulary.load_units("rate")}
    return frozenset(name for name, unit in known.items() if unit.factor != 1)


def changes_meaning(code: str) -> bool:
    """Whether a number under the format may mean another than its value."""
    return any(section.kind for section in parse_format(code))


@cache
def parse_format(code: str) -> tuple[Section, ...]:
    """The sections of a format: for positive numbers, negative ones and nought, or as their conditions say."""
    return tuple(_parse_section(text) for text in _split_sections(code)[:3])


def _split_sections(code: str) -> list[str]:
    sections = [""]
    for found in TOKEN.finditer(code):
        if found[0] == ";":
            sections.append("")
        else:
            sections[-1] += found[0]
    return sections


def _parse_section(text: str) -> Section:
    parts: list[tuple[str, bool]] = []
    marks: list[tuple[str, int]] = []
    is_number = True
    for found in TOKEN.finditer(text):
        kind, token = found.lastgroup, found[0]
        if kind == "digit":
            parts.append((token, True))
        elif kind == "mark":
            marks.append((token, sum(is_digit for _, is_digit in parts)))
        elif kind in ("word", "exponent"):
            is_number = False
        else:
            literal = _read_literal(kind, token)
            parts += [(literal, False)] if literal else []
    condition = CONDITION.search(text)
    test = (condition[1], float(condition[2])) if condition else None
    digits = [symbol for symbol, is_digit in parts if is_digit]
    if not is_number or not digits or any(mark in "@/" for mark, _ in marks):
        return Section(test, tuple(parts))
    given = {mark for mark, _ in marks}
    return Section(
        test,
        tuple(parts),
        _find_power(parts, marks),
        is_percent="%" in given,
        is_padded=digits.count("0") > 1 and "?" not in digits and not given and _may_be_spaced(parts),
    )


def _may_be_spaced(parts: list[tuple[str, bool]]) -> bool:
    places = [at for at, (_, is_digit) in enumerate(parts) if is_digit]
    between = "".join(text for text, is_digit in parts[places[0] : places[-1]] if not is_digit)
    return bool(BETWEEN_DIGITS.fullmatch(between))


def _read_literal(kind: str | None, token: str) -> str:
    if kind == "literal":
        return token[1:-1] if token[0] == '"' else token[1:]
    if kind == "bracket":
        currency = CURRENCY.match(token)
        return currency[1] if currency else ""
    return token if kind == "other" else ""


def _find_power(parts: list[tuple[str, bool]], marks: list[tuple[str, int]]) -> int:
    """Three for each comma behind the last digit before the point, or of all; one for each digit behind a point that
    is only drawn, not one of the number (0!.0000)."""
    count = sum(is_digit for _, is_digit in parts)
    point = next((at for mark, at in marks if mark == "."), count)
    commas = sum(1 for mark, at in marks if mark == "," and at and at in (point, count))
    drawn = 0
    seen = 0
    for text, is_digit in parts:
        seen += is_digit
        if not is_digit and text in POINTS and 0 < seen < point:
            drawn = point - seen
    return 3 * commas + drawn


def show_number(code: str, value: float) -> tuple[str, str, int] | None:
    """The kind of the format, the number as text, and the power it is divided by; None where it means its value.

    A number that a format divides is given in full, not rounded as the format would.
    """
    section, is_signed = _choose_section(code, value)
    if not section.kind or abs(value) >= EXACT_INTEGER:
        return None
    if section.kind == PERCENT:
        return PERCENT, f"{value * 100:.12g}%", 0
    if section.kind in (SCALED, UNIT):
        return section.kind, f"{_divide(value, section.power)}{section.suffix}", section.power
    if value != int(value):
        return None
    shown = _place_digits(section, abs(int(value)))
    return PADDED, f"-{shown}" if value < 0 and is_signed else shown, 0


def _choose_section(code: str, value: float) -> tuple[Section, bool]:
    """The section for a value, and whether a minus is shown that the section does not write."""
    sections = parse_format(code)
    for section in sections:
        if section.test and COMPARISONS[section.test[0]](value, section.test[1]):
            return section, True
    if any(section.test for section in sections):
        return next((section for section in sections if not section.test), sections[-1]), True
    if value < 0 and len(sections) > 1:
        return sections[1], False
    return sections[2 if value == 0 and len(sections) > 2 else 0], True


def _divide(value: float, power: int) -> str:
    text = f"{Decimal(repr(value)).scaleb(-power):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _place_digits(section: Section, value: int) -> str:
    """The digits in the places of the format, its first place taking what is left over; literals where they stand."""
    places = [symbol for symbol, is_digit in section.parts if is_digit]
    digits = str(value).zfill(len("".join(places).lstrip("#")))
    first = max(len(digits) - len(places) + 1, 0)
    spread = [digits[:first], *digits[first:]] if first else [""] * (len(places) - len(digits)) + list(digits)
    filled = iter(spread)
    return "".join(next(filled) if is_digit else text for text, is_digit in section.parts)
