"""Dates that a spreadsheet swapped are seen by their signature, asked about, and read as the answer says."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest

from data.ingest.questions.open_questions import UnansweredError
from tests.data.cli_import import ImportCli
from tests.data.ingest.parsed_import import ImportParser

CASE = Path(__file__).parents[1] / "cases" / "swapped_dates.xlsx"
SWAPPED, AS_READ = {"date_order": "swapped"}, {"date_order": "as_read"}


@pytest.fixture
def parser(tmp_path: Path) -> ImportParser:
    return ImportParser(tmp_path)


def test_the_signature_is_asked_about_before_anything_is_loaded(
    cli: ImportCli, book_is_unchanged: Callable[[], bool]
) -> None:
    outcome = cli.import_files(CASE)
    english, chinese = outcome.err.strip().splitlines()
    assert outcome.status == 1 and book_is_unchanged()
    assert "column 发放日期: the 2 texts such as '3/14/24 9:10' (row 3) put the month first" in english
    assert "--assume date_order=swapped" in english and "--assume date_order=as_read" in chinese


@pytest.mark.parametrize(
    ("answer", "days"),
    [("swapped", [(4, 3), (3, 14), (3, 5), (4, 25)]), ("as_read", [(3, 4), (3, 14), (5, 3), (4, 25)])],
)
def test_an_answer_given_beforehand(cli: ImportCli, answer: str, days: list[tuple[int, int]]) -> None:
    outcome = cli.run(
        "import", CASE, "--as-of", "2024-12-31", "--book", cli.book, "--json", "--assume", f"date_order={answer}"
    )
    assert outcome.status == 0
    assert cli.query("SELECT disbursed_on FROM loans ORDER BY loan_id") == [(date(2024, *day),) for day in days]
    assert f"date_order={answer}" in next(n["en"] for n in outcome.report["assumptions"] if n["id"] == "note_assumed")
    other = "as_read" if answer == "swapped" else "swapped"
    again = cli.run(
        "import", CASE, "--as-of", "2024-12-31", "--book", cli.book, "--json", "--assume", f"date_order={other}"
    )
    assert again.status == 0 and not again.report["already_loaded"]


@pytest.mark.parametrize("given", ["date_order=maybe", "order=swapped", "swapped", "="])
def test_an_answer_to_no_question_is_refused(cli: ImportCli, given: str) -> None:
    outcome = cli.run("import", CASE, "--as-of", "2024-12-31", "--book", cli.book, "--assume", given)
    assert outcome.status == 1
    assert f"--assume {given} answers no question. Answers: date_order=swapped, date_order=as_read" in outcome.err


COLUMNS = {
    "day first": (["2024-04-03", "14/03/2024", "2024-05-03", "25.04.2024"], [(3, 4), (3, 14), (3, 5), (4, 25)]),
    "month first in a text file": (
        ["2024/4/3", "3/14/2024", "2024/5/3", "4/25/2024"],
        [(3, 4), (3, 14), (3, 5), (4, 25)],
    ),
    "with the hour": (
        ["2024-03-04", "3/14/24 9:10 PM", "2024-05-03", "", "4/25/24 0:00"],
        [(4, 3), (3, 14), (3, 5), None, (4, 25)],
    ),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_signature_in_other_forms(parser: ImportParser, name: str) -> None:
    cells, days = COLUMNS[name]
    content = "借据号,发放日期\n" + "".join(f"L{i},{cell}\n" for i, cell in enumerate(cells))
    with pytest.raises(UnansweredError):
        parser.parse_text(content)
    arrived = parser.parse_files(parser.write_file("f.csv", content), assume=SWAPPED)
    assert arrived.column_values("disbursed_on") == [day and date(2024, *day) for day in days]


NO_SIGNATURE = {
    "a date above 12": ["2024-03-14", "3/14/24", "2024-05-03"],
    "a text that may be either": ["2024-03-04", "3/4/24", "3/14/24"],
    "texts of both orders": ["2024-03-04", "3/14/24", "14/3/2024"],
    "no dates beside them": ["3/14/24", "4/25/24"],
    "a single text": ["2024-03-04", "2024-05-03", "3/14/24"],
    "a single date": ["2024-03-04", "3/14/24", "4/25/24"],
    "a year that may come first": ["2024-03-04", "2024-05-03", "24/3/14", "25/3/14"],
}


@pytest.mark.parametrize("name", NO_SIGNATURE)
def test_without_the_signature_texts_are_kept_back_as_before(parser: ImportParser, name: str) -> None:
    cells = NO_SIGNATURE[name]
    arrived = parser.parse_text("借据号,发放日期\n" + "".join(f"L{i},{cell}\n" for i, cell in enumerate(cells)))
    assert [row for row, _ in arrived.quarantined_rows] == [
        row for row, cell in enumerate(cells, start=2) if not cell.startswith("2024")
    ]


def test_a_format_for_the_texts_leaves_the_question_open(parser: ImportParser) -> None:
    profile = parser.write_file(
        "p.toml",
        'title="t"\n[[files]]\nname="f"\ntable="loans"\nheaders=["借据号"]\n[files.fields]\nloan_id="借据号"\n'
        'disbursed_on={column="发放日期", format="%m/%d/%Y"}\n',
    )
    file = parser.write_file("f.csv", "借据号,发放日期\nL1,2024-03-04\nL2,3/14/2024\nL3,2024-05-03\nL4,4/25/2024\n")
    with pytest.raises(UnansweredError):
        parser.parse_files(file, profile=str(profile))
    arrived = parser.parse_files(file, profile=str(profile), assume=AS_READ)
    assert arrived.column_values("disbursed_on") == [date(2024, *day) for day in [(3, 4), (3, 14), (5, 3), (4, 25)]]


def test_times_keep_their_hour(parser: ImportParser) -> None:
    rows = ["2024-03-04 10:30:00", "3/14/2024 9:10", "2024-05-03 00:00:00", "4/25/2024 0:00"]
    content = "检查号,借据号,检查日期,录入时间\n" + "".join(f"I{i},L1,2024-01-01,{row}\n" for i, row in enumerate(rows))
    arrived = parser.parse_files(parser.write_file("f.csv", content), assume=SWAPPED)
    assert arrived.column_values("created_at", "inspections")[0] == datetime(2024, 4, 3, 10, 30)
