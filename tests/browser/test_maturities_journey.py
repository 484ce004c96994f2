"""What a branch manager does on a Monday, in a real browser: the calendar, a day's loans, the notices to print."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.pages.seven_loan_book import copy_checked_book

WIDTH_OF_A_DAY, HEADER, WEEK = 1 / 7, 24, 74


@pytest.fixture(scope="module")
def book_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_checked_book(tmp_path_factory)


def _wait_until_settled(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def _click_day(page: Page, week: int, weekday: int) -> None:
    """The calendar is drawn on a canvas: weeks down, from Monday across."""
    box = page.get_by_test_id("stVegaLiteChart").first.bounding_box()
    page.mouse.click(
        box["x"] + box["width"] * (weekday + 0.5) * WIDTH_OF_A_DAY, box["y"] + HEADER + WEEK * (week + 0.5)
    )


@pytest.mark.long
def test_calendar_day_notices_duties(book_path: Path, serve, page: Page, external_requests: list[str], tmp_path: Path):
    page.goto(f"{serve(book_path)}/upcoming_maturities?lang=en")
    expect(page.get_by_role("button", name="Next month")).to_be_enabled()
    canvas = page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first
    expect(canvas).to_be_visible()
    _wait_until_settled(page)
    page.wait_for_timeout(1_000)
    _click_day(page, week=1, weekday=3)
    page.wait_for_url("**day=2026-11-05*")
    expect(page.get_by_text("Loans: 1. Extension application deadline passed: 1")).to_be_visible()

    page.get_by_role("button", name=re.compile("Create maturity notices")).click()
    take = page.get_by_role("button", name=re.compile("loans: 1, copies: 4"))
    expect(take).to_be_visible()
    with page.expect_download() as waiting:
        take.click()
    waiting.value.save_as(tmp_path / "notices.pdf")
    assert waiting.value.suggested_filename == "maturity-notices-2026-10-31.pdf"
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", (tmp_path / "notices.pdf").read_bytes())) == 4

    page.get_by_text("Collection notice", exact=True).click()
    page.get_by_role("button", name=re.compile("Create collection notices")).click()
    expect(page.get_by_text("1 loan is not in arrears")).to_be_visible()

    page.get_by_text("Tasks this week", exact=True).click()
    page.wait_for_url("**show=duties*")
    expect(page.get_by_text("Tasks are listed under the last working day")).to_be_visible()
    expect(page.get_by_text("31 Oct 2026 to 8 Nov 2026")).to_be_visible()
    _wait_until_settled(page)
    assert page.get_by_test_id("stException").count() == 0
