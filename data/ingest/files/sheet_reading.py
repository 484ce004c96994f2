"""Files to sheets of text cells: encoding, delimiter and row numbers settled, nothing interpreted yet."""

import codecs
import hashlib
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from data.errors import InputError
from data.ingest.files import (
    control_files,
    encodings,
    excel,
    file_signatures,
    sheet_cells,
    size_checks,
    text_tables,
)
from data.ingest.files.control_files import ControlFile
from data.ingest.files.excel_marks import SheetMarks
from data.ingest.files.sheet_cells import MISREAD, ROW, WIDTH
from data.ingest.files.shown_numbers import ShownNumbers
from data.ingest.formats import html_tables
from data.messages.catalogue import bilingual

OWN_SEPARATOR = "\x1f"
"""Replaces a separator of several characters; no text contains it."""
SAMPLE = 1 << 16
NOTHING = b" \t\r\n\x00" + codecs.BOM_UTF8 + codecs.BOM_UTF16
"""Bytes that are not content: blanks, and the bytes of byte-order marks."""


@dataclass(frozen=True)
class SourceFile:
    """A file as given: its content and digest; `control`: what the control file beside it says."""

    path: Path
    content: bytes
    sha256: str
    control: ControlFile | None = None

    @property
    def name(self) -> str:
        """The file's name. One that is not in the system's encoding is read as GB18030 (a ZIP from Chinese Windows)."""
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
    shown: ShownNumbers = field(default_factory=ShownNumbers)

    @property
    def columns(self) -> list[str]:
        return [column for column in self.cells.columns if column not in (ROW, WIDTH, MISREAD)]


def load_file(path: Path) -> SourceFile:
    """Raises InputError for a file that is missing, a folder, unreadable or empty, or not what its log says."""
    if control_files.is_control_file(path):
        raise InputError(bilingual("files.is_a_control_file", name=path.name))
    content = _read_content(path)
    if not content[:SAMPLE].strip(NOTHING) and not content.strip(NOTHING):
        raise InputError(bilingual("files.empty", path=path))
    log = control_files.find_control_file(path)
    control = control_files.parse(log.name, _read_content(log), len(content)) if log else None
    if control:
        control_files.verify_content(path.name, content, control)
    return SourceFile(path, content, hashlib.sha256(content).hexdigest(), control)


def load_files(paths: list[Path]) -> list[SourceFile]:
    """Every data file once; the control files among them are verified with their data files."""
    data = [path for path in paths if not control_files.is_control_file(path)]
    return list({source.sha256: source for source in map(load_file, data or paths)}.values())


def _read_content(path: Path) -> bytes:
    try:
        size_checks.check_file_size(path)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(bilingual("files.not_found", path=path)) from error
    except IsADirectoryError as error:
        raise InputError(bilingual("files.is_a_folder", path=path)) from error
    except OSError as error:
        raise InputError(bilingual("files.unreadable", path=path, error=error.strerror)) from error


def read_sheets(source: SourceFile, separator: str | None = None) -> list[Sheet]:
    """The sheets of a workbook, the tables of a web page, or the one sheet of a text file (cut at `separator`).

    Raises InputError for a file that is not a table, is damaged, or exceeds data/tables/size_limits.csv.
    """
    if excel.is_workbook(source.content):
        return _read_workbook(source)
    file_signatures.reject_foreign_file(source.name, source.content)
    size_checks.check_text(source.name, source.content)
    text, encoding = encodings.decode_to_utf8(source.name, source.content)
    if html_tables.is_markup(text):
        return _read_web_page(source, text, encoding)
    return [_read_text(source, text, encoding, separator)]


def _read_workbook(source: SourceFile) -> list[Sheet]:
    return [
        Sheet(
            source,
            f"{source.name}[{sheet.name}]",
            excel.detect_format(source.content),
            sheet_cells.build_cells_from_columns(sheet.columns),
            sheet.day_zero,
            merges=sheet.merges,
            is_hidden=sheet.is_hidden,
            marks=sheet.marks,
            shown=sheet.shown,
        )
        for sheet in excel.read_sheets(source.name, source.content)
    ]


def _read_web_page(source: SourceFile, text: bytes, encoding: str) -> list[Sheet]:
    return [
        Sheet(
            source,
            f"{source.name}[{table.number}]",
            f"html {encoding}",
            sheet_cells.build_cells_from_rows(source.name, table.rows),
            merges=table.merges,
        )
        for table in html_tables.read_tables(source.name, text)
    ]


def _read_text(source: SourceFile, text: bytes, encoding: str, separator: str | None) -> Sheet:
    if separator and len(separator.encode()) > 1:
        text, separator = text.replace(separator.encode(), OWN_SEPARATOR.encode()), OWN_SEPARATOR
    delimiter = separator or text_tables.detect_delimiter(text)
    cells = text_tables.parse_cells(source.name, text, delimiter)
    return Sheet(source, source.name, encoding, cells, None, delimiter)
