"""What calamine does not report of an XLS: its version, its date system, and the number formats of its cells.

The records are those of [MS-XLS] (BIFF8), read from the workbook's stream; cells are looked at only where a number
format changes what numbers mean.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import olefile

from data.ingest.formats import number_formats

HEAD = struct.Struct("<HH")
SHORT, PAIR, LONG = struct.Struct("<H"), struct.Struct("<HH"), struct.Struct("<I")
BOF, EOF, DATE_MODE, FORMAT, STYLE, SHEET, FILE_PASS = 0x0809, 0x000A, 0x0022, 0x041E, 0x00E0, 0x0085, 0x002F
FORMULA, NUMBER, SMALL_NUMBER, SMALL_NUMBERS = 0x0006, 0x0203, 0x027E, 0x00BD
ONE_NUMBER = frozenset((FORMULA, NUMBER, SMALL_NUMBER))
BIFF8 = 0x0600
BUILT_IN = {9: "0%", 10: "0.00%"}
WIDE = 1
"""The flag of a text whose characters take two bytes."""


@dataclass(frozen=True)
class XlsBook:
    """`formats`: sheet -> (row, column, format) of cells whose format changes what their number means."""

    is_excel_95: bool
    """Excel 5.0/95 or older: texts in a code page."""
    is_encrypted: bool = False
    uses_1904: bool = False
    formats: dict[str, list[tuple[int, int, str]]] = field(default_factory=dict)


@dataclass
class _Globals:
    uses_1904: bool = False
    is_encrypted: bool = False
    codes: dict[int, str] = field(default_factory=lambda: dict(BUILT_IN))
    styles: list[int] = field(default_factory=list)
    sheets: list[tuple[str, int]] = field(default_factory=list)


def read_book(content: bytes) -> XlsBook:
    """Raises OSError or ValueError for a file whose storage is damaged."""
    with olefile.OleFileIO(io.BytesIO(content)) as storage:
        if not storage.exists("Workbook"):
            return XlsBook(is_excel_95=storage.exists("Book"))
        stream = storage.openstream("Workbook").read()
    if len(stream) < 8 or SHORT.unpack_from(stream)[0] != BOF:
        raise ValueError("no workbook begins in its stream")
    if SHORT.unpack_from(stream, 4)[0] < BIFF8:
        return XlsBook(is_excel_95=True)
    known = _read_globals(stream)
    changing = {
        number: known.codes[code]
        for number, code in enumerate(known.styles)
        if code in known.codes and number_formats.changes_meaning(known.codes[code])
    }
    found = {name: list(_find_cells(stream, start, changing)) for name, start in known.sheets} if changing else {}
    return XlsBook(False, known.is_encrypted, known.uses_1904, found)


def _iterate_records(stream: bytes, start: int) -> Iterator[tuple[int, int, int]]:
    """(kind, place, size) of the records of one part of the stream, up to its end; parts inside it are left out."""
    depth = 0
    while start + HEAD.size <= len(stream):
        kind, size = HEAD.unpack_from(stream, start)
        start += HEAD.size
        if start + size > len(stream):
            return
        depth += (kind == BOF) - (kind == EOF)
        if depth <= 0:
            return
        if depth == 1:
            yield kind, start, size
        start += size


def _read_globals(stream: bytes) -> _Globals:
    found = _Globals()
    for kind, at, size in _iterate_records(stream, 0):
        if kind == DATE_MODE and size >= 2:
            found.uses_1904 = SHORT.unpack_from(stream, at)[0] == 1
        elif kind == FILE_PASS:
            found.is_encrypted = True
            return found
        elif kind == FORMAT and size >= 5:
            number, length = PAIR.unpack_from(stream, at)
            found.codes[number] = _read_text(stream[at + 4 : at + size], length)
        elif kind == STYLE and size >= 4:
            found.styles.append(PAIR.unpack_from(stream, at)[1])
        elif kind == SHEET and size >= 8:
            found.sheets.append(
                (_read_text(stream[at + 7 : at + size], stream[at + 6]), LONG.unpack_from(stream, at)[0])
            )
    return found


def _read_text(content: bytes, length: int) -> str:
    """A text of this many characters behind its flags."""
    if content[0] & WIDE:
        return content[1 : 1 + 2 * length].decode("utf-16-le", errors="replace")
    return content[1 : 1 + length].decode("latin-1")


def _find_cells(stream: bytes, start: int, styles: dict[int, str]) -> Iterator[tuple[int, int, str]]:
    """The number cells of a sheet that have one of the styles."""
    for kind, at, size in _iterate_records(stream, start):
        if kind in ONE_NUMBER and size >= 6:
            row, column = PAIR.unpack_from(stream, at)
            code = styles.get(SHORT.unpack_from(stream, at + 4)[0])
            if code:
                yield row, column, code
        elif kind == SMALL_NUMBERS and size >= 6:
            row, column = PAIR.unpack_from(stream, at)
            for i in range((size - 6) // 6):
                code = styles.get(SHORT.unpack_from(stream, at + 4 + 6 * i)[0])
                if code:
                    yield row, column + i, code
