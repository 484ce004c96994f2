"""Workbooks (XLSX, and whatever else calamine reads) to rows of text."""

import io
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from data.errors import InputError

BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, ValueError, OSError, NotImplementedError)
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
UNPACKED_LIMIT = 300 * 1024 * 1024
EXACT_INTEGER = 10**15
ROW_LIMITS = (65_536, 1_048_576)
"""The most rows that an XLS and an XLSX sheet can hold."""
DAY_ZERO, DAY_ZERO_1904 = date(1899, 12, 30), date(1904, 1, 1)


@dataclass(frozen=True)
class SheetRows:
    name: str
    rows: list[list[str]]
    day_zero: date


def is_workbook(content: bytes) -> bool:
    return content.startswith((ZIP, OLE))


def read(name: str, content: bytes) -> list[SheetRows]:
    """Every sheet that is not empty. Raises InputError for a locked, damaged or oversized workbook."""
    _guard(name, content)
    day_zero = DAY_ZERO_1904 if _counts_from_1904(content) else DAY_ZERO
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        kinds = {sheet.name: sheet.typ for sheet in book.sheets_metadata}
        names = [sheet for sheet in book.sheet_names if kinds[sheet] == SheetTypeEnum.WorkSheet]
        found = [SheetRows(sheet, _rows(book.get_sheet_by_name(sheet)), day_zero) for sheet in names]
    except PasswordError as error:
        raise InputError(f"{name} is protected by a password. Save it without one and try again.") from error
    except (CalamineError, ValueError, OSError, OverflowError) as error:
        raise InputError(f"{name} is not a workbook that can be read: {error}. Save it again as XLSX.") from error
    found = [sheet for sheet in found if sheet.rows]
    if not found:
        raise InputError(f"{name} holds no cells. Export it again.")
    return found


def _guard(name: str, content: bytes) -> None:
    """A workbook is a ZIP: refuse what would unpack to more than memory should hold."""
    if not content.startswith(ZIP):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except BROKEN_ZIP as error:
        raise InputError(f"{name} is a damaged workbook: {error}. Save it again as XLSX.") from error
    if size > UNPACKED_LIMIT:
        raise InputError(
            f"{name} would unpack to {size >> 20} MB, more than {UNPACKED_LIMIT >> 20} MB. Export it as CSV."
        )


def _counts_from_1904(content: bytes) -> bool:
    if not content.startswith(ZIP):
        return False
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if "xl/workbook.xml" not in names:
            return False
        try:
            head = archive.read("xl/workbook.xml")
        except (*BROKEN_ZIP, RuntimeError, EOFError):
            # Whatever is wrong with it, the workbook's reader says it better.
            return False
    return b'date1904="1"' in head or b'date1904="true"' in head


def _rows(sheet: CalamineSheet) -> list[list[str]]:
    if not sheet.height:
        return []
    return [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]


def _text(cell: Any) -> str:
    """A cell as text; whole numbers of 16 digits and more keep their exponent, as their last digits are lost."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        if abs(cell) >= EXACT_INTEGER:
            return f"{float(cell):.15E}"
        return str(int(cell)) if cell == int(cell) else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    return str(cell)
