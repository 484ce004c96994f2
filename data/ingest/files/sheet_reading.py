"""Files to sheets of text cells: encoding, delimiter and row numbers settled, nothing interpreted yet."""

import codecs
import csv
import hashlib
import io
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from data.errors import InputError
from data.ingest.files import control_files, encodings, excel, file_signatures, html_tables, size_checks
from data.ingest.files.control_files import ControlFile
from data.ingest.files.excel_marks import SheetMarks

DELIMITERS = ",;\t|\x01"
OWN_SEPARATOR = "\x1f"
"""Stands for a separator of several characters; no other text holds it."""
SAMPLE = 1 << 16
NOTHING = b" \t\r\n\x00" + codecs.BOM_UTF8 + codecs.BOM_UTF16
"""Bytes that are no content: blanks, and the bytes of byte-order marks."""
ROW, WIDTH, MISREAD = "_row", "_width", "_misread"
"""Bookkeeping columns of a sheet: row number in the file (the first is 1), number of cells the row has, and, where
some are, whether the row is not in the file's encoding."""


@dataclass(frozen=True)
class SourceFile:
    """A file as given: its content and what identifies it; `control`: what a control file beside it says."""

    path: Path
    content: bytes
    sha256: str
    control: ControlFile | None = None

    @property
    def name(self) -> str:
        """Names that are not in the system's encoding come from Chinese Windows, by way of a ZIP say."""
        try:
            self.path.name.encode()
        except UnicodeEncodeError:
            return os.fsencode(self.path.name).decode("gb18030", errors="replace")
        return self.path.name


@dataclass(frozen=True)
class Sheet:
    """Rows of text: columns c0, c1 … (blank cells null) and bookkeeping; title and header rows still among them."""

    source: SourceFile
    name: str
    encoding: str
    cells: pl.DataFrame
    date_serials: date | None = None
    delimiter: str | None = None
    merges: tuple[excel.MergedRange, ...] = ()
    is_hidden: bool = False
    marks: SheetMarks = field(default_factory=SheetMarks)

    @property
    def columns(self) -> list[str]:
        return [column for column in self.cells.columns if column not in (ROW, WIDTH, MISREAD)]


def load_file(path: Path) -> SourceFile:
    """Raises InputError for a file that is missing, a folder, unreadable or empty, or not what its log says."""
    if control_files.is_control_file(path):
        raise InputError(f"{path.name} is a control file. Name the data file it belongs to.")
    content = _read_content(path)
    if not content[:SAMPLE].strip(NOTHING) and not content.strip(NOTHING):
        raise InputError(f"File {path} is empty. Export it again.")
    log = control_files.find_control_file(path)
    control = control_files.parse(log.name, _read_content(log), len(content)) if log else None
    if control:
        control_files.verify_content(path.name, content, control)
    return SourceFile(path, content, hashlib.sha256(content).hexdigest(), control)


def load_files(paths: list[Path]) -> list[SourceFile]:
    """Every data file once; the control files among them speak for the files beside them."""
    data = [path for path in paths if not control_files.is_control_file(path)]
    return list({source.sha256: source for source in map(load_file, data or paths)}.values())


def _read_content(path: Path) -> bytes:
    try:
        size_checks.check_file_size(path)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"No file {path}. Check the name and the folder.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder. Name the files in it.") from error
    except OSError as error:
        raise InputError(f"File {path} cannot be read: {error.strerror}.") from error


