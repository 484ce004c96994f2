"""Sheets of a workbook that are no lists of their own: continuations, summaries, notes."""

from dataclasses import replace

from data.ingest.conversion import column_reading
from data.ingest.files.sheet_cells import select_filled_rows
from data.ingest.files.sheet_reading import Sheet
from data.ingest.mapping.mapping import SheetMapping
from data.ingest.parsing import file_vocabulary
from data.messages.catalogue import Note, import_note


def note_skipped_sheet(sheet: Sheet) -> Note:
    return import_note("note_sheet_skipped", sheet=sheet.name, rows=_count_rows(sheet))


def note_unknown_sheet(sheet: Sheet) -> Note:
    """The note on a sheet that no file of the profile is like."""
    return import_note("note_sheet_not_in_profile", sheet=sheet.name, rows=_count_rows(sheet))


def _count_rows(sheet: Sheet) -> int:
    return select_filled_rows(sheet.cells, -1, sheet.columns).height


def is_named_as_no_list(sheet: Sheet) -> bool:
    """Whether the sheet's own name says that it is a summary, a cover or notes."""
    name = file_vocabulary.normalise_text(sheet.name.removeprefix(sheet.source.name))
    return any(word in name for word in file_vocabulary.load_ignored_words("sheet"))


def continue_mapping(sheet: Sheet, former: Sheet, mapping: SheetMapping) -> SheetMapping | None:
    """The mapping of the sheet before, where this one goes on with its rows and has no header of its own."""
    filled = [column for column in sheet.columns if sheet.cells[column].null_count() < len(sheet.cells)]
    keys = [
        column
        for feed in mapping.column_mappings
        if feed.field in file_vocabulary.load_required_fields(mapping.table)[0]
        for column in feed.columns
    ]
    needed = {*keys, *(column for feed in mapping.column_mappings for column in feed.columns)}
    if not needed <= set(sheet.columns) or not set(filled) <= set(former.columns):
        return None
    first = sheet.cells.head(1)
    feeds = [
        replace(feed, reading=replace(feed.reading, date_serials=sheet.date_serials))
        for feed in mapping.column_mappings
    ]
    if any(first[key].null_count() for key in keys) or any(
        column_reading.read_column(first, feed).bad.any() for feed in feeds
    ):
        return None
    note = import_note("note_sheet_continues", sheet=sheet.name, former=former.name)
    return replace(mapping, header_row=-1, header_depth=0, notes=(note,))
