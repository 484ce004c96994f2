"""Workbooks packed anew for calamine hold the same cells and the same merged cells, however they were written."""

import io
import zipfile

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from data.errors import InputError
from data.ingest.files import excel_repacking, size_checks

SHEET = "xl/worksheets/sheet1.xml"
ROWS = 3000
"""Enough that a sheet is read in several pieces."""


@pytest.fixture(scope="module")
def workbook_parts() -> dict[str, bytes]:
    book = openpyxl.Workbook()
    for row in [["台账", None, None], ["借据号", "余额", "用途"], *([f"L{i}", i * 1.5, "买牛"] for i in range(ROWS))]:
        book.active.append(row)
    book.active.merge_cells("A1:C1")
    book.active.merge_cells("A4:A5")
    file = io.BytesIO()
    book.save(file)
    return size_checks.unpack_workbook("x.xlsx", file.getvalue())


def zip_workbook(workbook_parts: dict[str, bytes]) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in workbook_parts.items():
            archive.writestr(name, part)
    file.seek(0)
    return file


def read_repacked(file: object) -> tuple:
    sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0)
    return sheet.to_python(skip_empty_area=False), sheet.merged_cell_ranges


SHEET_VARIANTS = {
    "as usual": lambda sheet: sheet,
    "without merged cells": lambda sheet: sheet[: sheet.index(b"<mergeCells")] + b"</worksheet>",
    "an empty list of them": lambda sheet: sheet.replace(
        sheet[sheet.index(b"<mergeCells") : sheet.index(b"</mergeCells>") + 13], b'<mergeCells count="0"/>'
    ),
    "a comment before the cells": lambda sheet: sheet.replace(b"<sheetData>", b"<!-- <sheetData> --><sheetData>", 1),
    "a comment below them": lambda sheet: sheet.replace(
        b"<mergeCells", b"<!-- <mergeCells></mergeCells> --><mergeCells"
    ),
    "names with a prefix": lambda sheet: (
        sheet.replace(b"xmlns=", b"xmlns:x=").replace(b"</", b"</x:").replace(b"<", b"<x:").replace(b"<x:/x:", b"</x:")
    ),
}


@pytest.mark.parametrize("written", SHEET_VARIANTS)
def test_cells_and_merged_cells_are_the_same(workbook_parts: dict[str, bytes], written: str) -> None:
    other = workbook_parts | {SHEET: SHEET_VARIANTS[written](workbook_parts[SHEET])}
    cells, merges = read_repacked(zip_workbook(other))
    assert len(cells) == ROWS + 2 and bool(merges) == (written not in {"without merged cells", "an empty list of them"})
    assert read_repacked(excel_repacking.repack_workbook(other)) == (cells, merges)


def test_merged_cells_stand_above_the_cells(workbook_parts: dict[str, bytes]) -> None:
    sheet = b"".join(excel_repacking.move_merges_first(workbook_parts[SHEET]))
    assert sheet.index(b'<mergeCell ref="A1:C1"') < sheet.index(b"<sheetData") and sheet.count(b"<mergeCells") == 1
    assert len(sheet) == len(workbook_parts[SHEET])


def test_a_sheet_without_cells_stays_as_it_is() -> None:
    for sheet in (b"", b"<worksheet><sheetData/></worksheet>", b"</sheetData><sheetData>"):
        assert b"".join(excel_repacking.move_merges_first(sheet)) == sheet


@pytest.mark.parametrize("way", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_part_that_is_not_what_its_checksum_says_is_refused(workbook_parts: dict[str, bytes], way: int) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", way) as archive:
        archive.writestr("a.xml", b"<x>5</x>")
    for at in (file.getvalue().rindex(b"a.xml") - 46 + 16, file.getvalue().index(b"a.xml") + 7):
        changed = bytearray(file.getvalue())
        changed[at] ^= 1
        with pytest.raises(InputError, match=r"f\.xlsx is a damaged workbook"):
            size_checks.unpack_workbook("f.xlsx", bytes(changed))
