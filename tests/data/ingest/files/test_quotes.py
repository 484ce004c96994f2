"""Quotes that swallow rows are refused with the line on which they open; cells of several lines are read."""

from pathlib import Path

import pytest

from data.errors import InputError
from tests.data.ingest.parsed_import import ImportParser

CASES = Path(__file__).parents[1] / "cases"
HEAD = "借据号,客户号,客户名称,贷款余额\n"


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


def test_a_quote_that_closes_rows_later(parser: ImportParser) -> None:
    with pytest.raises(InputError, match=r"quote_swallows\.csv, line 2: a quote opens here and closes on line 4"):
        parser.parse_files(CASES / "quote_swallows.csv")


@pytest.mark.parametrize("later", ["", 'L900,C900,"王五",9\n', 'L900,C900,"王""五",9\n'])
def test_a_quote_that_is_never_closed(parser: ImportParser, later: str) -> None:
    rows = [f"L{i},C{i},客户{i},{i}\n" for i in range(1, 3000)]
    rows[499] = 'L500,C500,"五金店,500\n'
    rows[899] = later or rows[899]
    with pytest.raises(InputError, match=r"f\.csv, line 501: a quote opens here and (is never closed|closes on line)"):
        parser.parse_text(HEAD + "".join(rows))


REFUSED = {
    "on the next line": 'L1,C1,"五金店,5\nL2,C2,李四",6\nL3,C3,王五,7\n',
    "the last cell": 'L1,C1,五金店,"5\nL2,C2,李四,6\nL3,C3,王五,"7"\n',
    "after a cell of two lines": 'L0,C0,"甲\n乙",4\nL1,C1,"五金店,5\nL2,C2,李四,6\nL3,C3,王五",7\n',
}


@pytest.mark.parametrize("written", REFUSED)
def test_rows_that_a_quote_swallows(parser: ImportParser, written: str) -> None:
    line = 4 if written.startswith("after") else 2
    with pytest.raises(InputError, match=rf"f\.csv, line {line}: a quote opens here"):
        parser.parse_text(HEAD + REFUSED[written])


READ = {
    "a cell of two lines": ('L1,C1,"五金店\n批发",5\nL2,C2,李四,6\n', ["五金店\n批发", "李四"]),
    "with separators in it": ('L1,C1,"五金店,批发\n零售",5\nL2,C2,李四,6\n', ["五金店,批发\n零售", "李四"]),
    "of many lines": ('L1,C1,"a\nb,c\nd\n\ne",5\nL2,C2,李四,6\n', ["a\nb,c\nd\n\ne", "李四"]),
    "with quotes in it": ('L1,C1,"他说""好""\n""行""",5\nL2,C2,李四,6\n', ['他说"好"\n"行"', "李四"]),
    "a quote inside a cell": ('L1,C1,5"管,5\nL2,C2,李四,6\n', ['5"管', "李四"]),
    "two of them": ('L1,C1,5"管,5\nL2,C2,6"管,6\n', ['5"管', '6"管']),
    "every cell quoted": ('"L1","C1","五金店","5"\n"L2","C2","李四","6"\n', ["五金店", "李四"]),
}


@pytest.mark.parametrize("written", READ)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_quotes_that_are_in_order(parser: ImportParser, written: str, end: str) -> None:
    content, names = READ[written]
    arrived = parser.parse_text((HEAD + content).replace("\n", end))
    assert arrived.column_values("loan_id") == ["L1", "L2"]
    assert [name.replace("\r", "") for name in arrived.column_values("name", "borrowers")] == names
    assert arrived.column_values("balance") == [5, 6]


def test_the_line_is_right_far_into_a_large_file(parser: ImportParser) -> None:
    rows = [f'L{i},C{i},"客户{i}",{i}\n' for i in range(200_000)]
    rows[150_000] = 'L,C,"客户,1\n'
    with pytest.raises(InputError, match=r"line 150002:"):
        parser.parse_text(HEAD + "".join(rows))
