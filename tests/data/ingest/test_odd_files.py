"""Odd files as they really come: what stands around the rows, in their titles and in their cells."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import InputError
from tests.data.cli_import import ImportCli
from tests.data.ingest.parsed_import import ImportParser

SNAPSHOT_DATE = date(2024, 1, 31)


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "第1页",
        "第 2 页 共 3 页",
        "共3页",
        "第1/3页",
        "- 4 -",
        "Page 1 of 3",
        "备注：以上数据已核对",
        "注:不含表外",
        "说明：截至月末",
        "打印时间：2024-04-02 10:00",
        "单位负责人：王五",
        "导出人:admin",
        "××农商行贷款台账",
        "单位：元",
    ],
)
def test_a_line_of_one_cell_that_is_no_record_is_left_out(parser: ImportParser, line: str) -> None:
    arrived = parser.parse_text(f"××农商行贷款台账,,\n借据号,余额,用途\nL1,5,x\n{line},,\nL2,6,\n")
    assert arrived.column_values("loan_id") == ["L1", "L2"]
    assert arrived.stage.counts[0].ignored == 2
    bare = parser.parse_text(f"××农商行贷款台账\n借据号,余额,用途\nL1,5,x\nL2,6,\n{line}\n", "bare.csv")
    assert (bare.column_values("loan_id"), bare.stage.counts[0].ignored, bare.quarantined_rows) == (["L1", "L2"], 2, [])


@pytest.mark.parametrize("line", ["L9,,", "第1页,5,", "备注：x,,y", "××农商行,5,y", "5-1,,"])
def test_a_line_that_may_be_a_record_is_one(parser: ImportParser, line: str) -> None:
    arrived = parser.parse_text(f"××农商行贷款台账,,\n借据号,余额,用途\nL1,5,x\n{line}\n")
    assert arrived.column_values("loan_id") == ["L1", line.partition(",")[0].replace("：", ":")]


@pytest.mark.parametrize("word", ["共2笔", "2笔", "合计2户", "SUM", "共 2 条", "本页小计", "【合计】"])
def test_words_of_total_rows(parser: ImportParser, word: str) -> None:
    arrived = parser.parse_text(f"借据号,余额,用途\nL1,5,x\nL2,6,y\n{word},11,\n")
    assert arrived.column_values("loan_id") == ["L1", "L2"]
    assert arrived.stage.counts[0].ignored == 1


@pytest.mark.parametrize("key", ["2笔-1", "SUM01", "LSUM", "第1页-3", "共2"])
def test_keys_that_hold_such_a_word_are_keys(parser: ImportParser, key: str) -> None:
    assert parser.parse_text(f"借据号,余额,用途\n{key},11,x\n").column_values("loan_id") == [key]


@pytest.mark.parametrize(
    "title",
    [
        "单位：万元",
        "单位：人民币万元",
        "单位：笔、万元",
        "单位：万元，%",
        "（单位：户/万元）",
        "贷款明细表（万元）",
        "贷款明细表(人民币万元)",
        "填报单位：万州支行　金额单位：万元",
        "单位: 人民币 万元",
        "单位：万元人民币",
    ],
)
def test_a_unit_in_a_title_however_it_is_written(parser: ImportParser, title: str) -> None:
    arrived = parser.parse_text(f"{title}\n借据号,余额,用途\nL1,5,x\n")
    assert arrived.column_values("balance") == [50000]
    assert "note_unit_assumed" not in arrived.note_ids


@pytest.mark.parametrize("merges", [("A1:B1", "C1:D1", "E1:F1"), ()])
def test_a_unit_over_a_group_of_columns_is_that_group_s(parser: ImportParser, merges: tuple[str, ...]) -> None:
    rows = [
        ["借据信息", None, "金额（万元）", None, "押品", None],
        ["借据号", "客户号", "贷款金额", "贷款余额", "押品编号", "评估价值"],
        ["L1", "C1", 7, 5, "Y1", 9000],
    ]
    arrived = parser.parse_files(parser.write_xlsx({"s": rows}, merges))
    assert (arrived.column_values("balance"), arrived.column_values("appraised_value", "guarantees")) == (
        [50000],
        [9000],
    )


@pytest.mark.parametrize("title", ["贷款台账（万元）,,2024年3月31日", "贷款台账,单位：万元,", "（万元）,,"])
def test_a_unit_in_a_title_of_several_cells(parser: ImportParser, title: str) -> None:
    assert parser.parse_text(f"{title}\n借据号,余额,用途\nL1,5,x\n").column_values("balance") == [50000]


def test_a_unit_below_the_rows_holds_for_them(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,余额,用途\nL1,5,x\n制表人：王五   单位：万元,,\n")
    assert arrived.column_values("balance") == [50000]
    assert "note_title_unit" in arrived.note_ids


@pytest.mark.parametrize(
    "title", ["填报单位：万州支行", "单位名称：元宝支行", "单位：户", "本单位元旦放假", "（元旦）"]
)
def test_a_title_that_says_no_unit(parser: ImportParser, title: str) -> None:
    arrived = parser.parse_text(f"{title}\n借据号,余额,用途\nL1,5,x\n")
    assert (arrived.column_values("balance"), "note_unit_assumed" in arrived.note_ids) == ([5], True)


def test_titles_that_say_two_units_are_refused(parser: ImportParser) -> None:
    with pytest.raises(InputError, match=r"give both 元 and 万元 as the unit of the amounts"):
        parser.parse_text("单位：元\n单位：万元\n借据号,余额,用途\nL1,5,x\n")


@pytest.mark.parametrize(
    "title", ["币种：美元 单位：万元", "单位：万美元", "单位：美元", "币种：USD", "（万美元）", "币种:港币"]
)
def test_amounts_in_a_foreign_currency_are_not_taken_for_yuan(parser: ImportParser, title: str) -> None:
    with pytest.raises(
        InputError, match=r"the title gives the amounts in .*, and no column gives the currency of a row"
    ):
        parser.parse_text(f"{title}\n借据号,余额,用途\nL1,5,x\n")
    arrived = parser.parse_text(f"{title}\n借据号,余额,币种\nL1,5,USD\n")
    assert arrived.column_values("balance") == [50000 if "万" in title else 5]


@pytest.mark.parametrize("title", ["币种：人民币", "币种：CNY 单位：元", "币种：本外币合计"])
def test_a_title_of_the_bank_s_own_currency(parser: ImportParser, title: str) -> None:
    assert parser.parse_text(f"{title}\n借据号,余额,用途\nL1,5,x\n").column_values("balance") == [5]


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1,000.00-", "-1000"),
        ("0.05-", "-0.05"),
        ('="1,000"', "1000"),
        ("5千", "5000"),
        ("5.5百万", "5500000"),
        ("２千万", "20000000"),
    ],
)
def test_amounts_of_further_forms(parser: ImportParser, cell: str, amount: str) -> None:
    quoted = cell.replace('"', '""')
    assert parser.parse_text(f'借据号,余额\nL1,"{quoted}"\n').column_values("balance") == [Decimal(amount)]


@pytest.mark.parametrize(
    "cell",
    [
        "$5",
        "-5.00-",
        "5-",
        "5.00--",
        "(5)-",
        "1,000.00CR",
        "USD 5",
        "50%",
        "1.234,56",
        "NaN",
        "inf",
        "9999999999999999.99",
        "-10000000000000.01",
        "9999999999999999亿",
    ],
)
def test_amounts_that_are_not_certain_are_kept_back(parser: ImportParser, cell: str) -> None:
    assert parser.parse_text(f'借据号,余额\nL1,"{cell}"\n').quarantined_rows == [
        (2, f"balance: '{cell}' is not a plausible amount (write 1234567.89)")
    ]


def test_texts_that_a_spreadsheet_was_to_leave_alone(parser: ImportParser) -> None:
    arrived = parser.parse_text(
        '借据号,客户号,余额,发放日期,用途\n="00123","=""C1""",5,="2024-01-31","=""a"""\n`00124,`C2,6,,\n'
    )
    assert (arrived.column_values("loan_id"), arrived.column_values("borrower_id")) == (
        ["00123", "00124"],
        ["C1", "C2"],
    )
    assert (arrived.column_values("disbursed_on"), arrived.column_values("purpose")) == (
        [SNAPSHOT_DATE, None],
        ['="a"', None],
    )


