"""S5.7 read in plain Python, apart from the engine: what the rule rows are held against."""

import calendar
from datetime import date, timedelta


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def whole_months(start: date, end: date) -> int | None:
    """The number of months n with start + n months = end, if there is one."""
    months = (end.year - start.year) * 12 + end.month - start.month
    return months if add_months(start, months) == end else None


def classify_term(disbursed: date, original: date) -> str:
    if original <= add_months(disbursed, 12):
        return "short"
    return "medium" if original <= add_months(disbursed, 60) else "long"


def latest_permitted(disbursed: date, original: date) -> date:
    kind = classify_term(disbursed, original)
    if kind == "long":
        return add_months(original, 36)
    months = whole_months(disbursed, original)
    days = (original - disbursed).days
    if kind == "short":
        return add_months(original, months) if months is not None else original + timedelta(days=days)
    if months is not None and months % 2 == 0:
        return add_months(original, months // 2)
    return original + timedelta(days=days // 2)


def last_application_date(disbursed: date, original: date, current: date) -> date:
    return current - timedelta(days=10 if classify_term(disbursed, original) == "short" else 20)
