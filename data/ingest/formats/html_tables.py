"""Tables of an HTML page (often saved as .xls) to rows of text. Nothing is fetched and no script runs."""

from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from data.errors import InputError
from data.messages.catalogue import bilingual

OPENINGS = (b"<html", b"<!doctype html", b"<table", b"<meta", b"<head", b"<body", b"<div", b"<style")
XML_FILE, WEB_ARCHIVE = b"<?xml", b"mime-version:"
SIZE_LIMIT = 300 * 1024 * 1024
SPAN_LIMIT = 1000
SPANNED_CELLS_LIMIT = 1_000_000
MergedRange = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class HtmlTable:
    """`merges`: (first row, first column), (last row, last column) of cells that span several."""

    number: int
    rows: list[list[str]]
    merges: tuple[MergedRange, ...]


def is_markup(text: bytes) -> bool:
    return text[:200].lstrip().lower().startswith((*OPENINGS, XML_FILE, WEB_ARCHIVE))


def read_tables(name: str, text: bytes) -> list[HtmlTable]:
    """Tables that hold no further table. Raises InputError when there is none, or the page is too large."""
    head = text[:200].lstrip().lower()
    if head.startswith(XML_FILE):
        raise InputError(bilingual("files.xml_file", name=name))
    if head.startswith(WEB_ARCHIVE):
        raise InputError(bilingual("files.web_archive", name=name))
    if len(text) > SIZE_LIMIT:
        raise InputError(bilingual("files.page_too_large", name=name, size=len(text) >> 20, limit=SIZE_LIMIT >> 20))
    tables = [node for node in LexborHTMLParser(text.decode()).css("table") if len(node.css("table")) <= 1]
    found = [_read_table(name, number, node) for number, node in enumerate(tables, 1)]
    found = [table for table in found if any(any(row) for row in table.rows)]
    if not found:
        raise InputError(bilingual("files.page_without_table", name=name))
    return found


def _read_table(name: str, number: int, node: LexborNode) -> HtmlTable:
    rows: list[list[str]] = []
    merges: list[MergedRange] = []
    taken: set[tuple[int, int]] = set()
    for y, line in enumerate(node.css("tr")):
        cells: dict[int, str] = {}
        x = 0
        for cell in line.css("td, th"):
            while (y, x) in taken:
                x += 1
            down, across = _parse_span(cell, "rowspan"), _parse_span(cell, "colspan")
            cells[x] = _extract_text(cell)
            if (down, across) != (1, 1):
                merges.append(((y, x), (y + down - 1, x + across - 1)))
                taken |= {(y + i, x + j) for i in range(down) for j in range(across)}
                if len(taken) > SPANNED_CELLS_LIMIT:
                    raise InputError(bilingual("files.page_spans_too_many_cells", name=name, limit=SPANNED_CELLS_LIMIT))
            x += across
        width = max([x, *(column + 1 for row, column in taken if row == y)])
        rows.append([cells.get(i, "") for i in range(width)])
    return HtmlTable(number, rows, tuple(merges))


def _parse_span(cell: LexborNode, name: str) -> int:
    text = (cell.attributes.get(name) or "1").strip()
    return min(max(int(text), 1), SPAN_LIMIT) if text.isascii() and text.isdigit() else 1


def _extract_text(cell: LexborNode) -> str:
    """The cell's words; a line break in it stays one."""
    for line_break in cell.css("br"):
        line_break.replace_with("\n")
    return cell.text(separator="").replace("\xa0", " ").strip()
