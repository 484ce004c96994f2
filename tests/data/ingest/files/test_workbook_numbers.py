"""What cells of a workbook show and what its day numbers count from, however the file was written."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
import xlwt

from data.errors import InputError
from tests.data.ingest.parsed_import import ImportParser, ParsedImport

CASES = Path(__file__).parents[1] / "cases"
DAY = date(2024, 1, 31)


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


def write_xlsx(
    rows: list[list[Any]], formats: dict[int, str], edit: Callable[[str, bytes], tuple[str, bytes]]
) -> bytes:
    """A workbook whose columns have number formats; `edit` changes its parts."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("台账")
        known = {column: book.add_format({"num_format": code}) for column, code in formats.items()}
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                sheet.write(y, x, cell, known.get(x) if y else None)
    again = io.BytesIO()
    with zipfile.ZipFile(buffer) as parts, zipfile.ZipFile(again, "w") as written:
        for name in parts.namelist():
            written.writestr(*edit(name, parts.read(name)))
    return again.getvalue()


def write_xls(rows: list[list[Any]], formats: dict[int, str], *, is_1904: bool = False) -> bytes:
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = is_1904
    sheet = book.add_sheet("台账")
    known = {column: xlwt.easyxf(num_format_str=code) for column, code in formats.items()}
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            sheet.write(y, x, cell, known[x]) if y and x in known else sheet.write(y, x, cell)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def keep(name: str, part: bytes) -> tuple[str, bytes]:
    return name, part


def test_a_number_divided_by_its_format_is_read_as_shown(parser: ImportParser) -> None:
    arrived = parser.parse_files(CASES / "wan_by_format.xlsx")
    assert arrived.column_values("balance") == [1234567, 500000]
    assert arrived.note_text("note_scaled_cells") == (
        "贷款余额(万元): the number format shows the numbers divided by 10,000 "
        "(row 2 holds 1234567 and shows 123.4567); read as shown"
    )


SCALED = {
    "a unit in the header": ("贷款余额(万元)", "0!.0,"),
    "the unit in the format": ("贷款余额", '0!.0,"万"'),
    "the unit in both": ("贷款余额(万元)", '0\\.0,"万元"'),
    "only above a limit": ("贷款余额", '[>=10000]0!.0,"万";0'),
    "thousands": ("贷款余额(千元)", "#,##0.0,"),
    "a value in 万元 and its word": ("贷款余额", '0.00"万元"'),
}


@pytest.mark.parametrize("written", SCALED)
@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_divided_numbers_of_both_formats(parser: ImportParser, written: str, kind: str) -> None:
    header, code = SCALED[written]
    rows = [
        ["借据号", header],
        ["L1", 123.4567 if "0.00" in code else 1234567],
        ["L2", 50 if "0.00" in code else 500000],
    ]
    content = write_xlsx(rows, {1: code}, keep) if kind == "xlsx" else write_xls(rows, {1: code})
    assert parser.parse_text(content, f"f.{kind}").column_values("balance") == [1234567, 500000]


@pytest.mark.parametrize("header", ["贷款余额", "贷款余额(元)", "贷款余额(千元)", "执行利率(年%)"])
def test_a_divided_number_whose_column_says_no_such_unit_is_refused(parser: ImportParser, header: str) -> None:
    content = write_xlsx([["借据号", header], ["L1", 1234567]], {1: "0!.0,"}, keep)
    with pytest.raises(InputError, match=r"column .*: the number format shows the numbers divided by 10,000 \(row 2"):
        parser.parse_text(content, "f.xlsx")


def test_a_divided_number_in_a_column_that_is_left_out_does_not_matter(parser: ImportParser) -> None:
    content = write_xlsx([["借据号", "余额(元)", "备注"], ["L1", 5, 1234567]], {2: "0!.0,"}, keep)
    assert parser.parse_text(content, "f.xlsx").column_values("balance") == [5]


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_identifiers_keep_the_zeros_that_their_cells_show(parser: ImportParser, kind: str) -> None:
    rows = [["借据号", "机构号", "客户号", "余额(元)"], ["L1", 215, 123, 5], ["L2", 216, 124, 6]]
    formats = {1: "0000", 2: "00000000"}
    content = write_xlsx(rows, formats, keep) if kind == "xlsx" else write_xls(rows, formats)
    arrived = parser.parse_text(content, f"f.{kind}")
    assert arrived.column_values("branch_id") == ["0215", "0216"]
    assert arrived.column_values("borrower_id") == ["00000123", "00000124"]
    assert arrived.note_text("note_padded_cells").startswith("4 numbers")


