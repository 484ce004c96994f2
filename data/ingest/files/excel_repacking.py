"""Repacks an XLSX for calamine: the parts that size_checks has checked, arranged to be read once.

The workbook's own part gets the name that calamine looks for, and its date system the spelling that calamine knows.
calamine goes through a sheet a second time to its end for the merged cells, which follow the cells; where they
precede them, it finds them at once.
"""

import io
import re
import zipfile
from collections import deque
from collections.abc import Mapping

from data.ingest.files import excel_marks
from data.ingest.files.excel_marks import MAIN_PART as MAIN

SHEETS = re.compile(r"xl[\\/]worksheets[\\/]", re.IGNORECASE)
CELLS, END = b"<sheetData", b"</sheetData>"
MERGES = re.compile(rb"<mergeCells\b[^<>]*[^/<>]?>.*?</mergeCells>", re.DOTALL)
NO_MERGES = b'<mergeCells count="0"></mergeCells>'
DECLARATION = b"<!"
"""Opens a comment or a text in which what looks like an element is none."""
PIECE = 1 << 18


class ForwardOnlyBuffer:
    """A file in memory whose pieces stay where they are until they are read, once, from its start to its end."""

    def __init__(self) -> None:
        self._pieces: deque[memoryview] = deque()

    def write(self, piece: bytes | memoryview) -> int:
        if len(piece):  # an empty one would read as the end
            self._pieces.append(memoryview(piece))
        return len(piece)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The pieces stay until they are read."""

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        """Calamine asks whether a file can do this, and does not do it."""
        raise io.UnsupportedOperation(f"seek to {place} ({whence})")

    def read(self, size: int = PIECE) -> bytes:
        """At most PIECE bytes: calamine asks for ever more, each time new memory."""
        if not self._pieces:
            return b""
        first = self._pieces.popleft()
        size = min(size, PIECE)
        if len(first) > size:
            self._pieces.appendleft(first[size:])
        return bytes(first[:size])


def repack_workbook(parts: Mapping[str, bytes]) -> ForwardOnlyBuffer:
    """A workbook of these parts, not compressed."""
    file = ForwardOnlyBuffer()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, part in settle_main_part(parts).items():
            with archive.open(zipfile.ZipInfo(name), "w") as packed_part:
                for piece in move_merges_first(part) if SHEETS.match(name) else [part]:
                    packed_part.write(piece)
    return file


def settle_main_part(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts with the workbook's own as xl/workbook.xml, its flag of the 1904 date system as calamine knows it."""
    main = excel_marks.find_main_part(parts)
    if main not in parts:
        return dict(parts)
    names = {main: MAIN, excel_marks.name_relations(main): excel_marks.name_relations(MAIN)}
    found = {names.get(name, name): part for name, part in parts.items()}
    if main != MAIN:
        for listing in ("[Content_Types].xml", "_rels/.rels"):
            found[listing] = found.get(listing, b"").replace(main.encode(), MAIN.encode())
    return found | {MAIN: excel_marks.write_date_flag(parts[main], excel_marks.uses_1904_date_system(parts))}


def move_merges_first(sheet: bytes) -> list[bytes | memoryview]:
    """The pieces of a sheet with its merged cells above the cells; as it is where it is not written as usual."""
    start, end = sheet.find(CELLS), sheet.rfind(END)
    head, tail = sheet[:start], sheet[end:]
    if start < 0 or end < start or DECLARATION in head or DECLARATION in tail:
        return [sheet]
    merges = MERGES.search(tail)
    below = tail.replace(merges[0], b"", 1) if merges else tail
    return [head, merges[0] if merges else NO_MERGES, memoryview(sheet)[start:end], below]
