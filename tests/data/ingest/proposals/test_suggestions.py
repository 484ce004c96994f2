"""A mapping proposed for files of any system, and the profiles of the regulators' files."""

import json
import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import InputError
from data.ingest.profiles import profiles
from data.ingest.proposals import profile_writing, suggestions
from tests.data.cli_import import ImportCli
from tests.data.ingest.parsed_import import ImportParser

ODD = (
    "××农商行贷款明细\n截至2024年3月31日\n"
    "借据编码号,客户名,客户号,目前余额(万元),贷款金额,放款日,放款日期,担保类,状态,备用\n"
    "L1,张三,C1,12.5,150000,2023/1/5,2023/1/5,抵押,怪,x\nL2,李四,C2,3,50000,2023/2/5,,保证,正常,y\n"
)


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


def test_columns_by_exact_names_aliases_guesses_and_none(parser: ImportParser) -> None:
    proposal = suggestions.propose_mapping(parser.write_file("odd.csv", ODD))
    sheet = proposal.sheets[0]
    found = {column.header: (column.name, column.how) for column in sheet.columns}
    assert found == {
        "借据编码号": ("loans.loan_id", "guess"),
        "客户名": ("borrowers.name", "guess"),
        "客户号": ("loans.borrower_id", "exact"),
        "目前余额(万元)": ("loans.balance", "guess"),
        "贷款金额": ("loans.principal", "exact"),
        "放款日": ("loans.disbursed_on", "alias"),
        "放款日期": ("events.9", "alias"),
        "担保类": ("loans.guarantee_type", "guess"),
        "状态": ("loans.status", "exact"),
        "备用": ("", "none"),
    }
    assert (sheet.table, sheet.header_row, sheet.title_date, proposal.is_complete) == (
        "loans",
        3,
        date(2024, 3, 31),
        True,
    )
    status = next(column for column in sheet.columns if column.header == "状态")
    assert (status.unknown_codes, status.samples) == (["怪"], ["怪", "正常"])
    said = {problem["id"] for column in sheet.columns for problem in column.problems}
    assert said == {"proposal_guess", "proposal_unit", "proposal_unread", "proposal_none"}


def test_the_first_rows_as_they_would_load_with_their_problems(parser: ImportParser) -> None:
    file = parser.write_file("odd.csv", ODD)
    mapping = profiles.parse("own", profile_writing.render_toml(suggestions.propose_mapping(file)))
    preview = suggestions.preview_rows(file, mapping, rows=5)[0]
    assert [row["loans.balance"] for row in preview.rows] == [Decimal("125000.00"), Decimal("30000.00")]
    assert [[problem["field"] for problem in row["_problems"]] for row in preview.rows] == [["status"], []]
    assert (preview.table, preview.rows_with_problems) == ("loans", 1)


def test_the_proposed_file_is_used_at_once_by_its_path(cli: ImportCli) -> None:
    file, out = cli.write("odd.csv", ODD), cli.folder / "own.toml"
    proposed = cli.run("profile", file, "--out", out, "--json")
    assert proposed.status == 0
    assert json.loads(proposed.out)["rows"][0]["loans.balance"] == "125000.00"
    assert tomllib.loads(out.read_text())["files"][0]["fields"]["balance"] == {
        "column": "目前余额(万元)",
        "unit": "万元",
    }
    assert cli.import_files(file, profile=str(out)).loans["loaded"] == 1
    again = cli.run("profile", file, "--out", out)
    assert (again.status, "your edits are not overwritten" in again.err) == (1, True)
    shown = cli.run("profile", file).out
    assert "目前余额(万元) -> loans.balance [guess 猜测 75]" in shown


def test_a_file_without_a_key_is_told_and_its_mapping_refused(parser: ImportParser) -> None:
    proposal = suggestions.propose_mapping(parser.write_file("x.csv", "甲乙,贷款金额\nx,1\n"))
    assert not proposal.is_complete
    assert proposal.sheets[0].problems
    with pytest.raises(InputError, match="needs"):
        profiles.parse("own", profile_writing.render_toml(proposal))


@pytest.mark.parametrize("header", ['"a""b"', "a\\b", "#x", "[y]", "'''"])
def test_any_header_makes_a_valid_file(parser: ImportParser, header: str) -> None:
    proposal = suggestions.propose_mapping(parser.write_file("x.csv", f"借据号,余额,{header}\nL1,1,2\n"))
    tomllib.loads(profile_writing.render_toml(proposal))


def records_csv(spec_name: str, separator: str, *rows: dict[str, str]) -> str:
    spec = next(spec for spec in profiles.load("east5").files if spec.name == spec_name)
    return "".join(separator.join(row.get(code, "") for code in spec.column_names) + "\n" for row in rows)