def test_padded_identifiers_meet_those_of_a_text_file(parser: ImportParser) -> None:
    arrived = parser.parse_files(CASES / "zero_padded_format.xlsx", CASES / "customers_text.csv")
    assert set(arrived.column_values("borrower_id")) == set(arrived.column_values("borrower_id", "borrowers"))


@pytest.mark.parametrize("kind", ["xlsx", "xls"])
def test_percent_cells_of_both_formats(parser: ImportParser, kind: str) -> None:
    rows = [["借据号", "余额(元)", "利率"], ["L1", 5, 0.0435], ["L2", 6, 0.5]]
    content = write_xlsx(rows, {2: "0.00%"}, keep) if kind == "xlsx" else write_xls(rows, {2: "0.00%"})
    arrived = parser.parse_text(content, f"f.{kind}")
    assert [float(rate) for rate in arrived.column_values("annual_rate_pct")] == [4.35, 50]


def without_references(name: str, part: bytes) -> tuple[str, bytes]:
    return name, re.sub(rb'(<(?:row|c)\b[^<>]*?) r="[A-Z0-9]+"', rb"\1", part) if "sheet1" in name else part


def with_prefixes(name: str, part: bytes) -> tuple[str, bytes]:
    if "sheet1" not in name:
        return name, part
    return name, re.sub(rb"<(/?)(?!\?)(\w)", rb"<\1x:\2", part).replace(b"xmlns=", b"xmlns:x=")


def with_single_quotes(name: str, part: bytes) -> tuple[str, bytes]:
    return name, part.replace(b'"', b"'") if "sheet1" in name else part


@pytest.mark.parametrize("edit", [without_references, with_prefixes, with_single_quotes])
def test_number_formats_are_found_however_the_sheet_is_written(
    parser: ImportParser, edit: Callable[[str, bytes], tuple[str, bytes]]
) -> None:
    content = write_xlsx([["借据号", "机构号", "余额(万元)"], ["L1", 215, 1234567]], {1: "0000", 2: "0!.0000"}, edit)
    arrived = parser.parse_text(content, "f.xlsx")
    assert (arrived.column_values("branch_id"), arrived.column_values("balance")) == (["0215"], [1234567])


FLAGS = ['date1904="1"', "date1904='1'", 'date1904 = "true"', 'date1904="TRUE"', 'date1904=" 1 "', 'date1904="on"']
NO_FLAGS = ['date1904="0"', 'date1904="false"', 'x="date1904"']


@pytest.mark.parametrize("flag", [*FLAGS, *NO_FLAGS])
def test_day_numbers_of_an_xlsx_count_from_its_flag(parser: ImportParser, flag: str) -> None:
    def spell(name: str, part: bytes) -> tuple[str, bytes]:
        return name, part.replace(
            b"<workbookPr", b"<workbookPr " + flag.encode()
        ) if name == "xl/workbook.xml" else part

    serial = 43860 if flag in FLAGS else 45322
    content = write_xlsx([["借据号", "发放日期", "到期日"], ["L1", serial, serial]], {1: "yyyy-mm-dd"}, spell)
    arrived = parser.parse_text(content, "f.xlsx")
    assert (arrived.column_values("disbursed_on"), arrived.column_values("current_maturity")) == ([DAY], [DAY])


def test_the_date_system_survives_the_workbook_part_of_later_versions(parser: ImportParser) -> None:
    later = (
        b'<extLst><ext uri="{140A7094-0E35-4892-8432-C4D2E57EDEB5}" xmlns:x15="http://x/2010/11/main">'
        b'<x15:workbookPr chartTrackingRefBase="1"/></ext></extLst></workbook>'
    )

    def extend(name: str, part: bytes) -> tuple[str, bytes]:
        if name != "xl/workbook.xml":
            return name, part
        return name, part.replace(b"<workbookPr", b'<workbookPr date1904="1"').replace(b"</workbook>", later)

    content = write_xlsx([["借据号", "发放日期"], ["L1", 43860]], {1: "yyyy-mm-dd"}, extend)
    assert parser.parse_text(content, "f.xlsx").column_values("disbursed_on") == [DAY]


