"""Text columns to typed columns, whole columns at a time: plain cells fast, the others by every known form."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

import polars as pl

from data.dictionary import Field
from data.ingest.parsing import amounts, code_lists, dates, id_numbers, rate_units
from data.ingest.parsing.blank_cells import (
    ParseNote,
    build_notes,
    null_blanks,
    null_placeholders,
    replace_open_ends,
    strip_cells,
)
from data.ingest.parsing.stated_values import StatedValues, apply_statements, parse_stated_dates
from data.reference import size_limits

ID_SUFFIXES = ("_id", "_no", "_code", "_cited")
DECIMAL_TYPES = {"rate": pl.Decimal(9, 6), "number": pl.Decimal(18, 6)}
FORMULA, TEXT_FORMULA = '="', r'^="([^"]*)"$'
"""How files ask a spreadsheet to leave a number alone: ="00123"."""

HEADER, TITLE, PROFILE, ANSWER = "header", "title", "profile", "answer"


@dataclass(frozen=True)
class ParseOptions:
    """How the cells of one column are to be read."""

    format: str | None = None
    factor: Decimal = Decimal(1)
    own_unit: bool = False
    """The header says the unit, so a title does not change it; `unit_source`: where (HEADER, TITLE …)."""
    unit: str = ""
    unit_source: str = ""
    period: str = ""
    """年, 月 or 日 where the rates are said to be of it."""
    codes: dict[str, str] = field(default_factory=dict)
    blanks: tuple[str, ...] = ()
    date_serials: date | None = None
    """Day 0 of a workbook's numeric dates; None for text files."""
    stated: StatedValues = field(default_factory=StatedValues)


@dataclass(frozen=True)
class ParsedColumn:
    """Typed values; `bad` marks unreadable cells; notes say what was assumed about others."""

    values: pl.Series
    bad: pl.Series
    reason: str
    notes: tuple[ParseNote, ...] = ()


@dataclass(frozen=True)
class ParseResult:
    """What a parser makes of cells; `excused` marks cells that are empty by rule though they hold text."""

    values: pl.Series
    notes: tuple[ParseNote, ...] = ()
    allowed_nulls: pl.Series | None = None


def parse_cells(text: pl.Series, target: Field, reading: ParseOptions) -> ParsedColumn:
    """Cells of one column as the target field's type; blanks are null."""
    cells, notes = apply_statements(text, reading.stated)
    found = _parse_column(cells, target, reading)
    return replace(found, notes=(*notes, *found.notes)) if notes else found


def _parse_column(text: pl.Series, target: Field, reading: ParseOptions) -> ParsedColumn:
    """What a plain conversion takes is done with; only the other cells are looked at closely."""
    kind = "id" if target.type == "text" and target.name.endswith(ID_SUFFIXES) else target.type
    if kind in ("code", "boolean"):
        return _parse_distinct(text, kind, target, reading)
    quick = _parse_plain(text, kind, reading)
    if quick is None:
        return _parse_any_form(text, kind, target, reading)
    rest = (quick.values.is_null() & text.is_not_null()).arg_true()
    if len(rest) * 2 > len(text):
        return _parse_any_form(text, kind, target, reading)
    values, notes = quick.values, quick.notes
    bad = pl.repeat(False, len(text), dtype=pl.Boolean, eager=True)
    if kind == "date":
        values, notes = null_placeholders(values, text, keep_open_ends=False)
    close = _parse_any_form(text.gather(rest), kind, target, reading) if len(rest) else None
    if close:
        values, bad = values.scatter(rest, close.values), bad.scatter(rest, close.bad)
        notes += tuple((message, count, example, int(rest[index])) for message, count, example, index in close.notes)
    found = ParsedColumn(values, bad, f"bad_{target.type}", notes)
    is_plain = kind == "rate" and (close is None or not close.values.count())
    if not is_plain:
        return found
    values, more = _convert_fractions(values, target, reading)
    return replace(found, values=values, notes=(*notes, *more))


def _parse_plain(text: pl.Series, kind: str, reading: ParseOptions) -> ParseResult | None:
    """Cells that are plain already; None where the kind, the profile or a column asks for a closer look."""
    if reading.format or reading.factor != 1:
        return None
    if kind == "money":
        return ParseResult(*_round_to_cents(text.cast(amounts.EXACT, strict=False), text))
    if kind in DECIMAL_TYPES:
        exact = text.cast(amounts.EXACT, strict=False)
        return ParseResult(exact.round(6, mode="half_away_from_zero").cast(DECIMAL_TYPES[kind], strict=False))
    if kind == "integer":
        return ParseResult(text.cast(pl.Int32, strict=False))
    if kind == "date":
        days = text.str.to_date("%Y-%m-%d", strict=False)
        lowest = days.min()
        return None if isinstance(lowest, date) and lowest < dates.FIRST_YEAR else ParseResult(days)
    return None


def _round_to_cents(exact: pl.Series, cells: pl.Series) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """Amounts to the cent, null where none can be so large; what was rounded is noted."""
    exact = exact.set(exact.abs() > size_limits.decimal_limit("amount"), None)
    values = exact.round(2, mode="half_away_from_zero").cast(pl.Decimal(18, 2), strict=False)
    return values, build_notes("note_rounded", (values.cast(amounts.EXACT) != exact).fill_null(False), cells)


