"""The import page: mapping, rehearsal, import, outcome, and what is said when a file cannot be used."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from data.ingest import pipeline, snapshot_series, withdrawal
from data.storage import book
from pages.ui.app import background_jobs
from pages.ui.imports import check
from policy.__main__ import main
from policy.runs import snapshot_check
from tests.pages.seven_loan_book import SNAPSHOT_DATE

FILE = """借据号,客户编号,机构号,贷款余额,贷款金额,放款日,现到期日,贷款种类Y
L1,C1,001,105000,200000,20240101,20270101,x
L2,C2,001,abc,200000,20240101,20270101,x
"""


@pytest.fixture
def open_with_upload(no_book, open_page):
    def open_with(name: str, content: str, lang: str = "en"):
        app = open_page("import_files", lang)
        app.file_uploader[0].upload(name, content.encode("utf-8")).run()
        return app

    return open_with


def _shown_tables(app) -> list:
    return [table.value for table in app.dataframe]


def test_without_a_book_the_page_asks_for_files(no_book, open_page):
    app = open_page("import_files", "zh")
    assert "一、选择文件" in [heading.value for heading in app.subheader]
    assert not app.button


def test_a_date_is_asked_for(open_with_upload):
    assert "Choose the snapshot date" in open_with_upload("loans.csv", FILE).info[0].value


def test_a_rehearsal_writes_nothing(open_with_upload, no_book: Path):
    app = open_with_upload("loans.csv", FILE)
    app.date_input[0].set_value(date(2026, 10, 31)).run()
    assert not app.exception
    assert not no_book.exists()
    assert any("will be quarantined" in said.value for said in app.markdown)
    assert app.button[0].label == "Load 1 row"


SERIES = """[[files]]
name = "tape"
table = "loans"
headers = ["Loan", "Month"]
many_days = true
day = "last"
[files.fields]
loan_id = "Loan"
balance = "UPB"
"snapshots.snapshot_date" = "Month"
"""


TAPE = b"Loan,Month,UPB\nL1,202401,10\nL1,202402,9\nL2,,9\n"


def test_a_file_with_many_days_needs_no_day(no_book, open_page):
    app = open_page("import_files", "en")
    app.file_uploader[0].upload("tape.csv", TAPE)
    app.file_uploader[0].upload("tape.toml", SERIES.encode()).run()
    assert not app.exception
    assert not app.info
    assert app.date_input[0].label == "Only this date of the file (empty: all of them)"
    assert app.button(key="import_load").label == "Load 2 rows"
    app.date_input[0].set_value(date(2024, 2, 29)).run()
    assert app.button(key="import_load").label == "Load 1 row"


@pytest.mark.parametrize(("lang", "said"), [("en", "**2** snapshots"), ("zh", "共 **2** 个时点")])
def test_the_outcome_names_the_snapshots(no_book: Path, open_page, tmp_path: Path, lang: str, said: str):
    (tmp_path / "tape.csv").write_bytes(TAPE)
    (tmp_path / "tape.toml").write_text(SERIES, encoding="utf-8")
    series = snapshot_series.import_series([tmp_path / "tape.csv"], no_book, str(tmp_path / "tape.toml"))
    app = open_page("import_files", lang)
    job = background_jobs.Job(result=series)
    job.done.set()
    app.session_state["import_job"] = job
    app.run()
    assert not app.exception
    assert any(said in text.value for text in app.markdown)


def test_a_question_is_asked_before_anything_can_be_loaded(open_with_upload, no_book: Path):
    text = "借据号,贷款余额,放款日\nL1,5,2024-03-04\nL2,6,3/14/2024\nL3,7,2024-05-03\nL4,8,4/25/2024\n"
    app = open_with_upload("loans.csv", text)
    app.date_input[0].set_value(date(2026, 10, 31)).run()
    assert not app.exception
    assert "a spreadsheet may have taken day for month" in app.warning[0].value
    assert app.radio[0].value is None and not app.button
    app.radio[0].set_value("swapped").run()
    assert app.button[0].label == "Load 4 rows"
    assert not no_book.exists()


def test_a_file_that_cannot_be_read_is_one_plain_message(open_with_upload):
    app = open_with_upload("loans.xlsx", "PK\x03\x04 this is no workbook")
    assert not app.exception
    assert app.error[0].value == "These files cannot be loaded"
    assert "loans.xlsx" in app.code[0].value


def test_the_table_can_be_put_right(open_with_upload):
    app = open_with_upload("loans.csv", FILE)
    choice = next(box for box in app.selectbox if box.label == "Table")
    assert choice.value == "loans"
    choice.set_value("guarantees").run()
    assert not app.exception
    assert next(box for box in app.selectbox if box.label == "Table").value == "guarantees"


def test_faults_of_the_data_stand_apart_with_their_rows(seven_loan_book, open_page):
    app = open_page("import_files", "en")
    assert not app.exception
    assert "Data quality" in [heading.value for heading in app.subheader]
    found = next(table for table in _shown_tables(app) if "remedy" in table.columns)
    assert len(found) > 0 and set(found["severity"]) <= {"Error", "Warning", "Note"}
    assert any("checks have findings" in said.value for said in app.caption)
    assert any(said.value.startswith(("Checked at", "This snapshot has not been checked")) for said in app.caption)


RECORDED_TABLES = ("violations", "run_counts", "metric_values", "quality_counts", "violation_lives", "violation_cubes")


def _read_recorded(path: Path) -> dict[str, list[tuple]]:
    with book.open_for_reading(path) as con:
        return {name: con.execute(f'FROM "{name}" ORDER BY ALL').fetchall() for name in RECORDED_TABLES}


def test_a_check_from_the_page_records_what_the_command_line_records(seven_loan_book: Path, tmp_path, monkeypatch):
    """AppTest opens a page anew at every run, so that the click on the button would be lost: its work is called."""
    by_page, by_command = (shutil.copy(seven_loan_book, tmp_path / name) for name in ("page.duckdb", "command.duckdb"))
    monkeypatch.setenv("LOANLIGHT_BOOK", str(by_page))
    check.run_check(SNAPSHOT_DATE, snapshot_check.load_policy())
    assert main(["check", "--book", str(by_command), "--as-of", SNAPSHOT_DATE.isoformat()]) == 0
    found = _read_recorded(by_page)
    assert found == _read_recorded(by_command)
    assert found["metric_values"] and found["quality_counts"] and found["violations"]


@pytest.mark.parametrize(("lang", "label", "said"), [("en", "Withdraw", "withdrawn"), ("zh", "撤回", "撤回")])
def test_a_batch_can_be_withdrawn_and_is_shown_so(no_book, tmp_path, open_page, lang, label, said):
    """AppTest opens a page anew at every run, so that the click on the button would be lost: its work is called."""
    file = tmp_path / "loans.csv"
    file.write_text("借据号,贷款余额（元）\nL1,100\n", encoding="utf-8")
    report = pipeline.import_files([file], date(2062, 10, 31), no_book)
    app = open_page("import_files", lang)
    app.selectbox(key="withdraw_batch").set_value(report.batch).run()
    assert not app.exception and label in app.button(key="withdraw_now").label
    withdrawal.withdraw_batch(no_book, report.batch)
    app = open_page("import_files", lang)
    assert not app.exception and said in str(_shown_tables(app)[0]).lower()
    assert not app.selectbox(key="withdraw_batch").options
