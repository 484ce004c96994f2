"""What calamine does not report of an XLSX: number formats, formulas without a result, error cells, day 0."""

import html
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from data.errors import InputError
from data.ingest.formats import number_formats
from data.messages.catalogue import bilingual

ZIP = b"PK\x03\x04"
SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^<>]*)>")
RELATION = re.compile(rb"<(?:\w+:)?Relationship\b([^<>]*)>")
ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
FORMAT = re.compile(rb"<(?:\w+:)?numFmt\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
STYLES = re.compile(rb"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
STYLE = re.compile(rb"<(?:\w+:)?xf\b([^<>]*)>")
NO_RESULT = re.compile(
    rb"<(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
ERROR_TYPE = re.compile(rb"\bt=[\"']e[\"']")
ERROR_CELL = re.compile(rb"<(?:\w+:)?c\b[^<>]*\bt=[\"']e[\"']")
BUILT_IN_FORMATS = {b"9": "0%", b"10": "0.00%"}
CELLS = re.compile(rb"<(?:\w+:)?(row|c)\b([^<>]*)>")
UNNAMED_CELL = re.compile(rb"<(?:\w+:)?c\b(?![^<>]*\br\s*=)")
DATE_FLAG = re.compile(rb"<(?:\w+:)?workbookPr\b[^<>]*?\sdate1904\s*=\s*[\"']([^\"']*)[\"']")
TRUE = frozenset((b"1", b"true", b"on"))
SAMPLE = 1 << 20
MAIN_PART = "xl/workbook.xml"


@dataclass(frozen=True)
class SheetMarks:
    """Cells (row, column from 0, format) whose number format changes what their number means; counts of formulas
    without a result and of error values."""

    formats: tuple[tuple[int, int, str], ...] = ()
    no_result: int = 0
    errors: int = 0


def read_marks(name: str, parts: Mapping[str, bytes]) -> dict[str, SheetMarks]:
    """Sheet name -> its marks; `parts` as size_checks unpacked them. Raises InputError for a part that is not XML."""
    try:
        return _parse_workbook(parts)
    except ValueError as error:
        raise InputError(bilingual("files.workbook_damaged", name=name, error=error)) from error


def uses_1904_date_system(parts: Mapping[str, bytes]) -> bool:
    """Whether day numbers count from 1904, however the workbook spells it."""
    flag = DATE_FLAG.search(parts.get(find_main_part(parts), b""))
    return flag is not None and flag[1].strip().lower() in TRUE


def write_date_flag(main: bytes, is_1904: bool) -> bytes:
    """The workbook's own part with the flag as calamine knows it."""
    flag = DATE_FLAG.search(main)
    if not flag or flag[1] in (b"0", b"1"):
        return main
    return main[: flag.start(1)] + (b"1" if is_1904 else b"0") + main[flag.end(1) :]


def find_main_part(parts: Mapping[str, bytes]) -> str:
    """The part that lists the sheets: xl/workbook.xml, or what the package names instead (xl/workbook22.xml)."""
    for found in map(_parse_attributes, RELATION.findall(parts.get("_rels/.rels", b""))):
        if found.get("Type", b"").endswith(b"/officeDocument"):
            name = found.get("Target", b"").decode().lstrip("/")
            return name if name in parts else MAIN_PART
    return MAIN_PART


def name_relations(part: str) -> str:
    """The part that holds the relations of a part."""
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def _parse_attributes(tag: bytes) -> dict[str, bytes]:
    return {key.decode(): one or other for key, one, other in ATTRIBUTE.findall(tag)}


def _parse_workbook(parts: Mapping[str, bytes]) -> dict[str, SheetMarks]:
    main = find_main_part(parts)
    targets = {
        found.get("Id", b""): found.get("Target", b"").decode()
        for found in map(_parse_attributes, RELATION.findall(parts.get(name_relations(main), b"")))
    }
    styles = _find_styles(parts.get("xl/styles.xml", b""))
    found = {}
    for tag in SHEET.findall(parts.get(main, b"")):
        sheet = _parse_attributes(tag)
        target = next((targets.get(value, "") for key, value in sheet.items() if key.endswith(":id")), "")
        name = html.unescape(sheet.get("name", b"").decode())
        found[name] = _parse_sheet(parts.get(posixpath.normpath(posixpath.join("xl", target)).lstrip("/"), b""), styles)
    return found


def _find_styles(xml: bytes) -> dict[bytes, str]:
    """Number of a cell style -> its number format, where that changes what numbers mean."""
    codes = BUILT_IN_FORMATS | {
        found.get("numFmtId", b""): html.unescape(found.get("formatCode", b"").decode())
        for found in map(_parse_attributes, FORMAT.findall(xml))
    }
    changing = {number: code for number, code in codes.items() if number_formats.changes_meaning(code)}
    block = STYLES.search(xml)
    styles = map(_parse_attributes, STYLE.findall(block[0])) if block else ()
    used = ((i, changing.get(style.get("numFmtId", b""))) for i, style in enumerate(styles))
    return {str(i).encode(): code for i, code in used if code}


def _parse_sheet(xml: bytes, styles: dict[bytes, str]) -> SheetMarks:
    places = tuple(_find_cells(xml, styles)) if styles else ()
    no_result = len(NO_RESULT.findall(xml)) if _has_formula(xml) else 0
    errors = len(ERROR_CELL.findall(xml)) if b"#" in xml and ERROR_TYPE.search(xml) else 0
    return SheetMarks(places, no_result, errors)


def _find_cells(xml: bytes, styles: dict[bytes, str]) -> Iterator[tuple[int, int, str]]:
    """Cells that have one of the styles."""
    if UNNAMED_CELL.search(xml, 0, SAMPLE):
        yield from _count_cells(xml, styles)
        return
    number = b"|".join(styles)
    cell = re.compile(
        rb"<(?:\w+:)?c\b(?=[^<>]*\bs=[\"'](" + number + rb")[\"'])[^<>]*\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']"
    )
    for style, letters, row in cell.findall(xml):
        yield int(row) - 1, _parse_column_letters(letters), styles[style]


def _count_cells(xml: bytes, styles: dict[bytes, str]) -> Iterator[tuple[int, int, str]]:
    """As _find_cells where cells do not say where they stand: each is behind the one before."""
    row = column = -1
    for kind, attributes in CELLS.findall(xml):
        given = _parse_attributes(attributes)
        name = given.get("r", b"")
        if kind == b"row":
            row, column = int(name) - 1 if name.isdigit() else row + 1, -1
            continue
        letters = name.rstrip(b"0123456789")
        column = _parse_column_letters(letters) if letters.isalpha() else column + 1
        code = styles.get(given.get("s", b""))
        if code:
            yield row, column, code


def _has_formula(xml: bytes) -> bool:
    """A single letter is found far sooner than a tag: most sheets of numbers have none among their cells."""
    start, end = xml.find(b"<sheetData"), xml.rfind(b"</sheetData>")
    has_letter = start < 0 or end < 0 or xml.find(b"f", start, end) >= 0
    return has_letter and (b"<f" in xml or b":f" in xml)


def _parse_column_letters(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