LOAN = {
    "NBJGH": "0215",
    "KHTYBH": "C1",
    "KHMC": "甲公司",
    "XDHTH": "HT1",
    "XDJJH": "01260120001203330801",
    "BZ": "CNY",
    "DKFFLX": "新增",
    "DKJE": "500000.00",
    "DKYE": "400000.00",
    "DKWJFL": "关注",
    "ZQCS": "1",
    "DKFFRQ": "20230105",
    "DKDQRQ": "20250105",
    "ZJRQ": "99991231",
    "SJLL": "4.35000",
    "HKFS": "利随本清",
    "XDYGH": "E1",
    "DKZT": "正常",
    "CJRQ": "20240331",
}
CONTRACT = {"XDHTH": "HT1", "HTDQRQ": "20240105", "DBLX": "抵押", "XDYWZL": "流动资金贷款", "HTJE": "500000.00"}
PLEDGE = {"DBHTH": "G1", "YPLX": "3.1居住用房地产", "YXRDJZ": "300000.00", "DZYL": "60.00", "DBHTZT": "有效"}
SECURED = {"DBHTH": "G1", "DBHTLX": "最高额担保合同", "DBLX": "抵押", "DBJE": "600000.00", "DBHTZT": "有效"}


@pytest.mark.parametrize("separator", ["\x01", "|"])
def test_east_files_without_headers_meet_by_their_numbers(parser: ImportParser, separator: str) -> None:
    files = [
        parser.write_file("504_DGXDYWJJB.txt", records_csv("DGXDYWJJB", separator, LOAN)),
        parser.write_file("501_XDHTB.txt", records_csv("XDHTB", separator, CONTRACT)),
        parser.write_file(
            "601_BNWYWDBHTB.txt",
            records_csv("BNWYWDBHTB", separator, SECURED | {"BDBHTH": "HT1"}, SECURED | {"BDBHTH": "HT2"}),
        ),
        parser.write_file(
            "603_DZYW.txt", records_csv("DZYW", separator, PLEDGE | {"YPBH": "Y1"}, PLEDGE | {"YPBH": "Y2"})
        ),
    ]
    arrived = parser.parse_files(*files, profile="east5")
    loan = arrived.stage.tables["loans"].row(0, named=True)
    assert (loan["loan_id"], loan["original_maturity"], loan["current_maturity"]) == (
        "01260120001203330801",
        date(2024, 1, 5),
        date(2025, 1, 5),
    )
    assert (loan["guarantee_type"], loan["product_code"], loan["closed_date"]) == ("mortgage", "working_capital", None)
    held = arrived.stage.tables["guarantees"].sort("guarantee_id")
    assert held.select("guarantee_id", "guarantee_no", "contract_no", "collateral_id", "is_maximum").rows() == [
        ("G1/HT1", "G1", "HT1", None, True),
        ("G1/HT2", "G1", "HT2", None, True),
        ("G1/Y1", "G1", None, "Y1", None),
        ("G1/Y2", "G1", None, "Y2", None),
    ]


@pytest.mark.parametrize("day", ["20250331", "20250430", "20250131", "20260331", "20260131", "2025-05-06", "20250602"])
def test_a_day_in_a_file_s_name_is_not_the_number_of_its_table(parser: ImportParser, day: str) -> None:
    file = parser.write_file(f"B0001-BNWYWDBHTB-{day}.txt", records_csv("BNWYWDBHTB", "|", SECURED | {"BDBHTH": "HT1"}))
    assert parser.parse_files(file, profile="east5").column_values("guarantee_id", "guarantees") == ["G1"]


def test_a_file_with_its_header_is_read_by_it_whatever_its_name(parser: ImportParser) -> None:
    spec = next(spec for spec in profiles.load("east5").files if spec.name == "BNWYWDBHTB")
    used = [code for code in spec.column_names if code not in {"JRXKZH", "DBBZ", "CJRQ"}]
    rows = [used, [(SECURED | {"BDBHTH": "HT1"}).get(code, "") for code in used]]
    for name in ("504.csv", "BNWYWDBHTB.csv", "602_YWDBR.csv"):
        file = parser.write_file(name, "".join(",".join(row) + "\n" for row in rows))
        assert parser.parse_files(file, profile="east5").column_values("contract_no", "guarantees") == ["HT1"]


