"""Numbers and dates as people write them, in the language that is on."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

import polars as pl
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal, format_percent, get_currency_name

from pages.ui.i18n import language

LOCALES = {"zh": "zh_CN", "en": "en"}
NOTHING = "—"


@cache
def _parsed(code: str) -> Locale:
    """Babel reads a locale given as text anew for every number and day it writes, from the disk."""
    return Locale.parse(code)


def locale() -> Locale:
    return _parsed(LOCALES[language.pick("zh", "en")])


def texts(values: pl.Series, write: Callable[[Any], str]) -> pl.Series:
    """Every value written out; on this thread, for Polars' own would not know the language."""
    return pl.Series([write(value) for value in values], dtype=pl.String)


@lru_cache(maxsize=200_000)
def _decimal(value: Decimal | float, pattern: str | None, spoken: Locale) -> str:
    return format_decimal(value, format=pattern, locale=spoken)


@lru_cache(maxsize=200_000)
def _percent(value: Decimal | float, spoken: Locale) -> str:
    return format_percent(value, format="#,##0.00%", locale=spoken)


@lru_cache(maxsize=200_000)
def _date(value: date, pattern: str, spoken: Locale) -> str:
    return format_date(value, pattern, spoken)


def count(value: int | None) -> str:
    return NOTHING if value is None else _decimal(value, None, locale())


def amount(value: Decimal | float | None) -> str:
    """Every digit: 1,234,567.80."""
    return NOTHING if value is None else _decimal(value, "#,##0.00", locale())


def compact(value: Decimal | float | None) -> str:
    """Short, four digits that count: 1.23亿, 1983万, 123.5M."""
    if value is None:
        return NOTHING
    group = language.pick(4, 3)  # digits between one unit and the next: 万 亿, K M B
    leading = (len(str(abs(int(value)))) - 1) % group + 1
    return format_compact_decimal(value, locale=locale(), fraction_digits=min(2, 4 - leading))


def currency(code: str | None) -> str:
    """The name of a currency in Chinese, its letters in English: 人民币, CNY."""
    if code is None:
        return language.say("frame.no_currency")
    return language.pick(get_currency_name(code, locale=locale()), code)


def share(value: Decimal | float | None) -> str:
    return NOTHING if value is None else _percent(value, locale())


def points(value: float | None) -> str | None:
    """A change of a share in percentage points, signed; None when there is nothing to compare."""
    if value is None:
        return None
    return language.say("change.points", value=_decimal(value * 100, "+0.00;-0.00", locale()))


def plain(value: Decimal | float) -> str:
    """With the digits it has: 1,234.5."""
    return _decimal(value, "#,##0.######", locale())


def day(value: date | None) -> str:
    """2026年10月31日, 31 Oct 2026."""
    return NOTHING if value is None else _date(value, language.pick("long", "d MMM y"), locale())


def month(value: date) -> str:
    """2026年10月, Oct 2026."""
    return _date(value, language.pick("y年M月", "MMM y"), locale())


def moment(value: datetime | None) -> str:
    return NOTHING if value is None else f"{value:%Y-%m-%d %H:%M}"