def read_sheets(source: SourceFile, separator: str | None = None) -> list[Sheet]:
    """The sheets of a workbook, the tables of a web page, or the one sheet of a text file (cut at `separator`)."""
    if excel.is_workbook(source.content):
        return [
            Sheet(
                source,
                f"{source.name}[{book.name}]",
                excel.detect_format(source.content),
                _build_cells_from_columns(book.columns),
                book.day_zero,
                merges=book.merges,
                is_hidden=book.is_hidden,
                marks=book.marks,
            )
            for book in excel.read_sheets(source.name, source.content)
        ]
    file_signatures.reject_foreign_file(source.name, source.content)
    size_checks.check_text(source.name, source.content)
    text, encoding = encodings.decode_to_utf8(source.name, source.content)
    if html_tables.is_markup(text):
        return [
            Sheet(
                source,
                f"{source.name}[{table.number}]",
                f"html {encoding}",
                build_cells_from_rows(source.name, table.rows),
                merges=table.merges,
            )
            for table in html_tables.read_tables(source.name, text)
        ]
    if separator and len(separator.encode()) > 1:
        text, separator = text.replace(separator.encode(), OWN_SEPARATOR.encode()), OWN_SEPARATOR
    delimiter = separator or _detect_delimiter(text)
    cells = _strip_misread_markers(_parse_cells(source.name, text, delimiter), text)
    return [Sheet(source, source.name, encoding, cells, None, delimiter)]


def _strip_misread_markers(cells: pl.DataFrame, text: bytes) -> pl.DataFrame:
    """Rows that hold the mark of another encoding are told by MISREAD, and the mark is taken away."""
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


def _detect_delimiter(text: bytes) -> str:
    """The separator that splits most rows into the same number of columns."""

    def score(delimiter: str) -> int:
        widths = Counter(len(row) for row in _read_sample(text, delimiter))
        return max(((width - 1) * rows for width, rows in widths.items()), default=0)

    return max(DELIMITERS, key=score)


def _parse_cells(name: str, text: bytes, delimiter: str) -> pl.DataFrame:
    width = max((len(row) for row in _read_sample(text, delimiter)), default=1)
    quoted = b'"' in text
    try:
        cells = _read_with_polars(text, delimiter, width, quoted)
    except pl.exceptions.PolarsError:
        return build_cells_from_rows(name, _read_with_csv(name, text, delimiter))
    widths = _count_fields(text, delimiter, cells, quoted)
    if widths is None:
        return build_cells_from_rows(name, _read_with_csv(name, text, delimiter))
    if quoted:
        cells = cells.with_columns(pl.all().replace("", None))
    return cells.with_columns(widths.alias(WIDTH)).with_row_index(ROW, 1)


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
    """Fields a row, counted where the last column is blank; None when rows are not lines (breaks inside quotes)."""
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
    """Lines of a text; a control character that no text file holds stands for the separator."""
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
    """The slow way, for quotes that the fast reader does not take; says where a quote is wrong."""
    reader = csv.reader(io.StringIO(text.decode("utf-8"), newline=""), delimiter=delimiter, strict=True)
    try:
        return list(reader)
    except csv.Error as error:
        raise InputError(
            f"{name}, line {reader.line_num}: broken quoting ({error}). Close the quote, or double quotes inside it."
        ) from error


def build_cells_from_rows(name: str, rows: list[list[str]]) -> pl.DataFrame:
    """Rows of texts as a sheet's cells."""
    width = max(map(len, rows), default=0)
    size_checks.check_column_count(name, width)
    columns = [[row[i] if i < len(row) else "" for row in rows] for i in range(width)]
    cells = _build_cells_from_columns([pl.Series(column, dtype=pl.String) for column in columns])
    return cells.with_columns(pl.Series(WIDTH, list(map(len, rows)), dtype=pl.UInt32))


def _build_cells_from_columns(columns: list[pl.Series]) -> pl.DataFrame:
    """Columns of texts as a sheet's cells; one column more than they are, to see rows that are too long."""
    cells = pl.DataFrame(
        {f"c{i}": pl.select(pl.when(text != "").then(text)).to_series() for i, text in enumerate(columns)}
    )
    beyond = pl.lit(None, pl.String).alias(f"c{len(columns)}")
    return cells.with_columns(beyond, pl.lit(len(columns), pl.UInt32).alias(WIDTH)).with_row_index(ROW, 1)
