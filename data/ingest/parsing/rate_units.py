"""Units of rates: percent, per mille or per ten thousand, of a year, a month or a day."""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

import polars as pl

from data import dictionary
from data.dictionary import Field
from data.ingest.parsing import file_vocabulary
from data.ingest.parsing.blank_cells import ParseNote, build_notes
from data.table_files import read_rows

YEAR = "年"
ReadRates = tuple[pl.Series, tuple[ParseNote, ...]]
"""Rates in percent, and notes about them."""


@dataclass(frozen=True)
class PeriodWord:
    """A word of a header that says the period of its rates, and what is left of it: 月利率 is 利率 of 月."""

    period: str
    pattern: re.Pattern[str]
    rate_word: str


@cache
def load_period_words() -> tuple[PeriodWord, ...]:
    return tuple(
        PeriodWord(row["period"], _compile_word(row["word"]), row["rate_word"]) for row in read_rows("rate_periods.csv")
    )


def _compile_word(word: str) -> re.Pattern[str]:
    """An English word only by itself, its parts joined by spaces or underscores."""
    if not word.isascii():
        return re.compile(re.escape(word))
    return re.compile(r"(?<![a-z])" + r"[\s_]+".join(word.split()) + r"(?![a-z])", re.IGNORECASE)


@cache
def split_period(header: str, unit: str = "") -> tuple[str, str]:
    """'执行月利率' -> ('执行利率', '月'); the period may also be the unit (利率(月)); '' where there is none."""
    text = unicodedata.normalize("NFKC", header)
    for word in load_period_words():
        if word.pattern.search(text):
            return word.pattern.sub(word.rate_word, text, count=1).strip("_ "), word.period
    periods = {word.period for word in load_period_words()}
    return header, unit if unit in periods else ""


def is_annual(field: Field) -> bool:
    """Whether the field holds rates a year; a ratio has no period."""
    return f"{field.owner}.{field.name}" in file_vocabulary.read_setting("annual_rates").split("|")


def choose_period(field: Field, stated: str) -> str:
    """The period of the field's rates where a header states `stated`: a ratio's ‰ is never one of a month."""
    return stated if is_annual(field) or field.owner not in dictionary.load_tables() else YEAR


def name_unit(sign: str, period: str) -> str:
    """The unit of a sign in a column of this period: % in a column of monthly rates is 月%."""
    return period + sign if period + sign in file_vocabulary.load_units("rate") else sign


def load_units(period: str) -> dict[str, Decimal]:
    """Unit texts that a cell may carry in a column of this period -> factor into percent (a year)."""
    known = file_vocabulary.load_units("rate")
    return {name: known[name_unit(name, period)].factor for name in known}


def convert_fractions(values: pl.Series, field: Field, *, has_unit: bool) -> ReadRates:
    """A column whose highest rate is small enough for fractions, and has no unit, is read as fractions, with a note."""
    highest = values.max()
    if not isinstance(highest, Decimal) or not 0 < highest < 1:
        return values, ()
    is_positive = (values > 0).fill_null(False)
    if has_unit or highest > Decimal(file_vocabulary.read_max_fraction(field.name)):
        return values, build_notes("note_low_rate", is_positive, values)
    return (values * 100).cast(values.dtype, strict=False), build_notes("note_rate_fractions", is_positive, values)
