"""Text columns to typed columns, whole columns at a time: what is clean goes the fast way, the rest is looked at."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import polars as pl

from data.dictionary import Field
from data.ingest.parsing import amounts, code_lists, dates, file_vocabulary, id_numbers
from data.reference import size_limits

ID_SUFFIXES = ("_id", "_no", "_code", "_cited")
# What a spreadsheet makes of an id of more than 15 digits: the last digits are gone.
LOST_DIGITS = r"^\d(\.\d+)?[eE]\+\d+$"
SIXTHS = {"rate": pl.Decimal(9, 6), "number": pl.Decimal(18, 6)}
FORMULA, TEXT_FORMULA = '="', r'^="([^"]*)"$'
"""How files ask a spreadsheet to leave a number alone: ="00123"."""
QUOTES = r"^['`]"
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


Note = tuple[str, int, str, int]
"""Message id, number of cells, an example, and its index."""


@dataclass(frozen=True)
class Parsed:
    """Typed values; `bad` marks cells that could not be read; notes say what was assumed about others."""

    values: pl.Series
    bad: pl.Series
    reason: str
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Typed:
    """What a parser makes of cells; `excused` marks cells that are empty by rule though they hold text."""

    values: pl.Series
    notes: tuple[Note, ...] = ()
    excused: pl.Series | None = None


def parse(text: pl.Series, target: Field, reading: Reading) -> Parsed:
    """Cells of one column as the target field's type; blanks are null.

    What a plain conversion takes is done with; only the other cells are looked at closely.
    """
    kind = "id" if target.type == "text" and target.name.endswith(ID_SUFFIXES) else target.type
    if kind in ("code", "boolean"):
        return _by_distinct(text, kind, target, reading)
    quick = _quick(text, kind, reading)
    if quick is None:
        return _closely(text, kind, target, reading)
    rest = (quick.values.is_null() & text.is_not_null()).arg_true()
    if len(rest) * 2 > len(text):
        return _closely(text, kind, target, reading)
    values, notes = quick.values, quick.notes
    bad = pl.repeat(False, len(text), dtype=pl.Boolean, eager=True)
    if kind == "date":
        values, notes = _without_placeholders(values, text, kept=False)
    close = _closely(text.gather(rest), kind, target, reading) if len(rest) else None
    if close:
        values, bad = values.scatter(rest, close.values), bad.scatter(rest, close.bad)
        notes += tuple((message, count, example, int(rest[index])) for message, count, example, index in close.notes)
    found = Parsed(values, bad, f"bad_{target.type}", notes)
    is_plain = kind == "rate" and (close is None or not close.values.count())
    return _as_percent(found, target, reading) if is_plain else found


def _quick(text: pl.Series, kind: str, reading: Reading) -> Typed | None:
    """Cells that are plain already; None where the kind, the profile or a column asks for a closer look."""
    if reading.format or reading.factor != 1:
        return None
    if kind == "money":
        return Typed(*_cents(text.cast(amounts.EXACT, strict=False), text))
    if kind in SIXTHS:
        exact = text.cast(amounts.EXACT, strict=False)
        return Typed(exact.round(6, mode="half_away_from_zero").cast(SIXTHS[kind], strict=False))
    if kind == "integer":
        return Typed(text.cast(pl.Int32, strict=False))
    if kind == "date":
        days = text.str.to_date("%Y-%m-%d", strict=False)
        lowest = days.min()
        return None if isinstance(lowest, date) and lowest < dates.FIRST_YEAR else Typed(days)
    return None


def _cents(exact: pl.Series, cells: pl.Series) -> tuple[pl.Series, tuple[Note, ...]]:
    """Amounts to the cent, null where none can be so large; what was rounded is noted."""
    exact = exact.set(exact.abs() > size_limits.number("amount"), None)
    values = exact.round(2, mode="half_away_from_zero").cast(pl.Decimal(18, 2), strict=False)
    return values, noted("note_rounded", (values.cast(amounts.EXACT) != exact).fill_null(False), cells)


def _by_distinct(text: pl.Series, kind: str, target: Field, reading: Reading) -> Parsed:
    """Codes: each distinct text is looked at once."""
    given = text.drop_nulls().unique(maintain_order=True)
    found = _closely(given, kind, target, reading)
    values = text.replace_strict(given, found.values, default=None, return_dtype=found.values.dtype)
    bad = text.is_in(given.filter(found.bad).implode()).fill_null(False)
    empty = given.filter(found.values.is_null() & ~found.bad & (given.str.strip_chars() != ""))
    notes = noted("note_blank", text.is_in(empty.implode()).fill_null(False), text) if len(empty) else ()
    return Parsed(values, bad, found.reason, notes)


def _closely(text: pl.Series, kind: str, target: Field, reading: Reading) -> Parsed:
    """Every form that a cell may have."""
    cells = _stripped(text)
    if kind != "text" and cells.str.starts_with(FORMULA).any():
        cells = cells.str.replace(TEXT_FORMULA, "$1")
    cells, open_note = _without_open_ends(cells, target)
    cells, blank_note = _without_blanks(cells, kind, reading)
    typed = _parser(kind)(cells, target, reading)
    values, notes = typed.values, typed.notes
    bad = values.is_null() & cells.is_not_null()
    if typed.excused is not None:
        bad &= ~typed.excused
    if kind in ("date", "timestamp"):
        values, sentinel_note = _without_placeholders(values, cells, kept=bool(open_note))
        notes += sentinel_note
    return Parsed(values, bad, f"bad_{target.type}", (*open_note, *blank_note, *notes))


def noted(message: str, mask: pl.Series, cells: pl.Series) -> tuple[Note, ...]:
    """A note about the cells of the mask, if there are any."""
    index = mask.arg_true()
    return ((message, len(index), str(cells[index[0]]), int(index[0])),) if len(index) else ()


def _stripped(text: pl.Series) -> pl.Series:
    cells = text.str.strip_chars()
    if (cells.str.len_bytes() != cells.str.len_chars()).any() and cells.str.contains(INVISIBLE).any():
        cells = cells.str.replace_all(INVISIBLE, "").str.strip_chars()
    return pl.select(pl.when(cells != "").then(cells)).to_series()


def _without_open_ends(cells: pl.Series, target: Field) -> tuple[pl.Series, tuple[Note, ...]]:
    """长期 as the end of a document's validity: it has none, which is not the same as an unknown one."""
    if not file_vocabulary.open_ends(target.name):
        return cells, ()
    found = cells.is_in(list(file_vocabulary.open_ends(target.name))).fill_null(False)
    if not found.any():
        return cells, ()
    return pl.select(
        pl.when(found).then(pl.lit(file_vocabulary.setting("open_end"))).otherwise(cells)
    ).to_series(), noted("note_open_ended", found, cells)


