"""Workbooks (XLSX, XLS, and whatever else calamine reads) to rows of text. Formulas and macros are never run."""

import gc
import io
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

import polars as pl
import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from data.errors import InputError
from data.ingest.files import excel_marks, excel_repacking, size_checks
from data.ingest.files.excel_marks import SheetMarks
from data.ingest.files.excel_repacking import ForwardOnlyBuffer
from data.ingest.files.shown_numbers import ShownNumbers
from data.ingest.formats import xls_records
from data.ingest.formats.xls_records import XlsBook
from data.messages.catalogue import bilingual

OLE = b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
EXACT_INTEGER = 10**15
ROW_LIMITS = (65_536, 1_048_576)
"""The most rows that an XLS and an XLSX sheet can hold."""
ROW_CHUNK = 5_000
HEAD_ROWS = 32
"""Rows that may hold titles and headers, so that columns are mixed there."""
DAY_ZERO, DAY_ZERO_1904 = date(1899, 12, 30), date(1904, 1, 1)
MergedRange = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class SheetRows:
    """Columns of cells as text. `merges`: (first row, first column), (last row, last column) of merged cells."""

    name: str
    columns: list[pl.Series]
    day_zero: date
    merges: tuple[MergedRange, ...] = ()
    is_hidden: bool = False
    marks: SheetMarks = field(default_factory=SheetMarks)
    shown: ShownNumbers = field(default_factory=ShownNumbers)


def is_workbook(content: bytes) -> bool:
    return content.startswith((excel_marks.ZIP, OLE))


def detect_format(content: bytes) -> str:
    return "xlsx" if content.startswith(excel_marks.ZIP) else "xls"


def read_sheets(name: str, content: bytes) -> list[SheetRows]:
    """Every sheet that is not empty. Raises InputError for a locked, damaged, oversized or too old workbook."""
    if content.startswith(OLE) and ENCRYPTED in content:
        raise _build_password_error(name)
    parts = size_checks.unpack_workbook(name, content) if content.startswith(excel_marks.ZIP) else {}
    with (
        _pause_garbage_collection(),
        ThreadPoolExecutor(1) as beside,
    ):  # calamine lets other threads run while it parses
        try:
            if parts:
                is_1904, marks = (
                    excel_marks.uses_1904_date_system(parts),
                    beside.submit(excel_marks.read_marks, name, parts),
                )
                file: io.BytesIO | ForwardOnlyBuffer = excel_repacking.repack_workbook(parts)
            else:
                old = _read_old_book(name, content)
                is_1904, marks = old.uses_1904, beside.submit(_collect_old_marks, old)
                file = io.BytesIO(content)
            found = _read_worksheets(name, file, DAY_ZERO_1904 if is_1904 else DAY_ZERO, marks)
        except PasswordError as error:
            raise _build_password_error(name) from error
        except (CalamineError, ValueError, OSError, OverflowError) as error:
            raise InputError(bilingual("files.workbook_unreadable", name=name, error=error)) from error
    if not found:
        raise InputError(bilingual("files.workbook_empty", name=name))
    return found


def _read_old_book(name: str, content: bytes) -> XlsBook:
    """What is written in an XLS beside its cells. Raises InputError for Excel 5.0/95, whose texts calamine garbles."""
    old = xls_records.read_book(content)
    if old.is_encrypted:
        raise _build_password_error(name)
    if old.is_excel_95:
        raise InputError(bilingual("files.workbook_excel_95", name=name))
    return old


def _collect_old_marks(old: XlsBook) -> dict[str, SheetMarks]:
    return {sheet: SheetMarks(tuple(formats)) for sheet, formats in old.formats.items()}


