"""Text columns to typed columns, whole columns at a time: what is clean goes the fast way, the rest is looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import polars as pl

from data import amounts, coding, dates, words
from data.dictionary import Field

ID_SUFFIXES = ("_id", "_no", "_code", "_cited")
# What a spreadsheet makes of an id of more than 15 digits: the last digits are gone.
LOST_DIGITS = r"^\d(\.\d+)?[eE]\+\d+$"
INVISIBLE = r"[\u200b-\u200d\u2060\ufeff]"


@dataclass(frozen=True)
class Reading:
    """How the cells of one column are to be read."""

    format: str | None = None
    factor: Decimal = Decimal(1)
    own_unit: bool = False
    """The header says the unit, so a title does not change it."""
    codes: dict[str, str] = field(default_factory=dict)
    blanks: tuple[str, ...] = ()
    date_serials: date | None = None
    """Day 0 of a workbook's numeric dates; None for text files."""


@dataclass(frozen=True)
class Parsed:
    """Typed values; `bad` marks cells that could not be read; notes are (message id, rows, an example)."""

    values: pl.Series
    bad: pl.Series
    reason: str
    notes: tuple[tuple[str, int, str], ...] = ()


def parse(text: pl.Series, target: Field, reading: Reading) -> Parsed:
    """Cells of one column as the target field's type; blanks are null."""
    cells = _stripped(text)
    kind = "id" if target.type == "text" and target.name.endswith(ID_SUFFIXES) else target.type
    cells, blank_note = _without_blanks(cells, kind, reading)
    values, notes = _parser(kind)(cells, target, reading)
    bad = values.is_null() & cells.is_not_null()
    if kind in ("date", "timestamp"):
        values, sentinel_note = _without_placeholders(values, cells)
        notes += sentinel_note
    return Parsed(values, bad, f"bad_{target.type}", (*blank_note, *notes))


def _stripped(text: pl.Series) -> pl.Series:
    cells = text.str.strip_chars()
    if (cells.str.len_bytes() != cells.str.len_chars()).any():
        cells = cells.str.replace_all(INVISIBLE, "").str.strip_chars()
    return pl.select(pl.when(cells != "").then(cells)).to_series()


def _without_blanks(cells: pl.Series, kind: str, reading: Reading) -> tuple[pl.Series, tuple]:
    longest = max(map(len, words.blanks(kind) + reading.blanks))
    short = cells.filter(cells.str.len_chars() <= longest).unique()
    known = {*words.blanks(kind), *(text.upper() for text in reading.blanks)}
    found = short.filter(short.str.to_uppercase().is_in(list(known))).to_list()
    for pattern in words.blank_patterns(kind):
        found += cells.filter(cells.str.contains(pattern)).unique().to_list()
    if not found:
        return cells, ()
    blank = cells.is_in(found)
    note = ("note_blank", int(blank.sum()), str(cells.filter(blank)[0]))
    return pl.select(pl.when(~blank).then(cells)).to_series(), (note,)


def _without_placeholders(values: pl.Series, cells: pl.Series) -> tuple[pl.Series, tuple]:
    days = [date.fromisoformat(day) for day in words.placeholder_dates()]
    found = values.cast(pl.Date).is_in(days).fill_null(False)
    if not found.any():
        return values, ()
    note = ("note_sentinel", int(found.sum()), str(cells.filter(found)[0]))
    return pl.select(pl.when(~found).then(values)).to_series(), (note,)


Parser = Callable[[pl.Series, Field, Reading], tuple[pl.Series, tuple]]


def _parser(kind: str) -> Parser:
    return {
        "text": _text, "id": _id, "code": _code, "boolean": _boolean, "date": _date, "timestamp": _timestamp,
        "money": _money, "rate": _decimal, "number": _decimal, "integer": _integer,
    }[kind]  # fmt: skip


def _text(cells: pl.Series, _target: Field, _reading: Reading) -> tuple[pl.Series, tuple]:
    return cells, ()


def _id(cells: pl.Series, _target: Field, _reading: Reading) -> tuple[pl.Series, tuple]:
    lost = cells.str.contains(LOST_DIGITS)
    cleaned = cells
    if (cells.str.len_bytes() != cells.str.len_chars()).any():
        cleaned = cells.str.normalize("NFKC")
    if cells.str.starts_with("'").any():
        cleaned = cleaned.str.strip_prefix("'")
    return pl.select(pl.when(~lost).then(cleaned)).to_series(), ()


def _code(cells: pl.Series, target: Field, reading: Reading) -> tuple[pl.Series, tuple]:
    return coding.resolve(cells, target.code_list, keep_unknown=target.is_open_list, own=reading.codes), ()


def _boolean(cells: pl.Series, _target: Field, reading: Reading) -> tuple[pl.Series, tuple]:
    codes = coding.resolve(cells, "boolean", keep_unknown=False, own=reading.codes)
    return codes == "true", ()


def _date(cells: pl.Series, _target: Field, reading: Reading) -> tuple[pl.Series, tuple]:
    if reading.format:
        return cells.str.to_date(reading.format, strict=False), ()
    return dates.parse(cells, reading.date_serials), ()


def _timestamp(cells: pl.Series, _target: Field, reading: Reading) -> tuple[pl.Series, tuple]:
    if reading.format:
        return cells.str.to_datetime(reading.format, strict=False, time_unit="us"), ()
    return dates.parse_times(cells, reading.date_serials), ()


def _money(cells: pl.Series, _target: Field, reading: Reading) -> tuple[pl.Series, tuple]:
    exact, own_unit = amounts.parse(cells, "money", reading.factor)
    notes = (("note_own_unit", len(own_unit), str(own_unit[0])),) if len(own_unit) else ()
    values = exact.round(2, mode="half_away_from_zero").cast(pl.Decimal(18, 2), strict=False)
    rounded = (values.cast(amounts.EXACT) != exact).fill_null(False)
    if rounded.any():
        notes += (("note_rounded", int(rounded.sum()), str(cells.filter(rounded)[0])),)
    return values, notes


def _decimal(cells: pl.Series, target: Field, reading: Reading) -> tuple[pl.Series, tuple]:
    exact, _ = amounts.parse(cells, target.type, reading.factor)
    precision = 9 if target.type == "rate" else 18
    return exact.round(6, mode="half_away_from_zero").cast(pl.Decimal(precision, 6), strict=False), ()


def _integer(cells: pl.Series, _target: Field, reading: Reading) -> tuple[pl.Series, tuple]:
    values = cells.cast(pl.Int32, strict=False)
    if values.null_count() == cells.null_count():
        return values, ()
    exact, _ = amounts.parse(cells, "integer", reading.factor)
    whole = pl.select(pl.when(exact == exact.round(0)).then(exact)).to_series()
    return whole.cast(pl.Int32, strict=False), ()