def _without_blanks(cells: pl.Series, kind: str, reading: Reading) -> tuple[pl.Series, tuple[Note, ...]]:
    known = [*file_vocabulary.blanks(kind), *reading.blanks]
    blank = cells.is_in(sorted({form for text in known for form in (text, text.upper(), text.lower(), text.title())}))
    for pattern in file_vocabulary.blank_patterns(kind):
        blank |= cells.str.contains(pattern)
    blank = blank.fill_null(False)
    if not blank.any():
        return cells, ()
    return pl.select(pl.when(~blank).then(cells)).to_series(), noted("note_blank", blank, cells)


def _without_placeholders(values: pl.Series, cells: pl.Series, *, kept: bool) -> tuple[pl.Series, tuple[Note, ...]]:
    """`kept`: the column's open ends stand as dates, so that they are not taken for placeholders."""
    if values.null_count() == len(values):
        return values, ()
    days = [
        date.fromisoformat(day)
        for day in file_vocabulary.placeholder_dates()
        if not kept or day != file_vocabulary.setting("open_end")
    ]
    found = values.cast(pl.Date).is_in(days).fill_null(False)
    if not found.any():
        return values, ()
    return pl.select(pl.when(~found).then(values)).to_series(), noted("note_sentinel", found, cells)


Parser = Callable[[pl.Series, Field, Reading], Typed]


def _parser(kind: str) -> Parser:
    return {
        "text": _text,
        "id": _id,
        "code": _code,
        "boolean": _boolean,
        "date": _date,
        "timestamp": _timestamp,
        "money": _money,
        "rate": _rate,
        "number": _number,
        "integer": _integer,
    }[kind]


def _text(cells: pl.Series, _target: Field, _reading: Reading) -> Typed:
    return Typed(cells)


