"""Numbers and dates as people write them, in the language that is on."""

from collections.abc import Callable
from contextvars import ContextVar
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
YUAN = "CNY"
# The least amounts that round to one 万, one 亿 and one billion.
ROUNDED_WAN, ROUNDED_YI, ROUNDED_BILLION = Decimal("9999.5"), 99_995_000, 999_950_000
_currency: ContextVar[str | None] = ContextVar("currency", default=YUAN)


@cache
def _load_locale(code: str) -> Locale:
    """Babel reads a locale given as text anew for every number and day it writes, from the disk."""
    return Locale.parse(code)


def current_locale() -> Locale:
    return _load_locale(LOCALES[language.by_language("zh", "en")])


def format_series(values: pl.Series, write: Callable[[Any], str]) -> pl.Series:
    """Every value written out; on this thread, for Polars' own would not know the language."""
    return pl.Series([write(value) for value in values], dtype=pl.String)


@lru_cache(maxsize=200_000)
def _format_decimal(value: Decimal | float, pattern: str | None, babel_locale: Locale) -> str:
    return format_decimal(value, format=pattern, locale=babel_locale)


@lru_cache(maxsize=200_000)
def _format_percent(value: Decimal | float, babel_locale: Locale) -> str:
    return format_percent(value, format="#,##0.00%", locale=babel_locale)


@lru_cache(maxsize=200_000)
def _format_date(value: date, pattern: str, babel_locale: Locale) -> str:
    return format_date(value, pattern, babel_locale)


def format_count(value: int | None) -> str:
    return NOTHING if value is None else _format_decimal(value, None, current_locale())


def format_amount(value: Decimal | float | None) -> str:
    """Every digit: 1,234,567.80."""
    return NOTHING if value is None else _format_decimal(value, "#,##0.00", current_locale())


def use_currency(code: str | None) -> None:
    """The currency of the amounts of this run; short amounts in yuan name their unit in Chinese."""
    _currency.set(code)


def format_compact_amount(value: Decimal | float | None) -> str:
    """Four digits that count: 4,393元, 1,983万元, 5.30亿元; 4.39K, 123.5M, 3.00B. Without 元 in another currency."""
    if value is None:
        return NOTHING
    value = Decimal(value)
    if language.current_language() == "zh":
        return _format_wan_and_yi(value) + ("元" if _currency.get() == YUAN else "")
    if abs(value) >= ROUNDED_BILLION:
        return f"{value / 10**9:z,.2f}B"
    return format_compact_decimal(value, locale=current_locale(), fraction_digits=_count_decimals(value, group=3))


def _format_wan_and_yi(value: Decimal) -> str:
    """In 万 or 亿, whichever the rounded amount fills; 亿 with two decimals, so that amounts line up."""
    if abs(value) < ROUNDED_WAN:
        return f"{value:z,.0f}"
    if abs(value) >= ROUNDED_YI:
        return f"{value / 10**8:z,.2f}亿"
    digits = f"{value / 10**4:z,.{_count_decimals(value, group=4)}f}"
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}万"


def _count_decimals(value: Decimal, group: int) -> int:
    """Decimals that leave four digits, two at most; `group`: digits from one unit to the next."""
    leading = (len(str(abs(int(value)))) - 1) % group + 1
    return min(2, 4 - leading)


def format_currency(code: str | None) -> str:
    """The name of a currency in Chinese, its letters in English: 人民币, CNY."""
    if code is None:
        return language.t("frame.no_currency")
    return language.by_language(get_currency_name(code, locale=current_locale()), code)


def format_share(value: Decimal | float | None) -> str:
    return NOTHING if value is None else _format_percent(value, current_locale())


def format_point_change(value: float | None) -> str | None:
    """A change of a share in percentage points, signed; None when there is nothing to compare."""
    if value is None:
        return None
    return language.t("change.points", value=_format_decimal(value * 100, "+0.00;-0.00", current_locale()))


def format_number(value: Decimal | float) -> str:
    """With the digits it has: 1,234.5."""
    return _format_decimal(value, "#,##0.######", current_locale())


def format_day(value: date | None) -> str:
    """2026年10月31日, 31 Oct 2026."""
    return NOTHING if value is None else _format_date(value, language.by_language("long", "d MMM y"), current_locale())


def format_month(value: date) -> str:
    """2026年10月, Oct 2026."""
    return _format_date(value, language.by_language("y年M月", "MMM y"), current_locale())


def format_timestamp(value: datetime | None) -> str:
    return NOTHING if value is None else f"{value:%Y-%m-%d %H:%M}"
