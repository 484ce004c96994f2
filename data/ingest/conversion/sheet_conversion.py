"""A sheet and its mapping to typed rows, with what was ignored and every problem of every row."""

from dataclasses import dataclass, field, replace
from datetime import date

import polars as pl

from data.ingest.conversion import column_reading, duplicate_rows
from data.ingest.conversion.duplicate_rows import INDEX
from data.ingest.files import excel
from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.formats import number_formats
from data.ingest.mapping import (
    column_units,
    flag_columns,
    merged_cells,
    row_classification,
    row_errors,
    scaled_numbers,
    swapped_dates,
    title_lines,
)
from data.ingest.mapping.mapping import ColumnMapping, SheetMapping
from data.ingest.parsing.cell_parsing import ParsedColumn
from data.ingest.questions.open_questions import Answers
from data.messages.catalogue import Note, import_note


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

    def keep_rows(self, mask: pl.Series) -> "ConvertedSheet":
        """The rows of the mask with their problems; what was counted and noted stays as it is."""
        kept = mask.arg_true().rename(INDEX)
        renumbered = pl.DataFrame([kept]).with_row_index("_new")
        problems = self.problems.join(renumbered, on=INDEX, how="inner", maintain_order="left")
        return replace(
            self,
            typed=self.typed.filter(mask).drop(INDEX).with_row_index(INDEX),
            raw=self.raw.filter(mask),
            problems=problems.with_columns(pl.col("_new").alias(INDEX)).drop("_new"),
        )

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
    as_of: date | None,
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
    feeds = column_units.settle_rates(rows := join(rows), sheet, feeds, answers)
    parsed = _read_columns(rows, sheet, feeds, mapping.table, answers)
    typed = _build_typed_frame(rows, feeds, parsed)
    found = row_errors.collect_errors(rows, typed, mapping, feeds, parsed, sheet.encoding, layout.odd)
    notes = [
        *column_units.build_notes(feeds, parsed),
        *(*mapping.notes, *layout.notes, *title.notes),
        *_build_cell_notes(feeds, parsed, rows),
        *scaled_numbers.check_scales(sheet, feeds),
        *_build_sheet_notes(sheet, merged, filtered),
    ]
    converted = ConvertedSheet(
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
    return _drop_outdone_rows(converted)


def _read_columns(
    rows: pl.DataFrame, sheet: Sheet, feeds: list[ColumnMapping], table: str, answers: Answers
) -> list[ParsedColumn]:
    def settle(feed: ColumnMapping, parsed: ParsedColumn) -> ParsedColumn:
        found = flag_columns.leave_flags_unknown(rows, feed, parsed)
        return swapped_dates.settle_order(rows, sheet, feed, found, answers)

    return column_reading.read_columns(rows, feeds, table, settle)


def _build_typed_frame(rows: pl.DataFrame, feeds: list[ColumnMapping], parsed: list[ParsedColumn]) -> pl.DataFrame:
    typed = pl.DataFrame({feed.name: result.values for feed, result in zip(feeds, parsed, strict=True)})
    return typed.with_columns(rows[ROW]).with_row_index(INDEX)


def _drop_outdone_rows(converted: ConvertedSheet) -> ConvertedSheet:
    """Without the rows that give way to another of their key, where the profile says which one counts."""
    rule = converted.mapping.duplicates
    outdone = duplicate_rows.find_outdone_rows(converted.typed, converted.problems, converted.mapping)
    if rule is None or outdone is None or not outdone.any():
        return converted
    rows = int(outdone.sum())
    note = duplicate_rows.note_outdone_rows(rule, rows)
    kept = converted.keep_rows(~outdone)
    return replace(kept, ignored=converted.ignored + rows, notes=(*converted.notes, note))


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