@pytest.mark.parametrize("cell", ["20240131120000", "20240131 120000", "20240131T235959"])
def test_a_date_with_its_time_in_one(parser: ImportParser, cell: str) -> None:
    assert parser.parse_text(f"借据号,发放日期\nL1,{cell}\n").column_values("disbursed_on") == [SNAPSHOT_DATE]


@pytest.mark.parametrize(
    "cell", ["20240131990000", "2024-01-31T00:00:00Z", "2024-01-30T16:00:00+00:00", "31-01-2024", "01/02/2024"]
)
def test_a_time_that_may_mean_another_day_is_kept_back(parser: ImportParser, cell: str) -> None:
    assert len(parser.parse_text(f"借据号,发放日期\nL1,{cell}\n").quarantined_rows) == 1


def test_impossible_dates_and_day_numbers_in_one_column_are_told_apart(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,发放日期\nL1,2024-13-01\nL2,45322\nL3,2024-02-30\n")
    assert arrived.column_values("disbursed_on") == [None, SNAPSHOT_DATE, None]
    assert "2 dates do not exist in the calendar, such as '2024-13-01' (row 2)" in arrived.note_text(
        "note_impossible_date"
    )
    assert "1 numbers such as '45322' (row 3)" in arrived.note_text("note_serial_dates")


def test_the_last_day_of_a_spreadsheet_s_calendar_is_a_placeholder(parser: ImportParser) -> None:
    arrived = parser.parse_files(parser.write_xlsx({"s": [["借据号", "到期日期"], ["L1", 2958465], ["L2", 45322]]}))
    assert arrived.column_values("current_maturity") == [None, SNAPSHOT_DATE]


def test_merged_cells_hold_for_every_row_they_span(parser: ImportParser) -> None:
    rows = [
        ["贷款台账"],
        ["借据号", "机构名称", "贷款余额", "押品编号", "评估价值"],
        ["L1", "城关", 5, "Y1", 1],
        [None, None, None, "Y2", 2],
        ["L2", None, 6, None, None],
        ["L3", "城东", 7, None, None],
        ["合计", None, 18],
    ]
    arrived = parser.parse_files(parser.write_xlsx({"s": rows}, ("A1:E1", "A3:A4", "B3:B5", "C3:C4", "A7:B7")))
    assert arrived.column_values("branch_name") == ["城关", "城关", "城东"]
    assert arrived.quarantined_rows == [(4, "loan_id: duplicate of row 3 of book.xlsx[s]; the first row was kept")]
    assert arrived.stage.counts[0].balance_in == 18
    assert arrived.note_text("note_merged_cells").startswith("3 cells")


def test_merged_cells_that_overlap_are_not_believed(parser: ImportParser) -> None:
    rows = [["借据号", "机构名称"], *([f"L{i}", "城关" if i == 0 else None] for i in range(9))]
    merges = tuple(f"B2:B{last}" for last in range(4, 11))
    assert parser.parse_files(parser.write_xlsx({"s": rows}, merges)).column_values("branch_name") == [
        "城关",
        *[None] * 8,
    ]


def test_sheets_of_more_columns_than_a_table_has_are_refused(parser: ImportParser) -> None:
    wide = ["借据号", *("x" * 5000)]
    cells = "".join(f"<td>{cell}</td>" for cell in wide)
    for file in (
        parser.write_xlsx({"s": [wide, ["L1"]]}),
        parser.write_file("t.xls", f"<table><tr>{cells}</tr></table>"),
    ):
        with pytest.raises(InputError, match="5,001 columns, more than 4,096"):
            parser.parse_files(file)


FOREIGN = {
    "x.pdf": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
    "x.gz": b"\x1f\x8b\x08\x00" + bytes(9),
    "x.rar": b"Rar!\x1a\x07\x00",
    "x.7z": b"7z\xbc\xaf\x27\x1c",
    "x.zip": b"PK\x05\x06" + bytes(18),
    "x.png": b"\x89PNG\r\n\x1a\n",
    "x.json": b'[{"a": 1}]',
    "x.parquet": b"PAR1xxxxPAR1",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_files_of_other_programs_are_named(parser: ImportParser, name: str) -> None:
    with pytest.raises(
        InputError, match=rf"{name} is .*(archive|PDF|image|JSON|Parquet).*, not a table: (export|unpack)"
    ):
        parser.parse_text(FOREIGN[name], name)


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf", b"\xff\xfe", b"\xef\xbb\xbf \r\n", b"\x00" * 10])
def test_a_file_of_marks_alone_is_empty(parser: ImportParser, content: bytes) -> None:
    with pytest.raises(InputError, match="is empty"):
        parser.parse_text(content)


def test_what_is_no_ordinary_file_is_refused_at_once(cli: ImportCli) -> None:
    pipe = cli.folder / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero")):
        outcome = cli.import_files(path)
        english, chinese = outcome.err.splitlines()
        assert (outcome.status, english) == (1, f"{path} is not an ordinary file. Copy it to a file and name that.")
        assert str(path) in chinese


@pytest.mark.parametrize(
    ("name", "shown"), [("台账.csv".encode("gb18030"), "台账.csv"), (b"\xff\xfe.csv", "\ufffd\ufffd.csv")]
)
def test_a_name_from_another_system(cli: ImportCli, name: bytes, shown: str) -> None:
    path = Path(os.fsdecode(os.fsencode(cli.folder) + b"/" + name))
    path.write_text("借据号,余额\nL1,5\nL2,x\n", encoding="utf-8")
    outcome = cli.import_files(path)
    assert (outcome.status, list(outcome.report["files"])) == (0, [shown])
    assert cli.query("SELECT source_file FROM loans") == [(shown,)]
    assert cli.list_quarantine()[0]["file"] == shown