def test_a_workbook_part_of_another_name_is_found(parser: ImportParser) -> None:
    def rename(name: str, part: bytes) -> tuple[str, bytes]:
        if name.endswith(".rels") or name == "[Content_Types].xml":
            part = part.replace(b"xl/workbook.xml", b"xl/workbook22.xml")
        return name.replace("workbook.xml", "workbook22.xml"), part

    content = write_xlsx([["借据号", "机构号"], ["L1", 215]], {1: "0000"}, rename)
    assert parser.parse_text(content, "f.xlsx").column_values("branch_id") == ["0215"]


def test_day_numbers_of_an_xls_count_from_its_flag(parser: ImportParser) -> None:
    arrived = parser.parse_files(CASES / "day_numbers_1904.xls")
    assert arrived.column_values("disbursed_on") == [DAY, DAY]
    assert arrived.column_values("original_maturity") == [date(2025, 1, 31), date(2025, 1, 31)]
    plain = write_xls([["借据号", "发放日期"], ["L1", 45322]], {})
    assert parser.parse_text(plain, "f.xls").column_values("disbursed_on") == [DAY]


def read_maturities(arrived: ParsedImport) -> list[date | None]:
    assert not arrived.quarantined_rows
    return arrived.column_values("original_maturity")


def test_nought_shown_as_a_date_is_empty(parser: ImportParser) -> None:
    arrived = parser.parse_files(CASES / "date_formatted_nought.xlsx")
    assert read_maturities(arrived) == [date(2025, 1, 31), None, None, date(2025, 1, 31)]
    assert any("'00:00:00' (row 3)" in note["en"] for note in arrived.stage.notes if note["id"] == "note_blank")


@pytest.mark.parametrize(("kind", "serial"), [("xlsx", 0), ("xlsx", 1), ("xls", 0), ("xls", 1), ("xls of 1904", 0)])
def test_the_first_days_of_a_spreadsheet_are_placeholders(parser: ImportParser, serial: int, kind: str) -> None:
    rows = [["借据号", "原到期日"], ["L1", serial], ["L2", 43860]]
    content = (
        write_xlsx(rows, {1: "yyyy-mm-dd"}, keep)
        if kind == "xlsx"
        else write_xls(rows, {1: "yyyy-mm-dd"}, is_1904=kind != "xls")
    )
    assert read_maturities(parser.parse_text(content, f"f.{kind[:4].strip()}"))[0] is None


@pytest.mark.parametrize("cell", ["1900-01-00", "1900/1/0", "1900年1月0日", "00:00:00"])
def test_nought_saved_as_text_is_empty(parser: ImportParser, cell: str) -> None:
    assert read_maturities(parser.parse_text(f"借据号,原到期日\nL1,{cell}\nL2,2025-01-31\n")) == [
        None,
        date(2025, 1, 31),
    ]


def test_excel_95_is_recognised(parser: ImportParser) -> None:
    with pytest.raises(InputError, match=r"excel95_gbk\.xls is a workbook of Excel 5\.0/95, .* save it as XLSX"):
        parser.parse_files(CASES / "excel95_gbk.xls")


@pytest.mark.parametrize(("start", "version"), [("09000400", "2"), ("09020600", "3"), ("09040600", "4")])
def test_older_workbooks_are_recognised(parser: ImportParser, start: str, version: str) -> None:
    with pytest.raises(InputError, match=rf"is an Excel {version} workbook, .* save it as XLSX"):
        parser.parse_text(bytes.fromhex(start) + bytes(30), "f.xls")


def test_an_xls_with_a_password_says_so(parser: ImportParser) -> None:
    content = write_xls([["借据号"], ["L1"]], {})
    start = content.index(bytes.fromhex("09081000 0006 0500".replace(" ", "")))
    record = content.index(bytes.fromhex("42000200"), start)  # a record of two bytes becomes the mark of encryption
    locked = content[:record] + bytes.fromhex("2f00") + content[record + 2 :]
    with pytest.raises(InputError, match="protected by a password"):
        parser.parse_text(locked, "f.xls")
