"""Export files as core systems write them: one test a row of the list of cases, by its number."""

import hashlib
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import InputError
from data.storage import name_search
from tests.data.cli_import import ImportCli
from tests.data.ingest.parsed_import import ImportParser

CASES = Path(__file__).with_name("cases")
SNAPSHOT_DATE = date(2024, 1, 31)
HTML = """<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset="gb2312"></head><body>
<table border=1><tr><td colspan=3>××农商行贷款台账 单位：万元</td></tr>
<tr><th>借据号</th><th>贷款<br>余额</th><th>客户名称</th></tr>
<tr><td style="mso-number-format:'\\@'">0215</td><td>1,234.5</td><td>甲&amp;乙&nbsp;公司</td></tr>
<tr><td>0216</td><td>7</td><td>丙</td></tr></table></body></html>"""


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


def test_e01_gb18030_with_characters_beyond_gbk(parser: ImportParser) -> None:
    names = ["䶮", "㛃", "𠮷", "é"]
    text = "借据号,客户号,客户名称\n" + "".join(f"L{i},C{i},{name}\n" for i, name in enumerate(names))
    arrived = parser.parse_text(text.encode("gb18030"))
    assert arrived.column_values("name", "borrowers") == names
    assert arrived.stage.counts[0].encoding == "gb18030"


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_e02_byte_order_marks_and_utf16_with_and_without(parser: ImportParser, codec: str) -> None:
    arrived = parser.parse_text("借据号\t余额\t用途\nL1\t5\t买牛\n".encode(codec), "export.txt")
    assert arrived.column_values("purpose") == ["买牛"]
    assert arrived.stage.counts[0].encoding == ("utf-8-sig" if codec == "utf-8-sig" else "utf-16")


def test_e01_the_euro_sign_of_code_page_936(parser: ImportParser) -> None:
    arrived = parser.parse_files(CASES / "euro936.csv")
    assert (len(arrived.column_values("loan_id")), arrived.quarantined_rows) == (3, [])
    text = "借据号,客户号,客户名称\nL1,C1,#贸易公司\nL2,C2,丙公司#\n".encode("gb18030").replace(b"#", b"\x80")
    assert parser.parse_text(text).column_values("name", "borrowers") == ["€贸易公司", "丙公司€"]


@pytest.mark.parametrize("line", ["L2,6,买牛".encode()[:-1] + b"\x80", b"L2,6,\x81\x20\x80", b"L2,6,\xff\x80"])
def test_e01_other_bytes_beside_a_euro_sign_are_kept_back(parser: ImportParser, line: bytes) -> None:
    content = "借据号,余额,用途\nL1,5,买牛\n".encode("gb18030") + line + b"\n"
    arrived = parser.parse_text(content)
    assert (arrived.column_values("loan_id"), len(arrived.quarantined_rows)) == (["L1"], 1)


@pytest.mark.parametrize("main", ["utf-8", "gb18030"])
def test_e02_lines_in_another_encoding_are_kept_back(parser: ImportParser, main: str) -> None:
    other = {"utf-8": "gb18030", "gb18030": "utf-8"}[main]
    lines = [
        ("借据号,余额,用途", main),
        *((f"L{i},{i},流动资金周转", main) for i in range(5)),
        ("L8,8,种植养殖业务", other),
    ]
    arrived = parser.parse_text(b"\n".join(line.encode(codec) for line, codec in lines) + b"\nL9,9,\xff\xff\n")
    assert arrived.column_values("loan_id") == [f"L{i}" for i in range(5)]
    assert [row for row, _ in arrived.quarantined_rows] == [7, 8]
    assert all(f"not in the file's encoding, {main}" in reason for _, reason in arrived.quarantined_rows)
    assert '"L8"' in arrived.stage.quarantine[0]["content"][0]
    assert '"种植养殖业务"' in arrived.stage.quarantine[0]["content"][0]


@pytest.mark.parametrize("codec", ["utf-8", "gb18030", "utf-16"])
def test_e03_html_called_xls(parser: ImportParser, codec: str) -> None:
    arrived = parser.parse_text(HTML.encode(codec), "台账.xls")
    assert arrived.column_values("loan_id") == ["0215", "0216"]
    assert arrived.column_values("balance") == [Decimal("12345000.00"), Decimal("70000.00")]
    assert arrived.stage.counts[0].encoding == f"html {codec}"


