"""Checks sizes, lines, columns and cells before a file is parsed (data/tables/size_limits.csv)."""

import io
import struct
import zipfile
from pathlib import Path

import numpy as np
from isal import isal_zlib

from data.errors import InputError
from data.messages.catalogue import bilingual
from data.reference import size_limits

MEGABYTE = 1 << 20
CHUNK_SIZE = MEGABYTE // 2
OVERLAP = 32
LOCAL_HEADER = struct.Struct("<4s22xHH")
REFERENCE = 11
"""The longest cell reference that is still looked at: letters and digits."""
NEAR_EXTENT = 99_999, 104
"""The row and column (CZ) up to which a chunk is not looked at more closely."""
ATTRIBUTE = int.from_bytes(b"r=", "little")
OTHER_FORMATS = {"xl/workbook.bin": "XLSB", "content.xml": "ODS", "mimetype": "ODS"}
DELIMITERS = b",;\t|"
SAMPLE_LINES = 100
ZLIB_ERROR: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub has an instance
PART_BROKEN = (struct.error, ZLIB_ERROR)


def check_file_size(path: Path) -> None:
    """Raises InputError for a file larger than may be read, or a device or pipe that may never end."""
    most = size_limits.integer_limit("text_mb")
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise InputError(bilingual("files.not_an_ordinary_file", path=path))
    size = path.stat().st_size if path.is_file() else 0
    if size > most * MEGABYTE:
        raise InputError(bilingual("files.too_large", path=path, size=size // MEGABYTE, limit=most))


def check_text(name: str, content: bytes) -> None:
    """Raises InputError for a line without end, or more columns than a table has."""
    most = size_limits.integer_limit("line_mb") * MEGABYTE
    start = 0
    while start + most < len(content):
        end = max(content.rfind(mark, start, start + most) for mark in (b"\n", b"\r"))
        if end < 0:
            raise InputError(bilingual("files.line_too_long", name=name, byte=start, limit=most // MEGABYTE))
        start = end + 1
    lines = content[:most].split(b"\n", SAMPLE_LINES)[:SAMPLE_LINES]
    widest = max(line.count(mark) for line in lines for mark in (bytes([byte]) for byte in DELIMITERS)) + 1
    check_column_count(name, widest)


def check_column_count(name: str, columns: int) -> None:
    """Raises InputError for more columns than a table has."""
    limit = size_limits.integer_limit("columns")
    if columns > limit:
        raise InputError(bilingual("files.too_many_columns", name=name, columns=columns, limit=limit))


def unpack_workbook(name: str, content: bytes) -> dict[str, bytes]:
    """The parts of an XLSX, unpacked, by name.

    Raises InputError for a ZIP that unpacks to too much, whatever size it states, or a sheet too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise _build_damaged_error(name, error) from error
    named = {part.filename for part in parts}
    other = next((form for part, form in OTHER_FORMATS.items() if part in named), None)
    if other:
        raise InputError(bilingual("files.other_workbook_format", name=name, form=other))
    if len(parts) > size_limits.integer_limit("archive_parts"):
        raise InputError(bilingual("files.too_many_parts", name=name, parts=len(parts)))
    left = size_limits.integer_limit("unpacked_mb") * MEGABYTE
    found = {}
    for part in parts:
        try:
            found[part.filename] = _unpack_part(name, content, part, left)
        except PART_BROKEN as error:
            raise _build_damaged_error(name, error) from error
        left -= len(found[part.filename])
    return found


def _build_damaged_error(name: str, error: Exception | str) -> InputError:
    return InputError(bilingual("files.workbook_damaged", name=name, error=error))


def _unpack_part(name: str, content: bytes, part: zipfile.ZipInfo, left: int) -> bytes:
    """Unpacks one part, to `left` bytes at most. Raises InputError for a part too large, damaged or unsafe."""
    xml = _decompress_part(name, content, part, left + 1)
    if len(xml) > left:
        limit = size_limits.integer_limit("unpacked_mb")
        raise InputError(bilingual("files.unpacks_too_large", name=name, limit=limit))
    if isal_zlib.crc32(xml) != part.CRC:
        raise _build_damaged_error(name, bilingual("files.checksum_differs", part=part.filename))
    if b"!" in xml and (b"<!DOCTYPE" in xml or b"<!ENTITY" in xml):
        raise InputError(bilingual("files.declares_entities", name=name))
    _check_cell_count(name, part.filename, xml)
    return xml


def _check_cell_count(name: str, part: str, xml: bytes) -> None:
    """Raises InputError where the cell references of a part reach too far; looks at them chunk by chunk."""
    limit = size_limits.integer_limit("cells")
    rows = columns = 0
    for start in range(0, len(xml), CHUNK_SIZE):
        piece = xml[start : start + CHUNK_SIZE + OVERLAP]
        reach = _find_extent(piece) if _may_exceed_near_extent(piece) else NEAR_EXTENT
        rows, columns = max(rows, reach[0]), max(columns, reach[1])
        if rows * columns > limit:
            raise InputError(
                bilingual("files.too_many_cells", name=name, part=part, row=rows, column=columns, limit=limit)
            )


def _decompress_part(name: str, content: bytes, part: zipfile.ZipInfo, most: int) -> bytes:
    """The part, or its first bytes. The size stated in the archive is not trusted."""
    _, name_size, extra_size = LOCAL_HEADER.unpack_from(content, part.header_offset)
    start = part.header_offset + LOCAL_HEADER.size + name_size + extra_size
    packed = memoryview(content)[start : start + part.compress_size]
    if part.compress_type == zipfile.ZIP_STORED:
        return bytes(packed[:most])
    if part.compress_type == zipfile.ZIP_DEFLATED:
        return isal_zlib.decompressobj(-isal_zlib.MAX_WBITS).decompress(packed, most)
    raise InputError(bilingual("files.unusual_compression", name=name))


def _find_references(body: np.ndarray) -> np.ndarray:
    """Positions of r=: the bytes are compared in pairs, from the first and from the second on."""
    found = [2 * np.flatnonzero(_view_byte_pairs(body[at:]) == ATTRIBUTE) + at for at in (0, 1)]
    return np.concatenate(found)


def _view_byte_pairs(body: np.ndarray) -> np.ndarray:
    return body[: len(body) // 2 * 2].view("<u2")


def _may_exceed_near_extent(xml: bytes) -> bool:
    """Whether a cell reference may lie beyond NEAR: more letters, a later letter, or more digits."""
    given = np.frombuffer(xml, dtype=np.uint8)
    starts = _find_references(given[:-REFERENCE]) + len('r="')
    first, second, third = (given[starts + at] & 0xDF for at in range(3))
    letters = (first >= ord("A")) & (first <= ord("Z"))
    more = letters & (second >= ord("A")) & (second <= ord("Z"))
    late = more & ((first > ord("C")) | ((third >= ord("A")) & (third <= ord("Z"))))
    sixth = given[starts + 5 + letters + more] - ord("0") < 10
    return bool((late | sixth).any())


def _find_extent(xml: bytes) -> tuple[int, int]:
    """The largest row and column that a cell reference r="…" names."""
    given = np.frombuffer(xml, dtype=np.uint8)
    body = given[:-REFERENCE]
    starts = _find_references(body[:-1])
    starts = starts[(body[starts + 2] == ord('"')) | (body[starts + 2] == ord("'"))]
    row = np.zeros(len(starts), dtype=np.int64)
    column = np.zeros(len(starts), dtype=np.int64)
    reading = np.ones(len(starts), dtype=bool)
    for at in range(REFERENCE):
        byte = given[starts + 3 + at]
        letter, digit = (byte & 0xDF) - ord("A"), byte - ord("0")
        is_letter = reading & (letter < 26) & (byte >= ord("A")) & (row == 0)
        is_digit = reading & (digit < 10)
        column = np.where(is_letter, column * 26 + letter + 1, column)
        row = np.where(is_digit, row * 10 + digit, row)
        reading = is_letter | is_digit
    # Letters without digits are no reference (xmlns:r="http…").
    return int(row.max(initial=0)), int(column[row > 0].max(initial=0))
