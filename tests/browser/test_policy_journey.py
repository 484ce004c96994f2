"""What a policy owner does, in a real browser: edit a ratio in place, read its impact, draw the curve, download it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from policy.authoring import version_diff
from policy.model import table_folder
from tests.pages.seven_loan_book import copy_checked_book


@pytest.fixture
def book_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seven loans of the page tests, checked: their share of bad loans is far above its limit."""
    return copy_checked_book(tmp_path_factory)


def _wait_until_settled(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def _type_into_first_limit(page: Page, text: str) -> None:
    """Tables are drawn on a canvas: row number, for whom it answers, then the limit."""
    _wait_until_settled(page)
    table = page.get_by_test_id("stDataFrame").first
    page.wait_for_timeout(700)
    box = table.bounding_box()
    page.mouse.dblclick(box["x"] + 350, box["y"] + 52)
    editor = page.locator("#portal textarea, #portal input").first
    editor.wait_for()
    editor.fill(text)
    page.keyboard.press("Enter")


def test_edit_a_ratio_read_its_impact_and_take_it_away(
    book_path: Path, serve, page: Page, external_requests, tmp_path: Path
):
    before = table_folder.read_texts(table_folder.SHIPPED_TABLES)
    page.goto(f"{serve(book_path)}/policy_tables?lang=en&view=limits&table=npl_limits")
    expect(page.get_by_role("heading", name="Policy", exact=True)).to_be_visible()
    _type_into_first_limit(page, "9.9")
    expect(page.get_by_text("Validation found 1 error and 0 warnings")).to_be_visible()
    expect(page.get_by_text("Correct the errors above")).to_be_visible()
    _type_into_first_limit(page, "0.99")
    expect(page.get_by_text("Validated: no errors found.")).to_be_visible()
    removed = page.get_by_test_id("stMetric").filter(has_text="Violations removed")
    expect(removed.get_by_text("1", exact=True)).to_be_visible()

    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download npl_limits.csv").click()
    waiting.value.save_as(tmp_path / "npl_limits.csv")
    name = "limits/npl_limits.csv"
    found = version_diff.find_changes(before, before | {name: (tmp_path / "npl_limits.csv").read_text("utf-8-sig")})
    assert [(one.key, one.cells) for one in found] == [((name, "NL-1"), {"max_ratio": ("0.05", "0.99")})]
    assert table_folder.read_texts(table_folder.SHIPPED_TABLES) == before  # the tables in force are never written

    page.get_by_role("button", name="Show the curve").click()
    expect(page.get_by_text("Current: Non-performing balance")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart").last).to_be_visible()
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_text("Double-click a cell")).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
