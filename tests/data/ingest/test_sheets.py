"""Sheets of a workbook that are no lists: left out by name and told, under a profile and in a proposal too."""

from pathlib import Path
from typing import Any

import pytest

from data.errors import InputError
from tests.data.cli_import import ImportCli
from tests.data.ingest.parsed_import import ImportParser

CASE = Path(__file__).with_name("cases") / "ledger_with_notes_sheet.xlsx"
LEDGER = [["借据号", "客户号", "机构号", "贷款余额(元)"], ["L1", "C1", "B1", 5], ["L2", "C2", "B1", 6]]
PROFILE = """title = "own"
[[files]]
name = "ledger"
table = "loans"
headers = ["借据号", "客户号", "贷款余额(元)"]
[files.fields]
loan_id = "借据号"
"""


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


def test_a_workbook_with_a_sheet_of_notes_is_proposed_and_loaded(cli: ImportCli) -> None:
    mapping = cli.folder / "own.toml"
    assert cli.run("profile", CASE, "--out", mapping).status == 0
    outcome = cli.import_files(CASE, profile=str(mapping))
    assert (outcome.status, outcome.loans["loaded"]) == (0, 2)
    assert [note["en"] for note in outcome.report["assumptions"] if note["id"] == "note_sheet_not_in_profile"] == [
        "ledger_with_notes_sheet.xlsx[填表说明]: no file of the profile, left out; its 2 rows are not in the book"
    ]


OTHERS: dict[str, list[list[Any]]] = {
    "按行汇总": [["机构号", "机构名称", "笔数", "贷款余额(元)"], ["B1", "城关", 2, 11]],
    "填表说明": [["本表由各支行填报"], ["每月3日前上报"]],
    "图": [["项目", "数值"], ["余额", 11]],
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("with_profile", [True, False])
@pytest.mark.parametrize("is_first", [True, False])
def test_a_sheet_that_is_no_list_is_left_out(
    parser: ImportParser, name: str, with_profile: bool, is_first: bool
) -> None:
    sheets = {name: OTHERS[name], "台账": LEDGER} if is_first else {"台账": LEDGER, name: OTHERS[name]}
    profile = str(parser.write_file("own.toml", PROFILE)) if with_profile else None
    arrived = parser.parse_files(parser.write_xlsx(sheets), profile=profile)
    assert arrived.column_values("loan_id") == ["L1", "L2"]
    message = "note_sheet_not_in_profile" if with_profile else "note_sheet_skipped"
    assert arrived.note_text(message).startswith(f"book.xlsx[{name}]:")
    assert f"its {len(OTHERS[name])} rows are not in the book" in arrived.note_text(message)


def test_a_list_that_lacks_a_header_of_the_profile_is_refused(parser: ImportParser) -> None:
    other = [["借据编号", "客户号", "贷款余额(元)"], ["L3", "C3", 7]]
    profile = str(parser.write_file("own.toml", PROFILE))
    with pytest.raises(InputError, match=r"book\.xlsx\[城东\] matches no file of profile own"):
        parser.parse_files(parser.write_xlsx({"城关": LEDGER, "城东": other}), profile=profile)


def test_a_file_of_its_own_that_fits_nothing_is_refused(parser: ImportParser) -> None:
    profile = str(parser.write_file("own.toml", PROFILE))
    files = parser.write_xlsx({"台账": LEDGER}), parser.write_file("notes.csv", "项目,数值\n余额,11\n")
    with pytest.raises(InputError, match=r"notes\.csv matches no file of profile own"):
        parser.parse_files(*files, profile=profile)


def test_a_list_that_goes_on_in_a_sheet_without_a_header(parser: ImportParser) -> None:
    profile = str(parser.write_file("own.toml", PROFILE))
    sheets = {"一": LEDGER, "二": [["L3", "C3", "B1", 7], ["L4", "C4", "B1", 8]]}
    arrived = parser.parse_files(parser.write_xlsx(sheets), profile=profile)
    assert arrived.column_values("loan_id") == ["L1", "L2", "L3", "L4"]
    assert (
        arrived.note_text("note_sheet_continues")
        == "book.xlsx[二] has no header: read as the continuation of book.xlsx[一]"
    )


def test_a_list_of_another_table_with_an_unknown_column_is_refused(parser: ImportParser) -> None:
    other = [["担保合同号", "借据号", "评估价值", "经办网点备注号"], ["G1", "L1", 9, "x"]]
    with pytest.raises(InputError, match="unknown column '经办网点备注号'"):
        parser.parse_files(parser.write_xlsx({"台账": LEDGER, "押品": other}))