@contextmanager
def _pause_garbage_collection() -> Iterator[None]:
    """Millions of cells are made at once, none of them in a circle: the collector would look through them in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read_worksheets(
    name: str, file: io.BytesIO | ForwardOnlyBuffer, day_zero: date, marks: Future[dict[str, SheetMarks]]
) -> list[SheetRows]:
    book = CalamineWorkbook.from_filelike(file)
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    found = []
    for sheet in sheets:
        cells = book.get_sheet_by_name(sheet.name)
        found.append(
            _read_worksheet(name, cells, day_zero, sheet.visible, marks.result().get(sheet.name, SheetMarks()))
        )
    return [sheet for sheet in found if sheet.columns]


def _build_password_error(name: str) -> InputError:
    return InputError(bilingual("files.workbook_password", name=name))


def _read_worksheet(
    name: str, sheet: CalamineSheet, day_zero: date, visible: SheetVisibleEnum, marks: SheetMarks
) -> SheetRows:
    if not sheet.height:
        return SheetRows(sheet.name, [], day_zero)
    _, left = sheet.start or (0, 0)
    size_checks.check_column_count(f"{name}[{sheet.name}]", left + sheet.width)
    shown = ShownNumbers()
    columns = _build_columns(shown.show_cells(_iterate_rows(sheet), marks))
    merges = tuple(sheet.merged_cell_ranges or ())
    return SheetRows(sheet.name, columns, day_zero, merges, visible != SheetVisibleEnum.Visible, marks, shown)


def _iterate_rows(sheet: CalamineSheet) -> Iterator[list[Any]]:
    """The rows from the first of the sheet on, each from its first column on."""
    top, left = sheet.start or (0, 0)
    yield from ([""] * (left + sheet.width) for _ in range(top))
    yield from ([""] * left + row for row in sheet.iter_rows()) if left else sheet.iter_rows()


def _build_columns(rows: Iterator[list[Any]]) -> list[pl.Series]:
    """A sheet's cells as texts, blank ones empty: titles and headers one by one, what is below them many rows at once.

    Not all at once: cells that were just made are turned into texts sooner, and their memory is used again.
    """
    parts = [[_convert_cells_singly(cells)] for cells in zip(*islice(rows, HEAD_ROWS), strict=True)]
    while some := list(islice(rows, ROW_CHUNK)):
        for part, cells in zip(parts, zip(*some, strict=True), strict=True):
            part.append(_convert_cells(cells))
    return [pl.concat(part) for part in parts]


def _convert_cells_singly(cells: tuple[Any, ...]) -> pl.Series:
    return pl.Series([CELL_FORMATTERS.get(type(cell), str)(cell) for cell in cells], dtype=pl.String)


def _convert_cells(cells: tuple[Any, ...]) -> pl.Series:
    """Cells of one type (and blank ones) at once; mixed ones one by one."""
    if (texts := _try_text_series(cells)) is not None:
        return texts.str.strip_chars()
    kinds = set(map(type, cells))
    if kinds in ({float, str}, {date, str}) and not any(cell for cell in cells if type(cell) is str):
        cells = tuple(None if cell == "" else cell for cell in cells)
        kinds.remove(str)
    if kinds == {float} and (numbers := _format_plain_numbers(pl.Series(cells, dtype=pl.Float64))) is not None:
        return numbers.fill_null("")
    if kinds == {date}:
        return pl.Series(pa.array(cells, pa.date32())).cast(pl.String).fill_null("")
    return _convert_cells_singly(tuple("" if cell is None else cell for cell in cells))


def _try_text_series(cells: tuple[Any, ...]) -> pl.Series | None:
    if not isinstance(cells[0], str):
        return None
    try:
        return pl.Series(cells, dtype=pl.String, strict=True)
    except TypeError:
        return None


def _format_plain_numbers(numbers: pl.Series) -> pl.Series | None:
    """Numbers short enough to be exact, whole ones without a point; None where one is not."""
    highest = numbers.abs().max()
    if not isinstance(highest, float) or not highest < EXACT_INTEGER:
        return None
    is_whole, whole = numbers == numbers.round(0), numbers.cast(pl.Int64).cast(pl.String)
    if is_whole.all():
        return whole
    return pl.select(pl.when(is_whole).then(whole).otherwise(numbers.cast(pl.String))).to_series()


def _format_number(cell: float) -> str:
    """Whole numbers of 16 digits and more keep their exponent, as their last digits are lost."""
    if abs(cell) >= EXACT_INTEGER:
        return f"{float(cell):.15E}"
    return str(int(cell)) if cell == int(cell) else repr(cell)


CELL_FORMATTERS: dict[type, Any] = {
    str: str.strip,
    float: _format_number,
    int: _format_number,
    bool: lambda cell: "true" if cell else "false",
    datetime: lambda cell: cell.isoformat(sep=" ", timespec="seconds"),
    date: date.isoformat,
    time: time.isoformat,
    timedelta: str,
}
"""A cell as text, by its Python type."""
