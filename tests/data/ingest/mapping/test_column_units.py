"""Units of columns: none is taken that the file does not state, and what decided each is said."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import InputError
from data.ingest.mapping import header_vocabulary
from data.ingest.proposals import profile_writing, suggestions
from data.ingest.questions.open_questions import UnansweredError
from data.table_files import read_rows
from tests.cases import Row, params_of_file
from tests.data.cli_import import ImportCli
from tests.data.ingest.parsed_import import ImportParser

CASES = Path(__file__).parents[1] / "cases"


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


PROFILE = '[[files]]\nname="f"\ntable="loans"\nheaders=["借据编码号"]\n{file}\n[files.fields]\nloan_id="借据编码号"\n'


@pytest.mark.parametrize("row", params_of_file(Path(__file__).parent / "cases" / "column_units.csv"))
@pytest.mark.parametrize("by_profile", [False, True], ids=["by itself", "by a profile"])
def test_the_unit_of_a_column(parser: ImportParser, row: Row, *, by_profile: bool) -> None:
    key = "借据编码号" if by_profile else "借据号"
    head = f'"{row["title"]}",,\n' if row["title"] else ""
    file = parser.write_file("f.csv", f"{head}{key},客户名称,{row['header']}\nL1,甲,{row['cell']}\n")
    text = PROFILE.format(file="") + f'{row["field"]}="{row["header"]}"\n"borrowers.name"="客户名称"\n'
    profile = str(parser.write_file("p.toml", text)) if by_profile else None
    arrived = parser.parse_files(file, profile=profile)
    assert arrived.column_values(row["field"]) == [Decimal(row["value"])]
    assert row["note"] in arrived.note_ids


@pytest.mark.parametrize(
    ("file", "field", "value", "note"),
    [
        ("", '"贷款余额(万元)"', 50000, "note_unit"),
        ('money_unit="元"', '"贷款余额(万元)"', 50000, "note_unit"),
        ('money_unit="千元"', '"贷款金额"', 7000, "note_profile_unit"),
        ("", '{column="贷款金额", unit="千元"}', 7000, "note_profile_unit"),
        ("", '{column="贷款余额(万元)", unit="元"}', 5, "note_profile_unit"),
    ],
)
def test_a_field_s_unit_then_the_header_s_then_the_file_s(
    parser: ImportParser, file: str, field: str, value: int, note: str
) -> None:
    text = parser.write_file("p.toml", PROFILE.format(file=file + "\nignore_others=true") + f"balance={field}\n")
    source = parser.write_file("f.csv", "借据编码号,贷款余额(万元),贷款金额\nL1,5,7\n")
    arrived = parser.parse_files(source, profile=str(text))
    assert arrived.column_values("balance") == [value]
    assert note in arrived.note_ids


@pytest.mark.parametrize("second", ["余额(元)", "贷款金额"])
def test_columns_of_which_the_first_filled_counts_must_state_one_unit(parser: ImportParser, second: str) -> None:
    text = PROFILE.format(file="ignore_others=true") + f'balance={{first=["余额(万元)","{second}"]}}\n'
    source = parser.write_file("f.csv", f"借据编码号,余额(万元),{second}\nL1,5,7\n")
    with pytest.raises(InputError, match=rf"余额\(万元\), {re.escape(second)}, whose headers state different units"):
        parser.parse_files(source, profile=str(parser.write_file("p.toml", text)))


@pytest.mark.parametrize(
    ("header", "answer", "value"),
    [
        ("月利率", "permille", "8.34996"),
        ("月利率", "percent", "83.4996"),
        ("利率（月）", "permille", "8.34996"),
        ("日利率", "per_ten_thousand", "25.04988"),
        ("Monthly interest rate", "permille", "8.34996"),
    ],
)
def test_a_period_without_a_unit_is_asked_about(parser: ImportParser, header: str, answer: str, value: str) -> None:
    file = parser.write_file("f.csv", f"借据号,{header}\nL1,6.9583\n")
    with pytest.raises(UnansweredError, match=f"column {header}: the header says the period"):
        parser.parse_files(file)
    arrived = parser.parse_files(file, assume={"rate_unit": answer})
    assert arrived.column_values("annual_rate_pct") == [Decimal(value)]
    assert {"note_assumed", "note_answer_unit_rate"} <= arrived.note_ids


def test_a_proposed_profile_reads_monthly_rates(cli: ImportCli) -> None:
    case = CASES / "monthly_rate.csv"
    text = profile_writing.render_toml(suggestions.propose_mapping(case))
    assert 'unit = "月‰" }  # guess' in text
    report = cli.import_files(case, profile=str(cli.write("p.toml", text))).report
    assert cli.query("SELECT round(annual_rate_pct, 2) FROM loans") == [(Decimal("8.35"),)]
    assert "converted to percent a year (x 1.2)" in " ".join(note["en"] for note in report["assumptions"])


@pytest.mark.parametrize("header", ["Closed_Date_(Most_Recent)", "Amount_", "Rate-", "到期日：", "期限-", "利率_"])
def test_no_header_gains_a_unit_that_it_does_not_state(header: str) -> None:
    assert header_vocabulary.split_unit(header) == (header, "")


def test_headers_with_odd_ends_do_not_break_a_proposal(cli: ImportCli) -> None:
    file = cli.write(
        "f.csv",
        "loan_id_,Closed_Date_(Most_Recent),Original_Principal_Amount_,到期日：,余额-\nL1,2024-01-31,5,2025-01-31,5\n",
    )
    text = profile_writing.render_toml(suggestions.propose_mapping(file))
    assert "unit" not in text
    assert cli.import_files(file, profile=str(cli.write("p.toml", text))).status == 0


def test_what_decided_a_unit_stands_before_the_counts(cli: ImportCli) -> None:
    file = cli.write("f.csv", "单位：万元\n借据号,余额,贷款金额（元）,月利率(‰)\nL1,5,7,3.625\n")
    lines = cli.run("import", file, "--as-of", "2024-03-31", "--book", cli.book).out.splitlines()
    assert "unit of 余额: 万元 (x 10,000), stated in the title" in lines[1]
    assert "unit of 贷款金额(元): 元 (x 1), stated in the header" in lines[2].replace("（", "(").replace("）", ")", 1)
    assert "月利率(‰): 月‰ (per mille a month), stated in the header" in lines[3]
    assert "月‰（月利率，千分之）" in lines[3]


def test_amounts_of_a_file_with_currencies_are_not_called_yuan(parser: ImportParser) -> None:
    said = parser.parse_text("借据号,余额,币种\nL1,5,USD\n").note_text("note_unit_assumed_currency")
    assert "whole units of each row's currency" in said and "read as yuan" not in said


@pytest.mark.parametrize("period", ["年", "月", "日"])
def test_every_sign_has_a_unit_of_every_period(period: str) -> None:
    known = {row["unit"] for row in read_rows("units.csv")}
    assert {period + sign for sign in ("%", "‰", "‱")} <= known
