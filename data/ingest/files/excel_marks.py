"""What calamine does not report of an XLSX: percent formats, formulas without a result, error cells."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.sax.saxutils import unescape

from data.errors import InputError
from data.messages.catalogue import bilingual

ZIP = b"PK\x03\x04"
SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^<>]*)>")
RELATION = re.compile(rb"<(?:\w+:)?Relationship\b([^<>]*)>")
ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']")
FORMAT = re.compile(rb"<(?:\w+:)?numFmt\b([^<>]*)>")
STYLES = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
STYLE = re.compile(rb"<(?:\w+:)?xf\b([^<>]*)>")
NO_RESULT = re.compile(rb"<f\b[^<>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")
ERROR_CELL = re.compile(rb"<c\b[^<>]*\bt=[\"']e[\"']")
LITERAL = re.compile(rb"&quot;.*?&quot;|\\\\.")
PERCENT_FORMATS = {b"9", b"10"}
"""Numbers of the built-in formats 0% and 0.00%."""


@dataclass(frozen=True)
class SheetMarks:
    """Cells (row, column, from 0) shown as percent; counts of formulas without a result and of error values."""

    percents: tuple[tuple[int, int], ...] = ()
    no_result: int = 0
    errors: int = 0


def read_marks(name: str, parts: Mapping[str, bytes]) -> dict[str, SheetMarks]:
    """Sheet name -> its marks; `parts` as size_checks unpacked them. Raises InputError for a part that is not XML."""
    try:
        return _parse_workbook(parts)
    except ValueError as error:
        raise InputError(bilingual("files.workbook_damaged", name=name, error=error)) from error


def uses_1904_date_system(parts: Mapping[str, bytes]) -> bool:
    head = parts.get("xl/workbook.xml", b"")
    return b'date1904="1"' in head or b'date1904="true"' in head


def _parse_attributes(tag: bytes) -> dict[str, bytes]:
    return {key.decode(): value for key, value in ATTRIBUTE.findall(tag)}


def _parse_workbook(parts: Mapping[str, bytes]) -> dict[str, SheetMarks]:
    targets = {
        found.get("Id", b""): found.get("Target", b"").decode()
        for found in map(_parse_attributes, RELATION.findall(parts.get("xl/_rels/workbook.xml.rels", b"")))
    }
    styles = _find_percent_styles(parts.get("xl/styles.xml", b""))
    found = {}
    for tag in SHEET.findall(parts.get("xl/workbook.xml", b"")):
        sheet = _parse_attributes(tag)
        target = targets.get(sheet.get("r:id", b""), "")
        name = unescape(sheet.get("name", b"").decode(), {"&quot;": '"', "&apos;": "'"})
        found[name] = _parse_sheet(parts.get(posixpath.normpath(posixpath.join("xl", target)).lstrip("/"), b""), styles)
    return found


def _find_percent_styles(xml: bytes) -> list[bytes]:
    """Numbers of the cell styles that show a percent sign."""
    formats = PERCENT_FORMATS | {
        found.get("numFmtId", b"")
        for found in map(_parse_attributes, FORMAT.findall(xml))
        if b"%" in LITERAL.sub(b"", found.get("formatCode", b""))
    }
    block = STYLES.search(xml)
    styles = map(_parse_attributes, STYLE.findall(block[0])) if block else ()
    return [str(i).encode() for i, style in enumerate(styles) if style.get("numFmtId") in formats]


def _parse_sheet(xml: bytes, styles: list[bytes]) -> SheetMarks:
    places: list[tuple[int, int]] = []
    if styles:
        percent = re.compile(rb'<c\b(?=[^<>]*\bs="(?:' + b"|".join(styles) + rb')")[^<>]*\br="([A-Z]{1,3})(\d{1,7})"')
        places = [(int(row) - 1, _parse_column_letters(letters)) for letters, row in percent.findall(xml)]
    no_result = len(NO_RESULT.findall(xml)) if _has_formula(xml) else 0
    errors = len(ERROR_CELL.findall(xml)) if b"#" in xml and b't="e"' in xml else 0
    return SheetMarks(tuple(places), no_result, errors)


def _has_formula(xml: bytes) -> bool:
    """A single letter is found far sooner than a tag: most sheets of numbers have none among their cells."""
    start, end = xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")
    has_letter = start < 0 or end < 0 or xml.find(b"f", start, end) >= 0
    return has_letter and b"<f" in xml


def _parse_column_letters(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
