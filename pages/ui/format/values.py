"""Values of the book and of the policy as people write them, by their unit or their code list."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation

from data import dictionary
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from policy.model.records import Policy

NONE = "none"  # in a cell that lists what is asked for: nothing is


def format_value(value: str | None, unit: str) -> str:
    """A measured value or limit as people write it; a text that is neither number nor date stays as it is."""
    if value is None:
        return numbers.NOTHING
    if value in ("true", "false"):
        return t(f"word.{value}")
    try:
        return numbers.format_day(date.fromisoformat(value))
    except ValueError:
        pass
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if unit == "ratio":
        return numbers.format_share(number)
    if unit == "yuan":
        return numbers.format_amount(number)
    if unit == "year":
        return value
    return f"{numbers.format_number(number)} {format_unit(unit, number)}".strip()


def format_unit(unit: str, number: Decimal | None = None) -> str:
    """What stands behind a number, this one if it is given; a mere count needs no word."""
    many = language.labels_of_kind("unit").get(unit, "")
    return language.labels_of_kind("unit_of_one").get(unit, many) if number == 1 else many


def _look_up_field(policy: Policy, subject: str, name: str) -> tuple[str, str, str]:
    """(label, unit, code list) of a fact or of a field the policy derives."""
    field = dictionary.facts_of_subject(subject).get(name)
    if field:
        return by_language(field.zh, field.en), field.unit, field.code_list or ""
    derived = next((d for d in policy.derived if d.name == name and d.subject == subject), None)
    return (by_language(derived.zh, derived.en), derived.unit, derived.codes.rstrip("?")) if derived else (name, "", "")


def field_label(policy: Policy, subject: str, name: str) -> str:
    return _look_up_field(policy, subject, name)[0]


def format_field_value(policy: Policy, subject: str, name: str, value: str | None) -> str:
    """A fact's value in words: codes by their names, else as `written`."""
    _, unit, code_list = _look_up_field(policy, subject, name)
    return format_codes(value, code_list) if value and code_list else format_value(value, unit)


def format_codes(text: str, code_list: str) -> str:
    """Codes in a text by their names; of several that may stand for each other (a/b), each."""
    labels = language.code_labels(code_list) if code_list else {}
    return t("expression.comma").join(format_code(part, labels) for part in text.split(", "))


def format_code(part: str, labels: dict[str, str]) -> str:
    """A code by its label; of several that may stand for each other (a/b), each."""
    if part in ("true", "false", NONE) and part not in labels:
        return t(f"word.{part}")
    return labels.get(part) or "/".join(labels.get(one, _format_interval(one)) for one in part.split("/"))


def _format_interval(text: str) -> str:
    """A bound or an interval with the signs that people write: ≤ 12, > 12 … ≤ 60."""
    found = re.fullmatch(r"([\[\]()])(.+)\.\.(.+)([\[\]()])", text)
    if not found:
        return text.replace("<=", "≤").replace(">=", "≥")
    opens, low, high, closes = found.groups()
    return f"{'≥' if opens == '[' else '>'} {low} … {'≤' if closes == ']' else '<'} {high}"
