"""What a risk officer does in a real browser: pick a view, filter, save it, group, follow, take the documents away."""

import shutil
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from data.storage import book, saved_views
from policy.runs import snapshot_check
from policy.violations import lifecycle
from tests.pages.seven_loan_book import EARLIER_DATE, SNAPSHOT_DATE, copy_unchecked_book


@pytest.fixture(scope="session")
def tracked_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = copy_unchecked_book(tmp_path_factory)
    with book.open_for_writing(path) as con:
        for day in (EARLIER_DATE, SNAPSHOT_DATE):
            lifecycle.record_lifecycle(
                con, snapshot_check.judge_snapshot(con, snapshot_check.load_policy(), day).run_id
            )
    return path


def _wait_until_settled(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.wait_for_timeout(300)


@pytest.mark.long
def test_a_view_is_saved_and_taken_and_the_documents_come(
    tracked_book: Path, serve, page: Page, external_requests, tmp_path: Path
):
    path = tmp_path / "book.duckdb"
    shutil.copyfile(tracked_book, path)
    page.goto(f"{serve(path)}/violations?lang=en&branch_id=002&family=extension")
    expect(page.get_by_text("Compare with")).to_be_visible()
    _wait_until_settled(page)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_label("Save these filters as").fill("West extensions")
    page.get_by_label("Save these filters as").press("Enter")
    _wait_until_settled(page)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("View saved.")).to_be_visible()
    [kept] = saved_views.load_saved_views(path)
    assert kept.choices == "branch_id=002&family=extension"

    page.goto(f"{page.url.split('?')[0]}?lang=en")
    _wait_until_settled(page)
    page.get_by_role("button", name="Saved views").click()
    page.get_by_role("combobox", name="Open a saved view").click()
    page.get_by_role("option", name="West extensions").click()
    page.wait_for_url("**branch_id=002*")
    _wait_until_settled(page)
    page.keyboard.press("Escape")
    _wait_until_settled(page)
    page.get_by_role("radio", name="Trend and movement").click()
    expect(page.get_by_text("Movement from 30 Sep 2026 to 31 Oct 2026")).to_be_visible()
    page.wait_for_url("**show=trend*")
    _wait_until_settled(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download Excel").click()
    waiting.value.save_as(tmp_path / "list.xlsx")
    assert len(openpyxl.load_workbook(tmp_path / "list.xlsx").sheetnames) == 7
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Board report").click()
    waiting.value.save_as(tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    assert page.get_by_test_id("stException").count() == 0