def _id(cells: pl.Series, target: Field, _reading: Reading) -> Typed:
    lost = cells.str.contains(LOST_DIGITS)
    cleaned = cells
    if (cells.str.len_bytes() != cells.str.len_chars()).any():
        cleaned = cells.str.normalize("NFKC")
    if cells.str.contains(QUOTES).any():
        cleaned = cleaned.str.replace(QUOTES, "")
    notes: tuple[Note, ...] = ()
    if target.name in id_numbers.PEOPLE:
        cleaned, notes = id_numbers.numbers(cleaned)
    elif target.name == id_numbers.ID_CARD:
        cleaned, notes = id_numbers.id_cards(cleaned)
    return Typed(pl.select(pl.when(~lost).then(cleaned)).to_series() if lost.any() else cleaned, notes)


def _code(cells: pl.Series, target: Field, reading: Reading) -> Typed:
    return Typed(code_lists.resolve(cells, target.code_list or "", keep_unknown=target.is_open_list, own=reading.codes))


def _boolean(cells: pl.Series, _target: Field, reading: Reading) -> Typed:
    codes = code_lists.resolve(cells, "boolean", keep_unknown=False, own=reading.codes)
    return Typed(codes == "true")


def _date(cells: pl.Series, _target: Field, reading: Reading) -> Typed:
    if reading.format:
        return Typed(cells.str.to_date(reading.format, strict=False))
    return _dated(dates.parse(cells, reading.date_serials), cells)


def _timestamp(cells: pl.Series, _target: Field, reading: Reading) -> Typed:
    if reading.format:
        return Typed(cells.str.to_datetime(reading.format, strict=False, time_unit="us"))
    return _dated(dates.parse_times(cells, reading.date_serials), cells)


def _dated(found: dates.Dates, cells: pl.Series) -> Typed:
    notes: tuple[Note, ...] = ()
    if found.impossible is not None:
        notes += noted("note_impossible_date", found.impossible, cells)
    if found.numbered is not None:
        notes += noted("note_serial_dates", found.numbered, cells)
    return Typed(found.values, notes, found.impossible)


def _money(cells: pl.Series, _target: Field, reading: Reading) -> Typed:
    read = amounts.parse(cells, "money", reading.factor)
    notes = noted("note_own_unit", read.own_unit, cells) if read.own_unit is not None else ()
    values, rounded = _cents(read.values, cells)
    return Typed(values, (*notes, *rounded))


def _number(cells: pl.Series, target: Field, reading: Reading) -> Typed:
    exact = amounts.parse(cells, target.type, reading.factor).values
    return Typed(exact.round(6, mode="half_away_from_zero").cast(SIXTHS["number"], strict=False))


def _rate(cells: pl.Series, target: Field, reading: Reading) -> Typed:
    read = amounts.parse(cells, "rate", reading.factor)
    values = read.values.round(6, mode="half_away_from_zero").cast(SIXTHS["rate"], strict=False)
    if read.own_unit is not None:
        return Typed(values)
    nothing = pl.repeat(False, len(cells), dtype=pl.Boolean, eager=True)
    found = _as_percent(Parsed(values, nothing, ""), target, reading)
    return Typed(found.values, found.notes)


def _as_percent(found: Parsed, target: Field, reading: Reading) -> Parsed:
    """A column none of whose rates is higher than a fraction may be is taken for fractions, and said."""
    highest = found.values.max()
    if not isinstance(highest, Decimal) or not 0 < highest < 1:
        return found
    is_unsaid = reading.factor == 1 and not reading.own_unit
    is_fraction = is_unsaid and highest <= Decimal(file_vocabulary.fraction_highest(target.name))
    notes = noted(
        "note_rate_fractions" if is_fraction else "note_low_rate", (found.values > 0).fill_null(False), found.values
    )
    values = (found.values * 100).cast(SIXTHS["rate"], strict=False) if is_fraction else found.values
    return replace(found, values=values, notes=(*found.notes, *notes))


def _integer(cells: pl.Series, _target: Field, reading: Reading) -> Typed:
    values = cells.cast(pl.Int32, strict=False)
    if values.null_count() == cells.null_count():
        return Typed(values)
    exact = amounts.parse(cells, "integer", reading.factor).values
    whole = pl.select(pl.when(exact == exact.round(0)).then(exact)).to_series()
    return Typed(whole.cast(pl.Int32, strict=False))