def test_e03_tab_separated_text_called_xls(parser: ImportParser) -> None:
    assert parser.parse_text("借据号\t余额\nL1\t5\n".encode("gb18030"), "a.xls").column_values("balance") == [5]


def test_e03_a_real_xls(parser: ImportParser) -> None:
    arrived = parser.parse_files(
        parser.write_xls({"台账": [["借据号", "余额", "发放日期"], ["0215", 12.5, "2024-01-31"], ["0216", 3, 45322]]})
    )
    assert arrived.column_values("balance") == [Decimal("12.50"), Decimal("3.00")]
    assert arrived.column_values("disbursed_on") == [SNAPSHOT_DATE, SNAPSHOT_DATE]
    assert arrived.stage.counts[0].encoding == "xls"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<?xml version='1.0'?><Workbook/>", "is an XML file"),
        ("MIME-Version: 1.0\nX", "is a saved web archive"),
        ("<html><body>请登录</body></html>", "a web page without a table"),
    ],
)
def test_e03_what_else_is_called_xls_is_refused_clearly(parser: ImportParser, content: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parser.parse_text(content, "a.xls")


def test_e04_titles_tell_unit_and_date(parser: ImportParser) -> None:
    rows = [
        ["××农商行贷款台账"],
        ["填报单位：万州支行"],
        ["截至2024年2月29日 单位:万元"],
        ["借据号", "贷款余额", "利率"],
        ["L1", 5, 4.35],
    ]
    arrived = parser.parse_files(parser.write_xlsx({"s": rows}, ("A1:C1", "A2:C2", "A3:C3")))
    assert arrived.column_values("balance") == [Decimal("50000.00")]
    assert {"note_title_unit", "note_title_date"} <= arrived.note_ids
    assert arrived.stage.counts[0].ignored == 3


TWO_ROWS = [
    ["贷款台账", None, None, None, None, None],
    ["借据号", "金额（万元）", None, "担保情况", None, "用途"],
    [None, "贷款金额", "贷款余额", "担保方式", "担保人", None],
    ["L1", 5, 3, "保证", "张三", "买牛"],
    ["合计", 5, 3, None, None, None],
]


@pytest.mark.parametrize("merges", [("A1:F1", "A2:A3", "B2:C2", "D2:E2", "F2:F3"), ()])
def test_e05_a_header_two_rows_deep(parser: ImportParser, merges: tuple[str, ...]) -> None:
    arrived = parser.parse_files(parser.write_xlsx({"s": TWO_ROWS}, merges))
    assert (arrived.column_values("principal"), arrived.column_values("balance")) == ([50000], [30000])
    assert arrived.column_values("guarantee_type") == ["guarantee"]
    assert arrived.column_values("provider_name", "guarantees") == ["张三"]
    assert "金额（万元）_贷款余额" in " ".join(note["en"] for note in arrived.stage.notes)
    assert (arrived.stage.counts[0].rows_in, arrived.stage.counts[0].ignored) == (3, 2)


def test_e05_a_header_two_rows_deep_in_a_text_file_and_again_on_each_page(parser: ImportParser) -> None:
    head = "借据号,担保情况,,余额\n,担保方式,担保人,\n"
    arrived = parser.parse_text(f"{head}L1,保证,甲,5\n{head}L2,保证,乙,6\n")
    assert arrived.column_values("balance") == [5, 6]
    assert arrived.stage.counts[0].ignored == 2


def test_e06_units_in_headers_mixed_within_a_file(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,贷款余额(万元),贷款金额（元）,欠本金额_千元\nL1,5,7,2\n")
    assert arrived.column_values("balance") == [50000]
    assert arrived.column_values("principal") == [7]
    assert arrived.column_values("principal_overdue", "snapshots") == [2000]
    assert "note_unit_assumed" not in arrived.note_ids


def test_e06_an_unstated_unit_is_said_and_an_unknown_one_refused(parser: ImportParser) -> None:
    assert "amounts read as yuan in 余额" in parser.parse_text("借据号,余额\nL1,5\n").note_text("note_unit_assumed")
    with pytest.raises(InputError, match="unknown column '余额\\(两\\)'"):
        parser.parse_text("借据号,余额(两)\nL1,5\n")


def test_e07_amounts_that_differ_by_ten_thousand_in_one_batch(parser: ImportParser) -> None:
    loans = parser.write_file("l.csv", "借据号,余额(元)\nL1,500000.00\nL2,7\n")
    arrived = parser.parse_files(
        loans, parser.write_file("s.csv", "借据号,数据日期,余额\nL1,2024-03-31,50\nL2,2024-03-31,7\n")
    )
    assert arrived.note_text("note_magnitude").startswith(
        "1 loans such as L1 (row 2) have a balance that is 10,000 times"
    )


@pytest.mark.parametrize(
    "cell",
    [
        "20240131",
        "2024-01-31",
        "2024/1/31",
        "2024.01.31",
        "2024年1月31日",
        "45322",
        "2024-01-31 00:00:00",
        "'20240131",
        "20240131.0",
    ],
)
def test_e08_dates_of_every_form(parser: ImportParser, cell: str) -> None:
    assert parser.parse_text(f"借据号,发放日期\nL1,{cell}\n").column_values("disbursed_on") == [SNAPSHOT_DATE]


def test_e08_dates_of_workbooks_and_what_is_ambiguous(parser: ImportParser) -> None:
    rows = [["借据号", "发放日期"], ["L1", 20240131], ["L2", datetime(2024, 1, 31)], ["L3", 45322], ["L4", "24-1-31"]]
    arrived = parser.parse_files(parser.write_xlsx({"s": rows}))
    assert arrived.column_values("disbursed_on") == [SNAPSHOT_DATE] * 3
    assert [row for row, _ in arrived.quarantined_rows] == [5]
    assert parser.parse_files(
        parser.write_xlsx({"s": [["借据号", "发放日期"], ["L1", 43860]]}, from_1904=True)
    ).column_values("disbursed_on") == [SNAPSHOT_DATE]


@pytest.mark.parametrize("cell", ["20240230", "0", "00000000", "/", "-", "长期", "无"])
def test_e09_no_dates_are_empty_and_said(parser: ImportParser, cell: str) -> None:
    arrived = parser.parse_text(f"借据号,到期日期\nL1,{cell}\n")
    assert arrived.column_values("current_maturity") == [None]
    assert {"note_impossible_date" if cell == "20240230" else "note_blank"} <= arrived.note_ids


def test_e09_an_identity_without_end_is_not_an_unknown_one(parser: ImportParser) -> None:
    arrived = parser.parse_text("客户号,名称,证件有效期,执照有效期\nC1,甲,长期,\nC2,乙,2030-01-01,99991231\n", "c.csv")
    assert arrived.column_values("id_valid_to", "borrowers") == [date(2999, 12, 31), date(2030, 1, 1)]
    assert arrived.column_values("licence_valid_to", "borrowers") == [None, date(2999, 12, 31)]
    assert "(row 2) mean no end date" in arrived.note_text("note_open_ended")


@pytest.mark.parametrize("cell", ["99991231", "29991231", "20991231", "00010101", "19000101"])
def test_e10_placeholder_dates_are_empty(parser: ImportParser, cell: str) -> None:
    arrived = parser.parse_text(f"借据号,到期日期\nL1,{cell}\n")
    assert (arrived.column_values("current_maturity"), "note_sentinel" in arrived.note_ids) == ([None], True)


@pytest.mark.parametrize(
    ("cell", "rate"),
    [
        ("4.35", "4.35"),
        ("4.35%", "4.35"),
        ("0.0435", "4.35"),
        ("月利率3.625‰", "4.35"),
        (" 8.50000‰", "10.2"),
        ("日利率万分之1.5", "5.4"),
        ("LPR+50BP", None),
    ],
)
def test_e11_rates_are_percent_a_year(parser: ImportParser, cell: str, rate: str | None) -> None:
    arrived = parser.parse_text(f"借据号,利率\nL1,{cell}\n")
    assert arrived.column_values("annual_rate_pct") == [None if rate is None else Decimal(rate)]
    if rate is None or cell == "0.0435":
        assert {"note_blank", "note_rate_fractions"} & arrived.note_ids


def test_e11_cells_shown_as_percent_in_a_workbook(parser: ImportParser) -> None:
    rows = [["借据号", "利率", "抵质押率", "押品编号"], ["L1", 0.0435, 0.7, "Y1"], ["L2", 4.5, 65, "Y2"]]
    arrived = parser.parse_files(parser.write_xlsx({"s": rows}, formats={"B2": "0.00%", "C2": '0"%"', "C3": "General"}))
    assert arrived.column_values("annual_rate_pct") == [Decimal("4.35"), Decimal("4.5")]
    assert arrived.column_values("ratio_pct", "guarantees") == [Decimal("0.7"), Decimal(65)]
    assert arrived.note_text("note_percent_cells").startswith("1 cells")


def test_e12_ids_stay_texts_and_lost_digits_are_rejected(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,机构号,余额\n01260120001203330801,0215,1\n1.2601E+19,0215,1\n")
    assert (arrived.column_values("loan_id"), arrived.column_values("branch_id")) == (
        ["01260120001203330801"],
        ["0215"],
    )
    assert "lost digits in a spreadsheet; export the column as text" in arrived.quarantined_rows[0][1]


def test_e13_identity_cards_cut_by_a_spreadsheet(parser: ImportParser) -> None:
    arrived = parser.parse_text(
        "客户号,名称,证件号码\nC1,甲,11010119900307100x\nC2,乙,110101199003071000\nC3,丙,110101199003075400\n"
    )
    assert arrived.column_values("id_no", "borrowers")[0] == "11010119900307100X"
    assert "'110101199003071000' (row 3) end in 000" in arrived.note_text("note_id_digits")


def test_e14_full_width_and_invisible_characters(parser: ImportParser) -> None:
    arrived = parser.parse_text(
        "借据号,余额,五级分类,客户号,客户名称\nＡ１\u200b２３,１２３.４,１\u3000,Ｃ１,张\u200b三（个体）\u00a0\n"
    )
    assert (arrived.column_values("loan_id"), arrived.column_values("balance")) == (["A123"], [Decimal("123.40")])
    assert arrived.column_values("classification", "snapshots") == ["normal"]
    assert (arrived.column_values("borrower_id", "borrowers"), arrived.column_values("name", "borrowers")) == (
        ["C1"],
        ["张三（个体）"],
    )
    assert (
        arrived.column_values("name_key", "borrowers")
        == [name_search.normalise_name(" 张 三(個體)".replace("個體", "个体"))]
        == ["张三(个体)"]
    )


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1,234,567.89", "1234567.89"),
        ("￥500,000", "500000"),
        ("50万", "500000"),
        ("(1,000.00)", "-1000"),
        ("1.5E+06", "1500000"),
        ("—", None),
        ("500元整", "500"),
    ],
)
def test_e15_amounts_of_every_form(parser: ImportParser, cell: str, amount: str | None) -> None:
    arrived = parser.parse_text(f'借据号,余额\nL1,"{cell}"\n')
    assert arrived.column_values("balance") == [None if amount is None else Decimal(amount)]
    assert ("note_own_unit" in arrived.note_ids) == ("万" in cell)


def test_e16_totals_are_dropped_and_compared(parser: ImportParser) -> None:
    file = parser.write_file("f.csv", "借据号,余额\nL1,10\n城关支行小计,10\nL2,20\n合计,31\n制表人：王五,审核：赵六\n")
    arrived = parser.parse_files(file)
    assert (arrived.column_values("balance"), arrived.stage.counts[0].ignored) == ([10, 20], 3)


def test_e16_the_control_totals_stand_in_the_report(cli: ImportCli) -> None:
    totals = cli.import_text("借据号,余额\nL1,10\n城关支行小计,10\nL2,20\n合计,31\n").report["totals"]
    assert [total["matches"] for total in totals] == [True, False]


def test_e17_masked_names_are_kept_and_customers_matched_by_number(parser: ImportParser) -> None:
    hashed = "110101" + hashlib.sha256(b"x").hexdigest()
    arrived = parser.parse_text(f"借据号,客户号,客户名称,证件号码\nL1,C1,张*,{hashed}\nL2,C2,张*,\n")
    assert arrived.column_values("name", "borrowers") == ["张*", "张*"]
    assert arrived.column_values("id_no", "borrowers")[0] == hashed


def test_e18_officers_by_name_number_or_both(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,客户经理\nL1,张三(0123)\nL2,0124-李四\nL3,0125\nL4,王五\nL5,张三/李四\n")
    assert arrived.column_values("officer_id") == ["0123", "0124", "0125", "王五", "张三/李四"]
    assert {"note_officer_split", "note_officers_several"} <= arrived.note_ids


def test_e18_officers_given_by_name_are_found_among_the_staff_in_either_order(cli: ImportCli) -> None:
    loans = cli.write("l.csv", "借据号,客户经理\nL1,王五\nL2,赵六\nL3,钱七\n")
    staff = cli.write("s.csv", "工号,姓名,岗位\n0123,王五,客户经理\n0124,赵六,客户经理\n0125,赵六,客户经理\n")
    cli.import_files(loans)
    notes = {note["id"] for note in cli.import_files(staff).report["assumptions"]}
    assert cli.query("SELECT officer_id FROM loans WHERE row_valid_to IS NULL ORDER BY loan_id") == [
        ("0123",),
        ("赵六",),
        ("钱七",),
    ]
    assert {"note_officer_named", "note_officer_unknown"} <= notes


def test_e19_line_breaks_tabs_and_quotes_in_texts(parser: ImportParser) -> None:
    assert parser.parse_text('借据号,用途,余额\nL1,"a\nb\t""c""",1\n').column_values("purpose") == ['a\nb\t"c"']


DAT = "2024-03-31|C1|0215|3100|A01|9131|A01|C13|3100|A01|CS04|JJ1|HT1|F022|A01|2023-01-05|2024-01-05|{}|CNY|{}|{}|RF01|4.35123|TR01|3.45000|||B01|1|FQ01|LS02||买农资\n"
DAT_NAME = "JS_201_CLDWDK_20240331.dat"


def write_dat_file(parser: ImportParser, rows: str, log: str, name: str = DAT_NAME) -> Path:
    path = parser.write_file(name, rows)
    digest = hashlib.md5(rows.encode(), usedforsecurity=False).hexdigest()
    parser.write_file(
        Path(name).stem + ".log", log.format(name=name, md5=digest, size=len(rows.encode()), rows=rows.count("\n"))
    )
    return path


CONTROL_FILES = [
    "{name}|{md5}|{size}|{rows}\n",
    "文件名：{name}\nMD5：{md5}\n文件大小：{size}\n记录数：{rows}\n",
    "md5={md5}\nrows={rows}",
    "{rows}",
]


@pytest.mark.parametrize("log", CONTROL_FILES)
def test_e20_records_without_header_with_their_log(parser: ImportParser, log: str) -> None:
    rows = DAT.format("2025-01-05", "500000.00", "500000.00") + DAT.replace("JJ1", "JJ2").format("", "1.50", "1.50")
    arrived = parser.parse_files(write_dat_file(parser, rows, log), profile="pboc")
    assert arrived.column_values("balance") == [Decimal("500000.00"), Decimal("1.50")]
    assert arrived.column_values("original_maturity") == [date(2024, 1, 5)] * 2
    assert arrived.column_values("current_maturity") == [date(2025, 1, 5), date(2024, 1, 5)]
    assert "2 records agree with the file" in arrived.note_text("note_control")


@pytest.mark.parametrize(
    ("log", "said"),
    [
        (
            "{name}|" + "0" * 32 + "|{size}|{rows}",
            "has the MD5 [0-9a-f]{{32}}, but .*log says 0{32}".replace("{{", "{").replace("}}", "}"),
        ),
        ("文件大小：5\n记录数：{rows}", "but JS_201_CLDWDK_20240331.log says 5. The file was cut"),
        ("md5={md5}\nrows=7", "has 1 records, but JS_201_CLDWDK_20240331.log says 7"),
        ("nothing", "contains neither a digest nor a number of records"),
    ],
)
def test_e20_a_log_that_does_not_fit_is_refused(parser: ImportParser, log: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        parser.parse_files(write_dat_file(parser, DAT.format("", 1, 1), log), profile="pboc")


def test_e20_a_file_of_another_width_and_a_log_alone_are_refused(parser: ImportParser) -> None:
    path = write_dat_file(parser, "a|b|c\n", CONTROL_FILES[0])
    with pytest.raises(
        InputError, match=r"has 3 columns, but profile pboc names 33 for JS_201_CLDWDK. Correct the columns"
    ):
        parser.parse_files(path, profile="pboc")
    with pytest.raises(InputError, match=r"is a control file\. Name the data file"):
        parser.parse_files(path.with_suffix(".log"), profile="pboc")


def test_e21_scales_of_the_central_bank_s_files_are_kept(parser: ImportParser) -> None:
    arrived = parser.parse_files(
        write_dat_file(parser, DAT.format("", "0.10", "1234567890.12"), CONTROL_FILES[0]), profile="pboc"
    )
    assert arrived.column_values("balance") == [Decimal("1234567890.12")]
    assert arrived.column_values("annual_rate_pct") == [Decimal("4.351230")]


def test_e22_the_same_note_twice_is_reported_not_added_up(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,采集日期,余额,押品编号\nL1,20240331,5,Y1\nL1,20240331,5,Y2\nL2,20240229,7,\n")
    assert arrived.column_values("balance") == [5]
    assert [reason.split(":")[1].split(";")[0] for _, reason in sorted(arrived.quarantined_rows)] == [
        " duplicate of row 2 of f.csv",
        " '2024-02-29' is not the as-of date 2024-03-31 of this import",
    ]


def test_e22_one_guarantee_number_over_several_collaterals_loads_each(parser: ImportParser) -> None:
    arrived = parser.parse_text("担保合同号,借据号,押品编号,评估价值\nG1,L1,Y1,5\nG1,L1,Y2,7\nG1,L1,Y2,7\nG2,L1,Y3,1\n")
    assert arrived.column_values("guarantee_id", "guarantees") == ["G1/L1/Y1", "G1/L1/Y2", "G2"]
    assert [row for row, _ in arrived.quarantined_rows] == [4]


def test_e23_headers_with_breaks_colons_and_numbers(parser: ImportParser) -> None:
    arrived = parser.parse_text('序号,借 据 号：,"贷款\n余额",备注\n1,L1,5,x\n')
    assert arrived.column_values("balance") == [5]
    with pytest.raises(InputError, match="columns 2 '到期日' and 3 '到期日' both name current_maturity"):
        parser.parse_text("借据号,到期日,到期日\nL1,2024-01-31,2024-01-31\n")


@pytest.mark.parametrize("cell", ["1-正常", "正常类", "1", "FQ01", "正常1", "1正常", "１－正常"])
def test_e24_codes_as_texts(parser: ImportParser, cell: str) -> None:
    assert parser.parse_text(f"借据号,五级分类\nL1,{cell}\n").column_values("classification", "snapshots") == ["normal"]


FAULTY = """借据号,贷款金额,余额,发放日期,到期日期,状态,币种
L1,10,0,2023-01-01,2025-01-01,正常,人民币
L2,10,20,2023-01-01,2025-01-01,正常,人民币
L3,10,5,2023-01-01,2025-01-01,结清,人民币
L4,10,5,2024-01-01,2023-01-01,正常,人民币
L5,10,5,2023-01-01,2025-01-01,正常,USD
"""


def test_e25_e26_faults_of_the_data_are_findings_and_the_rows_load(cli: ImportCli) -> None:
    outcome = cli.import_text(FAULTY)
    assert outcome.loans["loaded"] == 5
    found = {finding["check_id"]: finding["rows"] for finding in outcome.report["findings"]}
    for check in (
        "running_without_balance",
        "balance_above_principal",
        "closed_with_balance",
        "maturity_before_disbursement",
        "foreign_currency",
    ):
        assert found[check] == 1


def test_e27_several_sheets_a_summary_hidden_ones_and_continuations(parser: ImportParser) -> None:
    head = ["借据号", "贷款余额", "发放日期", "担保方式", "用途"]
    sheets = {
        "封面": [["××农商行"], ["2024年"]],
        "汇总": [["支行", "贷款余额"], ["城关", 3]],
        "城关": [head, ["L1", 1, SNAPSHOT_DATE, "保证", "x"]],
        "续": [["L2", 2, SNAPSHOT_DATE, "信用", None], ["L3", 3, SNAPSHOT_DATE, None, "y"]],
        "城东": [head, ["L4", 4, SNAPSHOT_DATE, "抵押", "z"]],
        "押品": [["担保合同号", "借据号", "评估价值"], ["G1", "L1", 9]],
    }
    arrived = parser.parse_files(parser.write_xlsx(sheets, hidden=("城东",)))
    assert arrived.column_values("loan_id") == ["L1", "L2", "L3", "L4"]
    assert arrived.column_values("guarantee_id", "guarantees") == ["G1"]
    assert {"note_sheet_skipped", "note_sheet_hidden", "note_sheet_continues"} <= arrived.note_ids
    assert arrived.note_text("note_sheets_read").startswith(
        "sheets read: book.xlsx[城关], book.xlsx[续], book.xlsx[城东]"
    )


def test_e27_a_list_among_the_sheets_that_lacks_its_key_is_refused(parser: ImportParser) -> None:
    head = ["贷款余额", "发放日期", "担保方式", "用途"]
    with pytest.raises(InputError, match="no column for loan_id"):
        parser.parse_files(
            parser.write_xlsx(
                {
                    "a": [["借据号", *head], ["L1", 1, SNAPSHOT_DATE, "保证", "x"]],
                    "b": [head, [1, SNAPSHOT_DATE, "保证", "x"]],
                }
            )
        )


def test_e28_formulas_without_results_and_error_values(parser: ImportParser) -> None:
    arrived = parser.parse_files(
        parser.write_xlsx({"s": [["借据号", "余额", "贷款金额", "用途"], ["L1", "=1+1", "#N/A", "#REF!"]]})
    )
    assert (arrived.column_values("balance"), arrived.column_values("principal"), arrived.column_values("purpose")) == (
        [None],
    ) * 3
    assert arrived.note_text("note_no_result").startswith("1 formulas have no result")
    assert arrived.note_text("note_error_cells").startswith("2 cells contain an error value")


def test_e29_dates_and_numbers_kept_as_text(parser: ImportParser) -> None:
    arrived = parser.parse_files(
        parser.write_xlsx({"s": [["借据号", "余额", "发放日期"], ["0001", "1,234.5", "'2024-01-31"]]})
    )
    assert (arrived.column_values("balance"), arrived.column_values("disbursed_on")) == (
        [Decimal("1234.50")],
        [SNAPSHOT_DATE],
    )


def test_e30_a_sheet_of_as_many_rows_as_its_format_holds(parser: ImportParser) -> None:
    assert "note_row_limit" in parser.parse_text("借据号\n" + "".join(f"L{i}\n" for i in range(65_535))).note_ids
    assert (
        "note_row_limit"
        not in parser.parse_text("借据号\n" + "".join(f"L{i}\n" for i in range(65_534)), "g.csv").note_ids
    )


def test_e31_locked_workbooks_and_other_programs_files(parser: ImportParser) -> None:
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(1000) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)
    for content, said in (
        (locked, "is protected by a password"),
        (b"\xd0\xcf\x11\xe0" + b"WPS" * 500, "is not a workbook that"),
    ):
        with pytest.raises(InputError, match=said):
            parser.parse_text(content, "a.xls")


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1", "@SUM(A1)", "-1+2"])
def test_e32_texts_like_formulas_are_texts(parser: ImportParser, text: str) -> None:
    assert parser.parse_text(f"借据号,客户号,客户名称\nL1,C1,{text}\n").column_values("name", "borrowers") == [text]


@pytest.mark.parametrize("cell", ["民国113年1月31日", "24-1-31", "农历腊月廿一", "腊月"])
def test_e33_dates_of_other_calendars_are_rejected_with_their_row(parser: ImportParser, cell: str) -> None:
    arrived = parser.parse_text(f"借据号,发放日期\nL1,2024-01-31\nL2,{cell}\n")
    assert arrived.column_values("loan_id") == ["L1"]
    assert arrived.quarantined_rows == [(3, f"disbursed_on: '{cell}' is not a date (write 2024-01-31)")]


def test_e34_the_placeholder_of_unsettled_regions(parser: ImportParser) -> None:
    arrived = parser.parse_text("客户号,名称,地区\nC1,甲,待治理\n")
    assert (arrived.column_values("region_code", "borrowers"), "note_blank" in arrived.note_ids) == ([None], True)


def test_e35_a_guarantee_that_starts_after_the_day_is_a_finding(cli: ImportCli) -> None:
    report = cli.import_text("担保合同号,借据号,担保起始日,评估价值\nG1,L1,2025-01-01,5\n").report
    assert "guarantee_starts_in_future" in [finding["check_id"] for finding in report["findings"]]


def test_long_columns_of_a_workbook_are_the_texts_that_single_cells_are(parser: ImportParser) -> None:
    rows = [[f"L{i}", i * 0.1 if i % 3 else i, SNAPSHOT_DATE if i % 2 else None, i] for i in range(60)]
    book = parser.write_xlsx({"s": [["借据号", "余额", "发放日期", "展期次数"], *rows]})
    arrived = parser.parse_files(book)
    assert arrived.column_values("balance") == [
        Decimal(str(round(row[1], 2))).quantize(Decimal("0.01")) for row in rows
    ]
    assert arrived.column_values("disbursed_on") == [row[2] for row in rows]
    assert arrived.column_values("extension_count") == list(range(60))