@pytest.mark.parametrize("name", ["502_HLWDKFJB.txt", "x-505-y.txt", "506项目贷款信息.txt", "BNWYWDBRB_20240331.txt"])
def test_east_tables_whose_columns_are_not_known_are_left_out_and_said(parser: ImportParser, name: str) -> None:
    unknown = parser.write_file(name, "a|b|c\nd|e|f\n")
    with pytest.raises(
        InputError, match=r"none of the files feeds a table\. .* was not read; its 2 rows are not in the book"
    ):
        parser.parse_files(unknown, profile="east5")
    arrived = parser.parse_files(
        parser.write_file("504.txt", records_csv("DGXDYWJJB", "|", LOAN)), unknown, profile="east5"
    )
    assert arrived.column_values("loan_id") == ["01260120001203330801"]
    said = arrived.note_text("note_unread")
    assert said.startswith(f"{name} was not read; its 2 rows are not in the book: EAST 5.0 table")
    assert "whose columns this profile does not know" in said


def test_east_loans_of_individuals_and_their_overdue_days(parser: ImportParser) -> None:
    own = LOAN | {
        "KHMC": "张三",
        "QBJE": "1000.00",
        "QBRQ": "00000000",
        "QXRQ": "20240301",
        "BNQXYE": "12.34",
        "LXQKQS": "2",
    }
    arrived = parser.parse_files(
        parser.write_file("503_GRXDYWJJB.txt", records_csv("GRXDYWJJB", "|", own)),
        parser.write_file("501_XDHTB.txt", records_csv("XDHTB", "|", CONTRACT)),
        profile="east5",
    )
    assert arrived.column_values("borrower_type", "borrowers") == ["P"]
    assert arrived.column_values("guarantee_type") == ["mortgage"]
    state = arrived.stage.tables["snapshots"].row(0, named=True)
    assert (state["first_overdue_date"], state["principal_overdue"], state["consecutive_missed"]) == (
        date(2024, 3, 1),
        Decimal("1000.00"),
        2,
    )


@pytest.mark.parametrize("head", ["XDJJH,DKYE,DKDQRQ,DKZT", "信贷借据号,贷款余额,贷款到期日期,贷款状态"])
def test_east_columns_by_code_or_by_chinese_name(parser: ImportParser, head: str) -> None:
    file = parser.write_file("own.csv", f"{head}\n0126,5.00,20250105,正常\n")
    spec = tomllib.loads((profiles.FOLDER / "east5.toml").read_text(encoding="utf-8"))
    used = {"loan_id": "XDJJH", "balance": "DKYE", "current_maturity": "DKDQRQ", "status": "DKZT"}
    lines = [f'{name} = "{code}"' for name, code in used.items()]
    columns = json.dumps(spec["files"][0]["columns"], ensure_ascii=False)
    own = parser.write_file(
        "own.toml",
        "[[files]]\nname = 'x'\ntable = 'loans'\nheaders = ['XDJJH', 'DKYE', 'DKDQRQ']\n"
        f"columns = {columns}\n[files.fields]\n" + "\n".join(lines),
    )
    assert parser.parse_files(file, profile=str(own)).column_values("balance") == [5]


def test_central_bank_loans_of_individuals(parser: ImportParser) -> None:
    row = "2024-03-31|C1|0215|3100|B01|310101********001X|3100|JJ1|HT1|F0212|2023-01-05|2024-01-05|2025-01-05|CNY|9.00|9.00|RF01|"
    arrived = parser.parse_files(
        parser.write_file("JS_202_CLGRDK.dat", row + "4.35123|TR01|3.45000|||B01|1|FQ02|LS02||买车\n"), profile="pboc"
    )
    loan = arrived.stage.tables["loans"].row(0, named=True)
    assert (loan["product_code"], loan["guarantee_type"], loan["original_maturity"], loan["current_maturity"]) == (
        "auto",
        "mortgage",
        date(2024, 1, 5),
        date(2025, 1, 5),
    )
    assert arrived.column_values("classification", "snapshots") == ["special_mention"]
    assert arrived.column_values("borrower_type", "borrowers") == ["P"]


def test_central_bank_contracts_and_collateral(parser: ImportParser) -> None:
    contract = "2024-03-31|C1|0215|G1|HT1|02|2023-01-05|2025-01-05|CNY|6.00|6.00|A01|X1\n"
    collateral = "2024-03-31|C1|0215|G1|HT1|Y1|C01|QZ1|1|01|01|9.00|2023-01-01|9.00|0.00|01|66.67\n"
    arrived = parser.parse_files(
        parser.write_file("DBHTXX.dat", contract), parser.write_file("DBWXX.dat", collateral), profile="pboc"
    )
    row = (
        arrived.stage.tables["guarantees"]
        .filter(arrived.stage.tables["guarantees"]["collateral_id"] == "Y1")
        .row(0, named=True)
    )
    assert (row["contract_no"], row["collateral_type"], row["valuation_date"]) == (
        "HT1",
        "residential_property",
        date(2023, 1, 1),
    )
