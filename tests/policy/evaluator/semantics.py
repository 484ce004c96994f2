"""What operators and functions give for plain Python values; None is unknown, and knows no exceptions."""

import calendar
from collections.abc import Callable
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any

EXACT = Context(prec=400)
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def null_propagating(function: Callable[..., Any]) -> Callable[..., Any]:
    """Unknown as soon as one argument is."""
    return lambda *values: None if any(value is None for value in values) else function(*values)


def conjunction(a: bool | None, b: bool | None) -> bool | None:
    if a is False or b is False:
        return False
    return None if a is None or b is None else True


def disjunction(a: bool | None, b: bool | None) -> bool | None:
    if a is True or b is True:
        return True
    return None if a is None or b is None else False


def negation(a: bool | None) -> bool | None:
    return None if a is None else not a


def between(value: Any, low: Any, high: Any) -> bool | None:
    return conjunction(
        null_propagating(COMPARISONS[">="])(value, low), null_propagating(COMPARISONS["<="])(value, high)
    )


def round_half_up(number: Any) -> int:
    """The nearest whole number, halves away from zero."""
    return int(Decimal(number).quantize(Decimal(1), ROUND_HALF_UP))


def add_months(day: date, months: Any) -> date:
    """The same day of the month, or the month's last where it has no such day."""
    years, month = divmod(day.year * 12 + day.month - 1 + round_half_up(months), 12)
    return date(years, month + 1, min(day.day, calendar.monthrange(years, month + 1)[1]))


def add_days(day: date, days: Any) -> date:
    return day + timedelta(days=round_half_up(days))


def add_term(start: date, end: date, ratio: Any) -> date:
    """The end, and the given share of the term from start to end again."""
    months = (end.year - start.year) * 12 + end.month - start.month
    share = Fraction(ratio) * months
    if add_months(start, months) == end and share.denominator == 1:
        return add_months(end, int(share))
    days = Fraction(ratio) * (end - start).days
    return end + timedelta(days=days.numerator // days.denominator)


def month_end(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def ignoring_nulls(pick: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    """Of the values that are known."""

    def choose(*values: Any) -> Any:
        known = [value for value in values if value is not None]
        return pick(known) if known else None

    return choose


def if_else(condition: bool | None, yes: Any, no: Any = None) -> Any:
    return None if condition is None else yes if condition else no


def missing_items(members: list[str], wanted: str) -> str:
    """The wanted items of which the list has no substitute."""
    return ", ".join(item for item in wanted.split(", ") if not set(item.split("/")) & set(members))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add_months": null_propagating(add_months),
    "add_days": null_propagating(add_days),
    "days_between": null_propagating(lambda a, b: Decimal((b - a).days)),
    "add_term": null_propagating(add_term),
    "month_end": null_propagating(month_end),
    "year": null_propagating(lambda day: Decimal(day.year)),
    "has": null_propagating(lambda members, member: member in members),
    "lacking": null_propagating(missing_items),
    "starts_with": null_propagating(lambda text, start: text.startswith(start)),
    "coalesce": ignoring_nulls(lambda known: known[0]),
    "least": ignoring_nulls(min),
    "earliest": ignoring_nulls(min),
    "greatest": ignoring_nulls(max),
    "latest": ignoring_nulls(max),
    "if": if_else,
}
ARITHMETIC: dict[str, Callable[..., Any]] = {
    "+": null_propagating(lambda a, b: EXACT.add(Decimal(a), Decimal(b))),
    "-": null_propagating(lambda a, b: EXACT.subtract(Decimal(a), Decimal(b))),
    "*": null_propagating(lambda a, b: EXACT.multiply(Decimal(a), Decimal(b))),
    "negative": null_propagating(lambda a: EXACT.minus(Decimal(a))),
}


def exact_ratio(over: Any, under: Any) -> Fraction | None:
    """Exact; unknown where the divisor is zero, negative or unknown."""
    return None if over is None or under is None or under <= 0 else Fraction(over) / Fraction(under)


def format_value(value: Any) -> str | None:
    """A value as it is shown: a ratio to six decimals (from a billion on not at all), numbers without trailing zeros."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Fraction):
        if abs(value) >= 10**9:
            return None
        share = value * 10**6
        nearest = (abs(share) + Fraction(1, 2)).__floor__()
        value = Decimal(nearest if share >= 0 else -nearest).scaleb(-6)
    if isinstance(value, int | Decimal):
        plain = f"{Decimal(value):f}"
        return "0" if value == 0 else plain.rstrip("0").rstrip(".") if "." in plain else plain
    return str(value)
