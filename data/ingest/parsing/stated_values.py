"""What a profile states about the cells of a column: what stands for nothing, ranges, dates without a day."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

import polars as pl

from data.ingest.parsing.blank_cells import ParseNote, build_notes
from data.ingest.parsing.day_numbers import DayNumbers, convert_numbers

EXACT = pl.Decimal(38, 10)
MONTH_FORMS = ("%Y-%m", "%m-%Y", "%b-%Y", "%B-%Y")
MONTH_TEXT = r"^(\d{4}-\d{1,2}|\d{1,2}-\d{4}|[A-Za-z]{3,9}-\d{4})$"
COMPACT_MONTH = r"^(\d{4})(\d{2})(\.0+)?$"
FIRST, LAST = "first", "last"
LOWER, UPPER = "lower", "upper"
BUCKET_NOTES = {LOWER: "note_bucket_lower", UPPER: "note_bucket_upper", "": "note_bucket_unknown"}
Bucket = tuple[int, int | None]
"""The lowest and the highest number of a range; None where it is open above."""


@dataclass(frozen=True)
class StatedValues:
    """`absent`: texts and numbers for nothing; `buckets`: text -> range, of which the end `bound` is the value.

    `day`: the day of the month that a date without one means; `day_numbers`: how dates that are numbers count.
    """

    absent: tuple[str, ...] = ()
    buckets: Mapping[str, Bucket] = field(default_factory=dict)
    bound: str = ""
    day: str = ""
    day_numbers: DayNumbers | None = None


def _parse_number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        # A text, which is compared as it is.
        return None


def apply_statements(text: pl.Series, stated: StatedValues) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """The cells without those that stand for nothing, and with an end of its range for each that names one."""
    notes: tuple[ParseNote, ...] = ()
    if stated.absent:
        text, notes = _null_absent(text, stated.absent)
    if not stated.buckets:
        return text, notes
    named = text.str.strip_chars().is_in(list(stated.buckets)).fill_null(False)
    values = _resolve_buckets(text, stated.buckets, stated.bound)
    has_range = named & text.str.strip_chars().is_in(
        [name for name, (low, high) in stated.buckets.items() if low != high]
    ).fill_null(False)
    open_ends = has_range & values.is_null() if stated.bound else pl.Series([False] * len(text))
    return values, (
        *notes,
        *build_notes(BUCKET_NOTES[stated.bound], has_range & ~open_ends, text),
        *build_notes("note_bucket_open", open_ends, text),
    )


def _null_absent(text: pl.Series, absent: tuple[str, ...]) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """Cells that hold one of these texts, or a number equal to one of them, as null: '0.00' is 0."""
    cells = text.str.strip_chars()
    numbers = [number for item in absent if (number := _parse_number(item)) is not None]
    found = cells.is_in(list(absent))
    if numbers:
        found |= cells.cast(EXACT, strict=False).is_in(pl.Series(numbers, dtype=EXACT).implode()).fill_null(False)
    found = found.fill_null(False)
    return pl.select(pl.when(~found).then(text)).to_series(), build_notes("note_absent", found, text)


def _resolve_buckets(text: pl.Series, buckets: Mapping[str, Bucket], bound: str) -> pl.Series:
    """Texts that name a range as its end `bound`, null where it has none or `bound` is '' and it has two."""
    ends = {name: _find_end(bucket, bound) for name, bucket in buckets.items()}
    texts = [None if end is None else str(end) for end in ends.values()]
    return text.str.strip_chars().replace(list(ends), pl.Series(texts, dtype=pl.String))


def _find_end(bucket: Bucket, bound: str) -> int | None:
    low, high = bucket
    if not bound:
        return low if low == high else None
    return low if bound == LOWER else high


def lacks_day(date_format: str) -> bool:
    """Whether a format has no day of the month."""
    return not re.search(r"%[-_0]?[deFDjxc]", date_format)


def parse_stated_dates(cells: pl.Series, date_format: str | None, stated: StatedValues) -> pl.Series:
    """Dates of the form that the profile states, null for all other cells."""
    if date_format and lacks_day(date_format):
        return _move_to_day(("1 " + cells).str.to_date(f"%d {date_format}", strict=False), stated.day)
    if date_format:
        return cells.str.to_date(date_format, strict=False)
    if stated.day_numbers:
        return convert_numbers(cells, stated.day_numbers)
    if stated.day:
        return _move_to_day(_parse_month_forms(cells), stated.day)
    return pl.repeat(None, len(cells), dtype=pl.Date, eager=True)


def _parse_month_forms(cells: pl.Series) -> pl.Series:
    """The first day of months written in a form that leaves no doubt: a year of four digits."""
    text = cells.str.normalize("NFKC").str.replace(COMPACT_MONTH, "$1-$2")
    text = text.str.replace_all(r"\s+", "-").str.replace_all(r"[年/.]", "-").str.replace(r"月(份)?$", "")
    months = pl.select(pl.when(text.str.contains(MONTH_TEXT)).then("1-" + text)).to_series()
    return pl.select(
        pl.coalesce(pl.lit(months.str.to_date(f"%d-{form}", strict=False)) for form in MONTH_FORMS)
    ).to_series()


def _move_to_day(first_days: pl.Series, day: str) -> pl.Series:
    return first_days.dt.month_end() if day == LAST else first_days
