"""Titles of blocks and totals whatever their word; headers that come again. Each case is a list and what loads of it."""

from pathlib import Path

import pytest

from data.errors import InputError
from tests.data.ingest.parsed_import import ImportParser

CASES = Path(__file__).parents[1] / "cases"
HEAD = "借据号,客户号,贷款金额,贷款余额\n"
L1, L2, L3 = "L1,C1,100,10\n", "L2,C2,200,20\n", "L3,C3,300,40\n"


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


LISTS = {
    "titles of blocks": f"正常贷款,,,\n{L1}{L2}不良贷款,,,\n{L3}",
    "a title that counts": f"一、正常贷款,,,\n{L1}{L2}二、不良贷款,,,\n{L3}",
    "a last row of any word": f"{L1}{L2}{L3}全行,,600,70\n",
    "of its balance alone": f"{L1}{L2}{L3}全行,,,70\n",
    "a last row without a word": f"{L1}{L2}{L3},,600,70\n",
    "a last row with a date": f"{L1}{L2}{L3}2024年末,,600,70\n",
    "汇总": f"{L1}{L2}{L3}汇总,,600,70\n",
    "branches below their loans": f"{L1}{L2}城关支行,,300,30\n{L3}城东支行,,300,40\n",
    "and above them": f"城关支行,,300,30\n{L1}{L2}城东支行,,300,40\n{L3}",
    "branches, regions and the bank": f"{L1}城关,,100,10\n{L2}城东,,200,20\n城区,,300,30\n{L3}郊区,,300,40\n本行,,600,70\n",
    "a total before the signatures": f"{L1}{L2}{L3}全行,,600,70\n制表人：王五,,,\n",
    "a count beside the amounts": f"{L1}{L2}{L3}全行,3,600,70\n",
    "grouped amounts": f'{L1}{L2}{L3}全行,,"600.00","70.00"\n',
}


@pytest.mark.parametrize("name", LISTS)
def test_titles_and_totals_are_no_loans(parser: ImportParser, name: str) -> None:
    arrived = parser.parse_text(HEAD + LISTS[name])
    assert (arrived.column_values("loan_id"), arrived.quarantined_rows) == (["L1", "L2", "L3"], [])
    assert arrived.stage.counts[0].balance_in == 70
    assert arrived.stage.counts[0].ignored == LISTS[name].count("\n") - 3
    assert ("note_block_titles" in arrived.note_ids) == ("title" in name)


def test_a_title_is_said(parser: ImportParser) -> None:
    arrived = parser.parse_text(HEAD + LISTS["titles of blocks"])
    assert arrived.note_text("note_block_titles") == (
        "2 rows are titles of blocks, not records, and were left out (such as '正常贷款' in row 2)"
    )


ODD = {
    "amounts that are no sum": f"{L1}{L2}{L3}其中农户贷款,,200,20.01\n",
    "one of two amounts": f"{L1}{L2}{L3}全行,,600,71\n",
    "a count alone": f"{L1}{L2}{L3}不良贷款,1,,\n",
}


@pytest.mark.parametrize("name", ODD)
def test_a_word_for_a_key_that_is_neither_is_kept_back(parser: ImportParser, name: str) -> None:
    arrived = parser.parse_text(HEAD + ODD[name])
    assert arrived.column_values("loan_id") == ["L1", "L2", "L3"]
    ((row, reason),) = arrived.quarantined_rows
    assert row == 5 and "is a word where other rows have a number" in reason


RECORDS = {
    "a key of letters with its customer": (
        "借据号,客户号,贷款余额\nL1,C1,10\nL2,C2,20\nABC,C3,30\n",
        ["L1", "L2", "ABC"],
    ),
    "a sum by chance": ("借据号,客户号,贷款余额\nL1,C1,10\nL2,C2,20\nL3,C3,30\n", ["L1", "L2", "L3"]),
    "a sum by chance, all blank": ("借据号,客户号,贷款余额\nL1,,10\nL2,,20\nL3,,30\n", ["L1", "L2", "L3"]),
    "only keys and amounts": ("借据号,贷款余额\nL1,10\nL2,20\nL3,30\n", ["L1", "L2", "L3"]),
    "no sum": ("借据号,客户号,贷款余额\nL1,C1,10\nL2,C2,20\nL3,,31\n", ["L1", "L2", "L3"]),
    "keys that are words": ("借据号,贷款余额\n甲,10\n乙,20\n丙,30\n", ["甲", "乙", "丙"]),
    "one word and one number": ("借据号,客户号,贷款余额\n甲,C1,10\n乙,C2,20\nL3,C3,30\n", ["甲", "乙", "L3"]),
}


