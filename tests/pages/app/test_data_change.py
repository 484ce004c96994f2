"""A book that changed after its check says so everywhere, and what came since counts as not checked."""

import io
from pathlib import Path

import openpyxl
import pytest
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.storage import book
from pages.ui.app import page_frame
from policy.__main__ import main as policy_main
from policy.runs import data_changes
from policy.violations import results
from tests.pages.seven_loan_book import SNAPSHOT_DATE

CHECKED_PAGES = [name for name in page_frame.PAGES if name != "import_files"]


@pytest.fixture
def changed_book(checked_book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The seven loans as they were checked, and an eighth that came since: its ratio is a breach."""
    path = tmp_path / "book.duckdb"
    path.write_bytes(checked_book.read_bytes())
    with book.open_for_writing(path) as con:
        for table in ("loans", "snapshots"):
            con.execute(
                f"INSERT INTO {table} BY NAME SELECT * REPLACE ('L8' AS loan_id, 'late' AS batch_id) FROM {table} "
                "WHERE loan_id = 'L7' AND row_valid_to IS NULL"
            )
        con.execute("INSERT INTO facts_loan BY NAME SELECT * REPLACE ('L8' AS loan_id) FROM facts_loan "
                    "WHERE loan_id = 'L7' AND as_of = ?", [SNAPSHOT_DATE])  # fmt: skip
        con.execute("INSERT INTO batches (batch_id, fingerprint, as_of) VALUES ('late', 'late', ?)", [SNAPSHOT_DATE])
        con.execute(
            "INSERT INTO batch_tables (batch_id, table_name, file, rows_in, loaded, quarantined, ignored) "
            "VALUES ('late', 'snapshots', 'late.csv', 1, 1, 0, 0)"
        )
    monkeypatch.setenv("LOANLIGHT_BOOK", str(path))
    return path


def test_a_loan_that_came_after_the_check_is_not_judged(changed_book: Path) -> None:
    with book.open_for_reading(changed_book) as con:
        run = results.find_latest_run(con, SNAPSHOT_DATE)
        assert run is not None
        change = data_changes.find_data_change(con, run)
        assert change == data_changes.DataChange(("loans", "snapshots"), 1)
        assert results.count_subjects(con, run.run_id)["loan"] == 7


def test_the_data_of_the_check_are_no_change(checked_book: Path) -> None:
    with book.open_for_reading(checked_book) as con:
        run = results.find_latest_run(con, SNAPSHOT_DATE)
        assert run is not None and data_changes.find_data_change(con, run) is None


@pytest.mark.usefixtures("changed_book")
@pytest.mark.parametrize("name", CHECKED_PAGES)
def test_every_page_says_that_the_data_changed(open_page, name):
    app = open_page(name, lang="en")
    warnings = [warning.value for warning in app.warning]
    assert any("have changed since the check" in text and "1 loan is not checked yet" in text for text in warnings)
    assert any("11 rows read = 7 checked + 1 not checked yet" in caption.value for caption in app.caption)


@pytest.mark.usefixtures("seven_loan_book")
@pytest.mark.parametrize("name", CHECKED_PAGES)
def test_no_page_says_so_of_a_book_that_did_not_change(open_page, name):
    app = open_page(name, lang="en")
    assert not [warning.value for warning in app.warning if "have changed since" in warning.value]


@pytest.mark.usefixtures("changed_book")
@pytest.mark.parametrize("command", [["life"], ["metrics"], ["coverage"]], ids=lambda words: words[0])
def test_the_command_line_says_so(changed_book, command, capsys):
    assert policy_main([*command, "--book", str(changed_book)]) == 0
    messages = capsys.readouterr().err
    assert "1 loans are not judged yet" in messages and "1 笔贷款尚未检查" in messages


@pytest.mark.usefixtures("changed_book")
@pytest.mark.parametrize("name", ["violations", "upcoming_maturities", "early_warning"])
def test_an_export_says_so_on_its_cover(open_page, name, monkeypatch):
    offered = []
    monkeypatch.setattr(DeltaGenerator, "download_button", lambda _self, _label, data, *_, **__: offered.append(data))
    monkeypatch.setattr(st, "download_button", lambda _label, data, *_, **__: offered.append(data))
    open_page(name, lang="en")
    workbooks = [content for content in (make() for make in offered if callable(make)) if content[:2] == b"PK"]
    assert workbooks
    for content in workbooks:
        cover = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
        cells = [str(cell) for row in cover.iter_rows(values_only=True) for cell in row if cell]
        assert any("1 loan is not checked yet" in cell for cell in cells), cells


def test_a_clock_that_was_ahead_does_not_hide_the_newest_run(changed_book: Path) -> None:
    with book.open_for_writing(changed_book) as con:
        con.execute("UPDATE runs SET judged_at = judged_at + INTERVAL 10 YEARS")
    assert policy_main(["check", "--as-of", SNAPSHOT_DATE.isoformat(), "--book", str(changed_book)]) == 0
    with book.open_for_reading(changed_book) as con:
        run = results.find_latest_run(con, SNAPSHOT_DATE)
        assert run is not None and run.sequence == 2
