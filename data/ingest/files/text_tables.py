"""Decoded text files to rows of cells: the delimiter is detected, quotes resolved, widths counted."""

import csv
import io
from collections import Counter

import polars as pl

from data.errors import InputError
from data.ingest.files import encodings, quotes, sheet_cells
from data.ingest.files.sheet_cells import MISREAD, ROW, WIDTH
from data.messages.catalogue import bilingual

DELIMITERS = ",;\t|\x01"
SAMPLE = 1 << 16


def _strip_misread_markers(cells: pl.DataFrame, text: bytes) -> pl.DataFrame:
    """Marks rows that are not in the file's encoding in the column MISREAD, and removes their markers."""
    mark = encodings.MISREAD_MARKER
    if mark.encode() not in text:
        return cells
    columns = pl.col([column for column in cells.columns if column[0] == "c"])
    marked = cells.select(pl.any_horizontal(columns.str.contains(mark, literal=True).fill_null(False)).alias(MISREAD))
    return cells.with_columns(columns.str.replace_all(mark, "", literal=True)).with_columns(marked[MISREAD])


def _read_sample(text: bytes, delimiter: str) -> list[list[str]]:
    lines = text[:SAMPLE].decode("utf-8", errors="ignore")
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    try:
        found = [row for row in rows if row]
    except csv.Error:
        return []
    return found[:-1] if len(text) > SAMPLE else found


def detect_delimiter(text: bytes) -> str:
    """The separator that splits most rows into the same number of columns."""

    def score(delimiter: str) -> int:
        widths = Counter(len(row) for row in _read_sample(text, delimiter))
        return max(((width - 1) * rows for width, rows in widths.items()), default=0)

    return max(DELIMITERS, key=score)


def parse_cells(name: str, text: bytes, delimiter: str) -> pl.DataFrame:
    """The cells of a UTF-8 text, with ROW, WIDTH and, where a row has another encoding, MISREAD.

    Raises InputError for a quote that is not closed, or that swallows records.
    """
    return _strip_misread_markers(_split_cells(name, text, delimiter), text)


def _split_cells(name: str, text: bytes, delimiter: str) -> pl.DataFrame:
    widths = Counter(len(row) for row in _read_sample(text, delimiter))
    width = max(widths, default=1)
    quoted = b'"' in text
    if quoted:
        quotes.check_quotes(name, text, delimiter, max(widths, key=lambda one: (widths[one], one), default=1))
    try:
        cells = _read_with_polars(text, delimiter, width, quoted)
    except pl.exceptions.PolarsError:
        return sheet_cells.build_cells_from_rows(name, _read_with_csv(name, text, delimiter))
    counts = _count_fields(text, delimiter, cells, quoted)
    if counts is None:
        return sheet_cells.build_cells_from_rows(name, _read_with_csv(name, text, delimiter))
    if quoted:
        cells = cells.with_columns(pl.all().replace("", None))
    return cells.with_columns(counts.alias(WIDTH)).with_row_index(ROW, 1)


def _read_with_polars(text: bytes, delimiter: str, width: int, quoted: bool) -> pl.DataFrame:
    """One column more than the sample has, to see the rows that are too long."""
    columns = [f"c{i}" for i in range(width + 1)]
    return pl.read_csv(
        io.BytesIO(text),
        has_header=False,
        separator=delimiter,
        quote_char='"' if quoted else None,
        glob=False,
        schema=dict.fromkeys(columns, pl.String),
        truncate_ragged_lines=True,
        missing_columns="insert",
    )


def _count_fields(text: bytes, delimiter: str, cells: pl.DataFrame, quoted: bool) -> pl.Series | None:
    """Number of fields of each row; None where rows are not lines (line breaks inside quotes)."""
    full = pl.repeat(cells.width - 1, len(cells), dtype=pl.UInt32, eager=True)
    blank = pl.all_horizontal(pl.all().is_null())
    suspects = cells.select(pl.nth(-2).is_null() & ~blank).to_series().arg_true()
    if not len(suspects):
        return full
    lines = _split_lines(text)
    if len(lines) != len(cells):
        return None
    rest = lines.gather(suspects)
    rest = rest.str.replace_all('"[^"]*"', "") if quoted else rest
    return full.scatter(suspects, rest.str.count_matches(delimiter, literal=True) + 1)


def _split_lines(text: bytes) -> pl.Series:
    """Lines of a text: the separator is a control character that no text file contains."""
    frame = pl.read_csv(
        io.BytesIO(text),
        has_header=False,
        separator="\x1f",
        quote_char=None,
        glob=False,
        schema={"line": pl.String},
        truncate_ragged_lines=True,
    )
    return frame["line"]


def _read_with_csv(name: str, text: bytes, delimiter: str) -> list[list[str]]:
    """Slow, for quotes that polars rejects. Raises InputError with the line on which a wrongly quoted row begins."""
    reader = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), delimiter=delimiter, strict=True)
    rows: list[list[str]] = []
    begins = 1
    try:
        for row in reader:
            rows.append(row)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise InputError(bilingual("files.broken_quoting", name=name, line=begins, error=error)) from error
    return rows
