"""A column that says whether a loan was extended is no count of extensions."""

from pathlib import Path

import pytest

from tests.data.ingest.parsed_import import ImportParser

CASE = Path(__file__).parents[1] / "cases" / "ext_flag.csv"


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


def test_flags_of_every_form_leave_the_count_unknown(parser: ImportParser) -> None:
    arrived = parser.parse_files(CASE)
    assert (len(arrived.column_values("loan_id")), arrived.quarantined_rows) == (11, [])
    assert set(arrived.column_values("extension_count")) == {None}
    assert arrived.note_text("note_flag") == (
        "展期标志: 11 cells such as '是' (row 2) say whether and not how often; the number is left empty"
    )


@pytest.mark.parametrize("header", ["展期标志", "是否展期", "展期标识"])
def test_a_number_above_one_is_a_count_whatever_the_header(parser: ImportParser, header: str) -> None:
    arrived = parser.parse_text(f"借据号,{header}\nL1,0\nL2,1\nL3,2\nL4,是\n")
    assert arrived.column_values("extension_count") == [0, 1, 2, None]


@pytest.mark.parametrize("cell", ["是", "否", "Y", "n", "true", "已展期", "未展期"])
def test_a_flag_under_a_count_s_header_costs_no_loan(parser: ImportParser, cell: str) -> None:
    arrived = parser.parse_text(f"借据号,展期次数\nL1,0\nL2,1\nL3,{cell}\n")
    assert (arrived.column_values("extension_count"), arrived.quarantined_rows) == ([0, 1, None], [])
    assert "note_flag" in arrived.note_ids


def test_counts_of_nought_and_one_stay_counts(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,展期次数\nL1,0\nL2,1\nL3,1次\n")
    assert arrived.column_values("extension_count") == [0, 1, 1]
    assert "note_flag" not in arrived.note_ids


def test_other_words_under_a_count_s_header_are_kept_back(parser: ImportParser) -> None:
    arrived = parser.parse_text("借据号,展期次数\nL1,0\nL2,若干\n")
    assert [row for row, _ in arrived.quarantined_rows] == [3]


@pytest.mark.parametrize("header", ["展期次数", "累计展期次数"])
@pytest.mark.parametrize("flag_first", [True, False])
def test_a_count_beside_the_flag_is_the_one_read(parser: ImportParser, header: str, flag_first: bool) -> None:
    columns, cells = (["展期标志", header], ["是", "2"]) if flag_first else ([header, "展期标志"], ["2", "是"])
    arrived = parser.parse_text(f"借据号,{','.join(columns)}\nL1,{','.join(cells)}\n")
    assert arrived.column_values("extension_count") == [2]
    assert "展期标志" in arrived.note_text("note_ignored_columns")