def _parse_distinct(text: pl.Series, kind: str, target: Field, reading: ParseOptions) -> ParsedColumn:
    """Codes: each distinct text is looked at once."""
    given = text.drop_nulls().unique(maintain_order=True)
    found = _parse_any_form(given, kind, target, reading)
    values = text.replace_strict(given, found.values, default=None, return_dtype=found.values.dtype)
    bad = text.is_in(given.filter(found.bad).implode()).fill_null(False)
    empty = given.filter(found.values.is_null() & ~found.bad & (given.str.strip_chars() != ""))
    notes = build_notes("note_blank", text.is_in(empty.implode()).fill_null(False), text) if len(empty) else ()
    return ParsedColumn(values, bad, found.reason, notes)


def _parse_any_form(text: pl.Series, kind: str, target: Field, reading: ParseOptions) -> ParsedColumn:
    """Every form that a cell may have."""
    cells = strip_cells(text)
    if kind != "text" and cells.str.starts_with(FORMULA).any():
        cells = cells.str.replace(TEXT_FORMULA, "$1")
    cells, open_note = replace_open_ends(cells, target.name)
    cells, blank_note = null_blanks(cells, kind, reading.blanks)
    typed = _select_parser(kind)(cells, target, reading)
    values, notes = typed.values, typed.notes
    bad = values.is_null() & cells.is_not_null()
    if typed.allowed_nulls is not None:
        bad &= ~typed.allowed_nulls
    if kind in ("date", "timestamp"):
        values, sentinel_note = null_placeholders(values, cells, keep_open_ends=bool(open_note))
        notes += sentinel_note
    return ParsedColumn(values, bad, f"bad_{target.type}", (*open_note, *blank_note, *notes))


Parser = Callable[[pl.Series, Field, ParseOptions], ParseResult]


def _select_parser(kind: str) -> Parser:
    return {
        "text": _parse_text,
        "id": _parse_id,
        "code": _parse_code,
        "boolean": _parse_boolean,
        "date": _parse_date,
        "timestamp": _parse_timestamp,
        "money": _parse_money,
        "rate": _parse_rate,
        "number": _parse_number,
        "integer": _parse_integer,
    }[kind]


def _parse_text(cells: pl.Series, _target: Field, _reading: ParseOptions) -> ParseResult:
    return ParseResult(cells)


def _parse_id(cells: pl.Series, target: Field, _reading: ParseOptions) -> ParseResult:
    return ParseResult(*id_numbers.normalise_ids(cells, target.name))


def _parse_code(cells: pl.Series, target: Field, reading: ParseOptions) -> ParseResult:
    return ParseResult(
        code_lists.resolve_codes(
            cells, target.code_list or "", keep_unknown=target.is_open_list, profile_codes=reading.codes
        )
    )


def _parse_boolean(cells: pl.Series, _target: Field, reading: ParseOptions) -> ParseResult:
    codes = code_lists.resolve_codes(cells, "boolean", keep_unknown=False, profile_codes=reading.codes)
    return ParseResult(codes == "true")


def _parse_date(cells: pl.Series, _target: Field, reading: ParseOptions) -> ParseResult:
    stated = parse_stated_dates(cells, reading.format, reading.stated)
    if reading.format:
        return ParseResult(stated)
    rest = pl.select(pl.when(stated.is_null()).then(cells)).to_series()
    found = _build_date_result(dates.parse(rest, reading.date_serials), cells)
    return replace(found, values=stated.fill_null(found.values))


def _parse_timestamp(cells: pl.Series, _target: Field, reading: ParseOptions) -> ParseResult:
    if reading.format:
        return ParseResult(cells.str.to_datetime(reading.format, strict=False, time_unit="us"))
    return _build_date_result(dates.parse_times(cells, reading.date_serials), cells)


def _build_date_result(found: dates.ParsedDates, cells: pl.Series) -> ParseResult:
    marks = (("note_impossible_date", found.impossible), ("note_serial_dates", found.from_serials))
    notes = tuple(note for message, mask in marks if mask is not None for note in build_notes(message, mask, cells))
    return ParseResult(found.values, notes, found.impossible)


def _parse_money(cells: pl.Series, _target: Field, reading: ParseOptions) -> ParseResult:
    read = amounts.parse(cells, "money", reading.factor)
    notes = build_notes("note_own_unit", read.own_unit, cells) if read.own_unit is not None else ()
    values, rounded = _round_to_cents(read.values, cells)
    return ParseResult(values, (*notes, *rounded))


def _parse_number(cells: pl.Series, target: Field, reading: ParseOptions) -> ParseResult:
    exact = amounts.parse(cells, target.type, reading.factor).values
    return ParseResult(exact.round(6, mode="half_away_from_zero").cast(DECIMAL_TYPES["number"], strict=False))


def _parse_rate(cells: pl.Series, target: Field, reading: ParseOptions) -> ParseResult:
    read = amounts.parse(cells, "rate", reading.factor, rate_units.choose_period(target, reading.period))
    values = read.values.round(6, mode="half_away_from_zero").cast(DECIMAL_TYPES["rate"], strict=False)
    if read.own_unit is not None:
        return ParseResult(values, build_notes("note_own_rate_unit", read.own_unit, cells))
    return ParseResult(*_convert_fractions(values, target, reading))


def _convert_fractions(values: pl.Series, target: Field, reading: ParseOptions) -> rate_units.ReadRates:
    return rate_units.convert_fractions(values, target, has_unit=reading.factor != 1 or reading.own_unit)


def _parse_integer(cells: pl.Series, _target: Field, reading: ParseOptions) -> ParseResult:
    values = cells.cast(pl.Int32, strict=False)
    if values.null_count() == cells.null_count():
        return ParseResult(values)
    exact = amounts.parse(cells, "integer", reading.factor).values
    whole = pl.select(pl.when(exact == exact.round(0)).then(exact)).to_series()
    return ParseResult(whole.cast(pl.Int32, strict=False))
