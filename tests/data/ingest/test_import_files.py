"""Files as core systems write them: encodings, delimiters, workbooks, titles, totals, flat loan files."""

import json
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from tests.data.cli_import import ImportCli

FLAT = """借据号,贷款余额,担保方式,押品编号,押品类型,评估价值,五级分类,客户号,客户名称,审批日期,发放日期,到期日期,状态
0215,125000,抵押,Y1,住宅,"500,000",正常,C1,张三,2023-01-05,2023/1/10,20240110,正常
0216,1000.55,保证,,,,2,C1,张三,,2023.1.10,20250110,逾期
"""


@pytest.mark.parametrize(("codec", "mark"), [("utf-8", b""), ("utf-8-sig", b""), ("gb18030", b""), ("utf-16", b"")])
def test_encodings(cli: ImportCli, codec: str, mark: bytes) -> None:
    text = (
        "借据号\t客户号\t客户名称\nL1\tC1\t䶮㛃𠮷\n" if codec == "utf-16" else "借据号,客户号,客户名称\nL1,C1,䶮㛃𠮷\n"
    )
    outcome = cli.import_text(mark + text.encode(codec))
    assert outcome.status == 0
    assert outcome.report["files"]["loans.csv"]["encoding"] == codec
    assert cli.query("SELECT name FROM borrowers") == [("䶮㛃𠮷",)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends(cli: ImportCli, delimiter: str, line_end: str) -> None:
    rows = [["借据号", "用途", "贷款余额"], ["L1", "买, 卖", "1"], ["L2", "x", "2.50"]]
    text = line_end.join(delimiter.join(f'"{c}"' if delimiter in c else c for c in row) for row in rows)
    assert cli.import_text(text).loans["balance_loaded"] == 3.5
    assert cli.query("SELECT purpose FROM loans ORDER BY loan_id") == [("买, 卖",), ("x",)]


def test_line_breaks_tabs_and_quotes_inside_quotes(cli: ImportCli) -> None:
    cli.import_text('借据号,用途,余额\nL1,"a\nb\t""c""",1\nL2,x,bad\n')
    assert cli.query("SELECT purpose, source_row FROM loans") == [('a\nb\t"c"', 2)]
    assert [row["row"] for row in cli.list_quarantine()] == [3]


def test_row_numbers_count_blank_lines(cli: ImportCli) -> None:
    outcome = cli.import_text("台账\n\n借据号,余额\n\nL1,1\n,\nL2,x\n")
    assert outcome.loans | {"balance_in": 0, "balance_loaded": 0} == {
        "rows_in": 3,
        "loaded": 1,
        "quarantined": 1,
        "ignored": 1,
        "balance_in": 0,
        "balance_loaded": 0,
    }
    assert cli.query("SELECT source_row FROM loans") == [(5,)]
    assert cli.list_quarantine()[0]["row"] == 7


def test_rows_that_do_not_fit_the_header_are_quarantined(cli: ImportCli) -> None:
    cli.import_text("借据号,余额,用途\nL1,1,a\nL2,2\nL3,3,a,b\nL4,4,a,\nL5,5,\n")
    assert cli.query("SELECT loan_id FROM loans ORDER BY 1") == [("L1",), ("L4",), ("L5",)]
    assert [(row["row"], row["reason"]) for row in cli.list_quarantine()] == [
        (
            3,
            "the row has fewer columns than the header (a line break inside a cell splits it: quote the cell)",
        ),
        (
            4,
            "the row has more columns than the header (a separator inside a cell splits it: quote the cell)",
        ),
    ]
    assert cli.list_quarantine()[1]["content"] == {"借据号": "L3", "余额": "3", "用途": "a", "#4": "b"}


def test_rows_too_short_are_seen_in_files_with_quotes(cli: ImportCli) -> None:
    cli.import_text('借据号,余额,用途\nL1,1,"a,b"\nL2,"2"\n"L3",3,\nL4,4,"a\nb"\n')
    assert [row["row"] for row in cli.list_quarantine()] == [3]


def test_the_date_of_disbursement_is_the_step_of_a_flat_file_with_process_dates(cli: ImportCli) -> None:
    steps = "SELECT loan_id, step_code, event_date FROM events ORDER BY ALL"
    cli.import_text("借据号,余额,发放日期\nL1,1,2024-01-31\n", as_of="2024-02-29")
    assert cli.query(steps) == []
    cli.import_text("借据号,余额,发放日期,签约日期\nL1,1,2024-01-31,2024-01-30\nL2,1,2024-01-31,\n")
    assert cli.query(steps) == [("L1", "8", date(2024, 1, 30)), ("L1", "9", date(2024, 1, 31))]
    cli.import_text("借据号,余额,发放日期,放款日期\nL3,1,2024-01-31,2024-02-01\n")
    assert cli.query(steps)[2:] == [("L3", "9", date(2024, 2, 1))]


def test_a_flat_file_fills_its_companion_tables(cli: ImportCli) -> None:
    tables = cli.import_text(FLAT).report["tables"]
    assert {name: counts["loaded"] for name, counts in tables.items()} == {
        "loans": 2,
        "snapshots": 2,
        "borrowers": 1,
        "guarantees": 1,
        "events": 2,
    }
    assert cli.query("SELECT loan_id, snapshot_date, balance, classification FROM snapshots ORDER BY 1") == [
        ("0215", date(2024, 3, 31), Decimal("125000.00"), "normal"),
        ("0216", date(2024, 3, 31), Decimal("1000.55"), "special_mention"),
    ]
    assert cli.query(
        "SELECT guarantee_id, loan_id, kind, collateral_type, appraised_value, source_row FROM guarantees"
    ) == [("0215//mortgage//Y1", "0215", "mortgage", "residential_property", Decimal("500000.00"), 2)]
    assert cli.query("SELECT event_id, step_code, event_date FROM events ORDER BY step_code") == [
        ("0215//7/2023-01-05", "7", date(2023, 1, 5)),
        ("0215//9/2023-01-10", "9", date(2023, 1, 10)),
    ]
    assert cli.query("SELECT borrower_id, name, row_valid_from, row_valid_to FROM borrowers") == [
        ("C1", "张三", date(2024, 3, 31), None)
    ]
    assert cli.query("SELECT status, original_maturity, current_maturity FROM loans ORDER BY loan_id") == [
        ("normal", None, date(2024, 1, 10)),
        ("overdue", None, date(2025, 1, 10)),
    ]


def test_one_maturity_column_is_the_current_one_and_said_so(cli: ImportCli) -> None:
    ids = [note["id"] for note in cli.import_text(FLAT).report["assumptions"]]
    assert "note_only_current_maturity" in ids


def test_units_in_title_and_header(cli: ImportCli) -> None:
    outcome = cli.import_text(
        '××农商行贷款台账\n截至2024年3月31日 单位：万元\n借据号,贷款余额（元）,贷款金额,月利率(‰)\nL1,"1,000",5,3.625\n'
    )
    assert cli.query("SELECT balance, principal, annual_rate_pct FROM loans") == [
        (Decimal("1000.00"), Decimal("50000.00"), Decimal("4.350000"))
    ]
    assert {"note_title_unit", "note_unit"} <= {note["id"] for note in outcome.report["assumptions"]}


def test_a_cell_s_own_unit_is_noted(cli: ImportCli) -> None:
    notes = cli.import_text("借据号,余额\nL1,50万\nL2,7元\nL3,5\n").report["assumptions"]
    assert "余额: 1 cells carry their own unit (such as '50万' in row 2), converted" in [note["en"] for note in notes]


def test_a_sheet_cut_at_the_limit_of_its_format_is_noted(cli: ImportCli) -> None:
    rows = "".join(f"L{i},1\n" for i in range(65_535))
    notes = cli.import_text(f"借据号,余额\n{rows}").report["assumptions"]
    assert "note_row_limit" in [note["id"] for note in notes]


def test_a_title_of_another_date_is_noted(cli: ImportCli) -> None:
    notes = cli.import_text("截至2024年2月29日\n借据号,余额\nL1,1\n").report["assumptions"]
    assert "note_title_date" in [note["id"] for note in notes]


def test_totals_signatures_and_repeated_headers_are_ignored_and_compared(cli: ImportCli) -> None:
    outcome = cli.import_text(
        "序号,借据号,余额\n1,L1,10\n2,L2,20\n,城关支行小计,30\n序号,借据号,余额\n3,L3,5\n合 计,,35\n总计,,36\n制表人：王五,,\n"
    )
    assert outcome.loans == {
        "rows_in": 8,
        "loaded": 3,
        "quarantined": 0,
        "ignored": 5,
        "balance_in": 35.0,
        "balance_loaded": 35.0,
    }
    assert [(total["matches"], total["en"].split(":")[0]) for total in outcome.report["totals"]] == [
        (True, "row 4"),
        (True, "row 7"),
        (False, "row 8"),
    ]


def test_a_row_with_its_own_key_is_never_taken_for_a_total(cli: ImportCli) -> None:
    outcome = cli.import_text("客户名称,客户号,借据号,余额\nTotal,C1,L1,5\n合计商行,C2,L2,7\n审核公司,C3,TOTAL-3,1\n")
    assert (outcome.loans["loaded"], outcome.loans["ignored"]) == (3, 0)


def test_a_snapshot_date_of_another_month_is_quarantined(cli: ImportCli) -> None:
    outcome = cli.import_text("借据号,采集日期,余额,状态\nL1,2024-03-31,1,正常\nL2,2024-02-29,2,正常\nL3,,3,正常\n")
    assert (outcome.loans["loaded"], outcome.loans["quarantined"]) == (2, 1)
    assert cli.list_quarantine()[0]["field"] == "snapshot_date"


def test_a_guarantee_contract_over_several_loans_is_kept_for_each(cli: ImportCli) -> None:
    cli.import_text("借据号,余额,担保合同号,评估价值\nL1,1,G1,5\nL2,1,G1,5\nL3,1,G2,7\n")
    assert cli.query("SELECT guarantee_id, loan_id FROM guarantees ORDER BY ALL") == [
        ("G1/L1", "L1"),
        ("G1/L2", "L2"),
        ("G2", "L3"),
    ]


def test_borrowers_that_differ_are_noted_and_those_without_number_too(cli: ImportCli) -> None:
    notes = cli.import_text("借据号,客户号,客户名称\nL1,C1,甲\nL2,C1,乙\nL3,,丙\n").report["assumptions"]
    assert {note["id"] for note in notes} == {"note_conflict", "note_no_borrower"}
    assert cli.query("SELECT name FROM borrowers") == [("甲",)]


def test_duplicates_keep_the_first_row_that_can_be_loaded(cli: ImportCli) -> None:
    outcome = cli.import_text("借据号,余额\nL1,x\nL1,2\nL1,3\n")
    assert outcome.loans == {
        "rows_in": 3,
        "loaded": 1,
        "quarantined": 2,
        "ignored": 0,
        "balance_in": 5.0,
        "balance_loaded": 2.0,
    }
    reasons = {row["row"]: row["reason"] for row in cli.list_quarantine()}
    assert reasons[4] == "loan_id: duplicate of row 3 of loans.csv; the first row was kept"


def test_duplicates_across_the_files_of_one_batch(cli: ImportCli) -> None:
    first, second = cli.write("a.csv", "借据号,余额\nL1,1\n"), cli.write("b.csv", "借据号,余额\nL1,2\nL2,3\n")
    assert cli.import_files(first, second).loans["quarantined"] == 1
    assert cli.list_quarantine()[0]["reason"].startswith("loan_id: duplicate of row 2 of a.csv")


def test_a_quarantined_row_is_kept_whole_with_all_reasons_in_both_languages(cli: ImportCli) -> None:
    cli.import_text("借据号,余额,发放日期,备注\nL1,12x,24-1-31,留意\nL2,1,,\n")
    assert cli.list_quarantine() == [
        {
            "batch": cli.query("SELECT batch_id FROM batches")[0][0],
            "as_of": "2024-03-31",
            "table": "loans",
            "file": "loans.csv",
            "row": 2,
            "field": "balance",
            "value": "12x",
            "reason": "balance: '12x' is not a plausible amount (write 1234567.89); "
            "disbursed_on: '24-1-31' is not a date (write 2024-01-31)",
            "reason_zh": "贷款余额：“12x”不是合理的金额（请写成 1234567.89）；发放日期：“24-1-31”不是日期（请写成 2024-01-31）",
            "content": {"借据号": "L1", "余额": "12x", "发放日期": "24-1-31", "备注": "留意"},
        }
    ]


def test_texts_that_look_like_formulas_or_json_stay_texts(cli: ImportCli) -> None:
    nasty = ['=cmd|"/C calc"!A0', '{"a": 1}', "'; DROP TABLE loans; --", "\\u0000\\"]
    cells = ['"' + text.replace('"', '""') + '"' for text in nasty]
    cli.import_text("借据号,用途,余额\n" + "".join(f"L{i},{cell},1\nM{i},{cell},x\n" for i, cell in enumerate(cells)))
    assert [row[0] for row in cli.query("SELECT purpose FROM loans ORDER BY loan_id")] == nasty
    assert [row["content"]["用途"] for row in cli.list_quarantine()] == nasty


def write_workbook(path: Path, sheets: dict[str, list[list[object]]], *, from_1904: bool = False) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    if from_1904:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904
    book.save(path)
    return path


def test_workbook_with_title_numbers_dates_and_text(cli: ImportCli) -> None:
    path = write_workbook(
        cli.folder / "台账.xlsx",
        {
            "汇总": [["本月汇总", None], ["行", 3]],
            "明细": [
                ["××农商行贷款台账"],
                [],
                ["借据号", "贷款\n余额", "发放日期", "原到期日", "展期次数", "不良记录", "客户号"],
                ["0215", 1234.5, datetime(2024, 1, 31), 45322, 1, True, "C1"],
                [216, 0.1 + 0.2, "2024/1/31", 20240131, None, "否", "C2"],
                [1.2601200012033308e18, 7, None, None, None, None, None],
                ["合计", 1241.8],
            ],
        },
    )
    outcome = cli.import_files(path)
    assert outcome.loans["rows_in"] == 5
    assert (outcome.loans["loaded"], outcome.loans["quarantined"], outcome.loans["ignored"]) == (2, 1, 2)
    day = date(2024, 1, 31)
    assert cli.query(
        "SELECT loan_id, balance, disbursed_on, original_maturity, extension_count, source_file, source_row "
        "FROM loans ORDER BY loan_id"
    ) == [
        ("0215", Decimal("1234.50"), day, day, 1, "台账.xlsx[明细]", 4),
        ("216", Decimal("0.30"), day, day, None, "台账.xlsx[明细]", 5),
    ]
    assert cli.list_quarantine()[0]["value"].startswith("1.26012000120333")
    assert [total["matches"] for total in outcome.report["totals"]] == [True]
    said = [note["en"] for note in outcome.report["assumptions"]]
    assert any(note.startswith("台账.xlsx[汇总]: no known header, left out; its") for note in said)


def test_workbook_that_counts_days_from_1904(cli: ImportCli) -> None:
    path = write_workbook(cli.folder / "mac.xlsx", {"s": [["借据号", "发放日期"], ["L1", 43860]]}, from_1904=True)
    assert cli.import_files(path).status == 0
    assert cli.query("SELECT disbursed_on FROM loans") == [(date(2024, 1, 31),)]


def test_every_sheet_of_a_workbook_with_a_known_header_is_read(cli: ImportCli) -> None:
    path = write_workbook(
        cli.folder / "b.xlsx",
        {
            "城关": [["借据号", "余额"], ["L1", 1]],
            "城东": [["借据号", "余额"], ["L2", 2]],
            "押品": [["担保合同号", "借据号", "评估价值"], ["G1", "L1", 9]],
        },
    )
    tables = cli.import_files(path).report["tables"]
    assert (tables["loans"]["loaded"], tables["guarantees"]["loaded"]) == (2, 1)


def test_a_workbook_that_would_unpack_to_too_much_is_refused(cli: ImportCli) -> None:
    path = cli.folder / "bomb.xlsx"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w") as file,
    ):
        for _ in range(301):
            file.write(bytes(1 << 20))
    outcome = cli.import_files(path)
    assert outcome.status == 1
    assert "bomb.xlsx would unpack to more than 300 MB" in outcome.err


def test_the_text_report_says_the_same_in_two_languages(cli: ImportCli) -> None:
    outcome = cli.run("import", cli.write("l.csv", FLAT), "--as-of", "20240331", "--book", cli.book)
    assert outcome.status == 0
    for words in ("loans 借据", "rows in 读入", "126,000.55", "到期日期"):
        assert words in outcome.out


def test_quarantined_rows_are_announced_on_stderr_and_listed(cli: ImportCli) -> None:
    outcome = cli.import_text("借据号,余额\nL1,1\nL2,x\n")
    assert outcome.status == 0
    assert outcome.err.startswith("Rows quarantined 已隔离的行: 1.")
    listed = cli.run("quarantine", "--book", cli.book).out
    assert "loans.csv row 3 第3行" in listed
    assert json.dumps({"借据号": "L2", "余额": "x"}, ensure_ascii=False) in listed
