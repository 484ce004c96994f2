"""Files to sheets of text cells: encoding, delimiter and row numbers settled, nothing interpreted yet."""

import csv
import hashlib
import io
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from data import encodings, workbooks
from data.errors import InputError

DELIMITERS = ",;\t|"
SAMPLE = 1 << 16
ROW, WIDTH = "_row", "_width"
"""Bookkeeping columns of a sheet: row number in the file (the first is 1), number of cells the row has."""


@dataclass(frozen=True)
class Source:
    """A file as given: its content and what identifies it."""

    path: Path
    content: bytes
    sha256: str

    @property
    def name(self) -> str:
        return self.path.name


@dataclass(frozen=True)
class Sheet:
    """Rows of text: columns c0, c1 … (blank cells null), ROW, WIDTH; title and header rows still among them."""

    source: Source
    name: str
    encoding: str
    cells: pl.DataFrame
    date_serials: date | None = None
    delimiter: str | None = None

    @property
    def columns(self) -> list[str]:
        return [column for column in self.cells.columns if column not in (ROW, WIDTH)]


def load(path: Path) -> Source:
    """Raises InputError for a file that is missing, a folder, unreadable or empty."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"No file {path}. Check the name and the folder.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder. Name the files in it.") from error
    except OSError as error:
        raise InputError(f"File {path} cannot be read: {error.strerror}.") from error
    if not content or content.isspace():
        raise InputError(f"File {path} is empty. Export it again.")
    return Source(path, content, hashlib.sha256(content).hexdigest())


def sheets(source: Source) -> list[Sheet]:
    """The sheets of a workbook, or the one sheet of a text file."""
    if workbooks.is_workbook(source.content):
        return [
            Sheet(source, f"{source.name}[{book.name}]", "xlsx", _framed(book.rows), book.day_zero)
            for book in workbooks.read(source.name, source.content)
        ]
    text, encoding = encodings.to_utf8(source.name, source.content)
    delimiter = _delimiter(text)
    return [Sheet(source, source.name, encoding, _cells(source.name, text, delimiter), None, delimiter)]


def _sample(text: bytes, delimiter: str) -> list[list[str]]:
    lines = text[:SAMPLE].decode("utf-8", errors="ignore")
    rows = csv.reader(io.StringIO(lines, newline=""), delimiter=delimiter)
    try:
        found = [row for row in rows if row]
    except csv.Error:
        return []
    return found[:-1] if len(text) > SAMPLE else found


def _delimiter(text: bytes) -> str:
    """The separator that splits most rows into the same number of columns."""

    def score(delimiter: str) -> int:
        widths = Counter(len(row) for row in _sample(text, delimiter))
        return max(((width - 1) * rows for width, rows in widths.items()), default=0)

    return max(DELIMITERS, key=score)


def _cells(name: str, text: bytes, delimiter: str) -> pl.DataFrame:
    width = max((len(row) for row in _sample(text, delimiter)), default=1)
    quoted = b'"' in text
    try:
        cells = _read_polars(text, delimiter, width, quoted)
    except pl.exceptions.PolarsError:
        return _framed(_read_rows(name, text, delimiter))
    widths = _widths(text, delimiter, cells, quoted)
    if widths is None:
        return _framed(_read_rows(name, text, delimiter))
    if quoted:
        cells = cells.with_columns(pl.all().replace("", None))
    return cells.with_columns(widths.alias(WIDTH)).with_row_index(ROW, 1)


def _read_polars(text: bytes, delimiter: str, width: int, quoted: bool) -> pl.DataFrame:
    """One column more than the sample has, to see the rows that are too long."""
    columns = [f"c{i}" for i in range(width + 1)]
    return pl.read_csv(
        io.BytesIO(text), has_header=False, separator=delimiter, quote_char='"' if quoted else None, glob=False,
        schema=dict.fromkeys(columns, pl.String), truncate_ragged_lines=True, missing_columns="insert",
    )  # fmt: skip


def _widths(text: bytes, delimiter: str, cells: pl.DataFrame, quoted: bool) -> pl.Series | None:
    """Fields a row, counted where the last column is blank; None when rows are not lines (breaks inside quotes)."""
    full = pl.repeat(cells.width - 1, len(cells), dtype=pl.UInt32, eager=True)
    blank = pl.all_horizontal(pl.all().is_null())
    suspects = cells.select(pl.nth(-2).is_null() & ~blank).to_series().arg_true()
    if not len(suspects):
        return full
    lines = _lines(text)
    if len(lines) != len(cells):
        return None
    rest = lines.gather(suspects)
    rest = rest.str.replace_all('"[^"]*"', "") if quoted else rest
    return full.scatter(suspects, rest.str.count_matches(delimiter, literal=True) + 1)


def _lines(text: bytes) -> pl.Series:
    """Lines of a text; a control character that no text file holds stands for the separator."""
    frame = pl.read_csv(
        io.BytesIO(text), has_header=False, separator="\x1f", quote_char=None, glob=False, schema={"line": pl.String},
        truncate_ragged_lines=True,
    )  # fmt: skip
    return frame["line"]


def _read_rows(name: str, text: bytes, delimiter: str) -> list[list[str]]:
    """The slow way, for quotes that the fast reader does not take; says where a quote is wrong."""
    reader = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), delimiter=delimiter, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise InputError(
            f"{name}, line {reader.line_num}: broken quoting ({error}). Close the quote, or double quotes inside it."
        ) from error


def _framed(rows: list[list[str]]) -> pl.DataFrame:
    width = max(map(len, rows), default=0) + 1
    columns = [[row[i] if i < len(row) and row[i] else None for row in rows] for i in range(width)]
    cells = pl.DataFrame({f"c{i}": pl.Series(column, dtype=pl.String) for i, column in enumerate(columns)})
    return cells.with_columns(pl.Series(WIDTH, list(map(len, rows)), dtype=pl.UInt32)).with_row_index(ROW, 1)
