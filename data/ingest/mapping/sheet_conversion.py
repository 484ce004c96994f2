"""A sheet and its mapping to typed rows, with what was ignored and every problem of every row."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from data.ingest.files import excel
from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.formats import number_formats
from data.ingest.mapping import merged_cells, row_classification, row_errors, scaled_numbers, swapped_dates, title_lines
from data.ingest.mapping.mapping import ColumnMapping, SheetMapping
from data.ingest.parsing.cell_parsing import ParsedColumn, parse_cells
from data.ingest.questions.open_questions import Answers
from data.messages.catalogue import Note, import_note

INDEX = "_index"
THREADS = 2


@dataclass(frozen=True)
class ConvertedSheet:
    """One converted sheet. `typed` has INDEX, ROW and a column a feed (table.field); `raw` the same rows as text.

    `units`: column -> the unit that a title gives and its header does not.
    """

    sheet: Sheet
    mapping: SheetMapping
    typed: pl.DataFrame
    raw: pl.DataFrame
    problems: pl.DataFrame
    rows_in: int
    ignored: int
    notes: tuple[Note, ...]
    totals: tuple[Note, ...] = ()
    units: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return self.mapping.table

    @property
    def balances(self) -> pl.Series | None:
        """The balance of every data row, or None for a table without."""
        name = f"{self.table}.balance"
        return self.typed[name] if name in self.typed.columns else None

    def encode_rows_as_json(self, index: pl.Series) -> pl.Series:
        """Rows as JSON objects, header -> text as written; cells right of the header by their column's number.

        A unit given in a title is added to the header, so that the rows can be read without the title.
        """
        names: dict[str, str] = {}
        for column in self.sheet.columns:
            header, number = self.mapping.headers.get(column, ""), f"#{int(column[1:]) + 1}"
            header += f"({self.units[column]})" if column in self.units else ""
            if header or self.raw[column].gather(index).null_count() < len(index):
                names[column] = f"{header} {number}".strip() if header in ("", *names.values()) else header
        named = pl.struct(pl.col(column).gather(index).alias(name) for column, name in names.items())
        return self.raw.select(named.struct.json_encode()).to_series()


def convert_sheet(
    sheet: Sheet,
    mapping: SheetMapping,
    as_of: date,
    row_filters: dict[str, list[str]],
    join: row_classification.Join,
    answers: Answers,
) -> ConvertedSheet:
    """Every row of the sheet is typed, ignored, or has problems. What it leaves open is asked of `answers`."""
    layout = row_classification.classify_rows(sheet, mapping)
    rows, merged = merged_cells.fill_down(layout.rows, sheet, list(mapping.column_mappings))
    rows, filtered = row_classification.filter_rows(rows, row_filters)
    title = title_lines.read_title(layout.titles, as_of, layout.footers)
    title_lines.reject_ambiguous_amounts(title, sheet, list(mapping.column_mappings))
    feeds = [title_lines.apply_title(feed, title, sheet) for feed in mapping.column_mappings]
    rows = join(rows)
    parsed = _parse_columns(rows, sheet, feeds, answers)
    typed = _build_typed_frame(rows, feeds, parsed)
    found = row_errors.collect_errors(rows, typed, mapping, feeds, parsed, sheet.encoding, layout.odd)
    notes = [
        *mapping.notes,
        *layout.notes,
        *title.notes,
        *_build_unit_notes(feeds, title),
        *_build_cell_notes(feeds, parsed, rows),
        *scaled_numbers.check_scales(sheet, feeds),
        *_build_sheet_notes(sheet, merged, filtered),
    ]
    return ConvertedSheet(
        sheet,
        mapping,
        typed,
        rows,
        found,
        layout.rows_in,
        layout.ignored + filtered,
        tuple(notes),
        tuple(row_classification.compare_totals(layout.totals, typed, mapping, feeds)),
        _find_title_units(mapping, title),
    )


def _parse_columns(
    rows: pl.DataFrame, sheet: Sheet, feeds: list[ColumnMapping], answers: Answers
) -> list[ParsedColumn]:
    with ThreadPoolExecutor(THREADS) as pool:
        parsed = list(pool.map(lambda feed: read_column(rows, feed), feeds))
    return [swapped_dates.settle_order(rows, sheet, *column, answers) for column in zip(feeds, parsed, strict=True)]


def _build_typed_frame(rows: pl.DataFrame, feeds: list[ColumnMapping], parsed: list[ParsedColumn]) -> pl.DataFrame:
    typed = pl.DataFrame({feed.name: result.values for feed, result in zip(feeds, parsed, strict=True)})
    return typed.with_columns(rows[ROW]).with_row_index(INDEX)


def read_column(rows: pl.DataFrame, feed: ColumnMapping) -> ParsedColumn:
    """The values of one feed; with `when` only on rows that fill that column."""
    if feed.when:
        rows = rows.with_columns(pl.when(pl.col(feed.when).is_not_null()).then(pl.col(c)) for c in feed.columns)
    if feed.how == "constant":
        text = rows.select(pl.when(pl.col(feed.when or ROW).is_not_null()).then(pl.lit(feed.constant))).to_series()
        return parse_cells(text, feed.target, feed.reading)
    if feed.how == "join":
        parts = [pl.col(column).str.strip_chars() for column in feed.columns]
        text = rows.select(pl.concat_str(parts, separator=feed.separator, ignore_nulls=True)).to_series()
        return parse_cells(text, feed.target, feed.reading)
    if feed.how == "add_months":
        return _add_months(rows, feed)
    if feed.how == "first":
        return _coalesce_columns(rows, feed)
    return parse_cells(rows[feed.columns[0]], feed.target, feed.reading)


def _coalesce_columns(rows: pl.DataFrame, feed: ColumnMapping) -> ParsedColumn:
    """The first filled one of several columns; a cell unreadable in any of them is an error."""
    parts = [parse_cells(rows[column], feed.target, feed.reading) for column in feed.columns]
    value = pl.select(pl.coalesce(part.values for part in parts)).to_series()
    bad = pl.select(pl.any_horizontal(part.bad for part in parts)).to_series()
    return ParsedColumn(value, bad, parts[0].reason, tuple(note for part in parts for note in part.notes))


def _add_months(rows: pl.DataFrame, feed: ColumnMapping) -> ParsedColumn:
    """A date and a number of months: the same day of a later month, clipped at its end."""
    start = parse_cells(rows[feed.columns[0]], feed.target, feed.reading)
    months = rows[feed.columns[1]].str.strip_chars().cast(pl.Int32, strict=False)
    by = pl.concat_str(months.cast(pl.String), pl.lit("mo"))
    values = pl.select(pl.lit(start.values).dt.offset_by(by)).to_series()
    no_end = values.is_null() & start.values.is_not_null() & rows[feed.columns[1]].is_not_null()
    return ParsedColumn(values, start.bad | no_end, start.reason, start.notes)


def _build_cell_notes(feeds: list[ColumnMapping], parsed: list[ParsedColumn], rows: pl.DataFrame) -> list[Note]:
    """Notes on assumptions about cells: how many, and the first of them."""
    return [
        import_note(message, column=feed.header, rows=count, value=example, row=rows[ROW][index])
        for feed, result in zip(feeds, parsed, strict=True)
        for message, count, example, index in result.notes
    ]


def _find_title_units(mapping: SheetMapping, title: title_lines.Title) -> dict[str, str]:
    without_unit = [
        feed for feed in mapping.column_mappings if feed.target.type == "money" and not feed.reading.own_unit
    ]
    return {column: title.unit for feed in without_unit for column in feed.columns} if title.unit else {}


def _build_unit_notes(feeds: list[ColumnMapping], title: title_lines.Title) -> list[Note]:
    """A note on amounts whose unit is given in no title, header or profile."""
    without_unit = [
        feed.header
        for feed in feeds
        if feed.target.type == "money" and feed.how == "column" and not (feed.reading.own_unit or title.units)
    ]
    return [import_note("note_unit_assumed", columns=", ".join(without_unit))] if without_unit else []


def _build_sheet_notes(sheet: Sheet, merged: int, filtered: int) -> list[Note]:
    """Notes on a workbook's merged, percent, formula and error cells, on rows left out, on a sheet that may be cut."""
    counts = {
        "note_merged_cells": merged,
        "note_percent_cells": sheet.shown.counts.get(number_formats.PERCENT, 0),
        "note_padded_cells": sheet.shown.counts.get(number_formats.PADDED, 0),
        "note_no_result": sheet.marks.no_result,
        "note_error_cells": sheet.marks.errors,
        "note_row_limit": len(sheet.cells) if len(sheet.cells) in excel.ROW_LIMITS else 0,
        "note_filtered": filtered,
    }
    return [import_note(message, rows=count, file=sheet.name) for message, count in counts.items() if count]