@pytest.mark.parametrize("name", RECORDS)
def test_rows_that_may_be_records_are(parser: ImportParser, name: str) -> None:
    content, loans = RECORDS[name]
    assert parser.parse_text(content).column_values("loan_id") == loans


def test_names_as_keys_of_other_tables(parser: ImportParser) -> None:
    arrived = parser.parse_text("课程,课题\n贷款五级分类,\n民法典第203条,\n")
    assert arrived.column_values("course", "courses") == ["贷款五级分类", "民法典第203条"]


def test_an_amount_that_is_read_in_another_unit_is_summed_as_written(parser: ImportParser) -> None:
    arrived = parser.parse_text("单位：万元\n借据号,客户号,贷款余额\nL1,C1,0.1\nL2,C2,0.2\n全行,,0.3\n")
    assert arrived.column_values("balance") == [1000, 2000]
    assert [total["matches"] for total in arrived.totals] == [True]


def test_a_header_again_in_another_order(parser: ImportParser) -> None:
    arrived = parser.parse_files(CASES / "header_again_other_order.csv")
    assert (arrived.column_values("principal"), arrived.column_values("balance")) == ([100, 50], [90, 40])
    assert arrived.note_text("note_header_again").startswith("row 3: the header of row 1 again, in another order")


HEADERS = {
    "the key elsewhere": "贷款余额,借据号,贷款金额\n40,L2,50\n",
    "a column less": "借据号,贷款余额\nL2,40\n",
    "other words for the same": "借据编号,余额,借据金额\nL2,40,50\n",
    "English ones": "loan_id,balance,principal\nL2,40,50\n",
    "a column left out": "贷款余额,备注,借据号\n40,无,L2\n",
    "a total under it": "贷款余额,借据号,贷款金额\n40,L2,50\n130,合计,150\n",
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_that_come_again(parser: ImportParser, name: str) -> None:
    arrived = parser.parse_text("借据号,贷款金额,贷款余额\nL1,100,90\n" + HEADERS[name])
    assert (arrived.column_values("loan_id"), arrived.quarantined_rows) == (["L1", "L2"], [])
    assert arrived.column_values("balance") == [90, 40]
    assert arrived.column_values("principal") == [100, 50 if "50" in HEADERS[name] else None]


def test_each_header_holds_until_the_next(parser: ImportParser) -> None:
    content = (
        "借据号,贷款金额,贷款余额\nL1,100,90\n借据号,贷款余额,贷款金额\nL2,40,50\n"
        "借据号,贷款金额,贷款余额\nL3,70,60\n借据号,贷款余额,贷款金额\nL4,1,2\n"
    )
    arrived = parser.parse_text(content)
    assert arrived.column_values("principal") == [100, 50, 70, 2]
    assert arrived.column_values("balance") == [90, 40, 60, 1]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("借据号,本月发生额,贷款余额", "'本月发生额'"),
        ("借据号,贷款余额(万元),贷款金额", "'贷款余额\\(万元\\)'"),
        ("借据号,贷款余额,贷款余额", "'贷款余额'"),
    ],
)
def test_another_header_is_refused(parser: ImportParser, header: str, named: str) -> None:
    with pytest.raises(InputError, match=rf"row 3: another header, which differs from that of row 1 in {named}"):
        parser.parse_text(f"借据号,贷款金额,贷款余额\nL1,100,90\n{header}\nL2,50,40\n")


def test_a_cell_beside_a_narrower_header_makes_its_row_too_long(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,贷款金额,贷款余额\nL1,100,90\n贷款余额,借据号\n40,L2,7\n")
    assert [row for row, reason in arrived.quarantined_rows if "more columns" in reason] == [4]
