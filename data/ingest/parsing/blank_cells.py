"""Cells that mean nothing, or no end: blanks, null markers, placeholder dates; and the notes about them."""

from datetime import date

import polars as pl

from data.ingest.parsing import file_vocabulary

INVISIBLE = r"[\u200b-\u200d\u2060\ufeff]"
ParseNote = tuple[str, int, str, int]
"""Message id, number of cells, an example, and its index."""


def build_notes(message: str, mask: pl.Series, cells: pl.Series) -> tuple[ParseNote, ...]:
    """A note about the cells of the mask, if there are any."""
    index = mask.arg_true()
    return ((message, len(index), str(cells[index[0]]), int(index[0])),) if len(index) else ()


def strip_cells(text: pl.Series) -> pl.Series:
    """Cells without spaces and invisible characters around them; blank ones are null."""
    cells = text.str.strip_chars()
    if (cells.str.len_bytes() != cells.str.len_chars()).any() and cells.str.contains(INVISIBLE).any():
        cells = cells.str.replace_all(INVISIBLE, "").str.strip_chars()
    return pl.select(pl.when(cells != "").then(cells)).to_series()


def replace_open_ends(cells: pl.Series, field: str) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """长期 as the end of a document's validity becomes the open end's date: not ending is not the same as unknown."""
    if not file_vocabulary.load_open_ends(field):
        return cells, ()
    found = cells.is_in(list(file_vocabulary.load_open_ends(field))).fill_null(False)
    if not found.any():
        return cells, ()
    return pl.select(
        pl.when(found).then(pl.lit(file_vocabulary.read_setting("open_end"))).otherwise(cells)
    ).to_series(), build_notes("note_open_ended", found, cells)


def null_blanks(
    cells: pl.Series, kind: str, profile_blanks: tuple[str, ...]
) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """Cells with null markers (null_markers.csv, and the profile's own) as null."""
    known = [*file_vocabulary.load_blanks(kind), *profile_blanks]
    blank = cells.is_in(sorted({form for text in known for form in (text, text.upper(), text.lower(), text.title())}))
    for pattern in file_vocabulary.load_blank_patterns(kind):
        blank |= cells.str.contains(pattern)
    blank = blank.fill_null(False)
    if not blank.any():
        return cells, ()
    return pl.select(pl.when(~blank).then(cells)).to_series(), build_notes("note_blank", blank, cells)


def null_placeholders(
    values: pl.Series, cells: pl.Series, *, keep_open_ends: bool
) -> tuple[pl.Series, tuple[ParseNote, ...]]:
    """Dates with placeholders such as 1900-01-01 as null; with `keep_open_ends` the day of an open end is kept."""
    if values.null_count() == len(values):
        return values, ()
    days = [
        date.fromisoformat(day)
        for day in file_vocabulary.load_placeholder_dates()
        if not keep_open_ends or day != file_vocabulary.read_setting("open_end")
    ]
    found = values.cast(pl.Date).is_in(days).fill_null(False)
    if not found.any():
        return values, ()
    return pl.select(pl.when(~found).then(values)).to_series(), build_notes("note_sentinel", found, cells)
