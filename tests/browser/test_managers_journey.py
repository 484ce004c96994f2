"""What a head of department does: managers, one of them, the needs, a session's effect, warnings, a circle drawn."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from data.storage import book
from tests.browser.tour import wait_until_settled


@pytest.fixture
def expected_figures(demo_book: Path) -> dict[str, str]:
    """The manager with the largest book, and how many loans are on the watch list."""
    with book.open_for_reading(demo_book) as cursor:
        officer, loans = cursor.execute(
            """SELECT officer_id, count(*) FROM facts_loan JOIN (SELECT max(as_of) AS as_of FROM facts_loan) USING (as_of)
               WHERE is_running AND officer_id IS NOT NULL GROUP BY 1 ORDER BY sum(balance) DESC, 1 LIMIT 1"""
        ).fetchall()[0]
    return {"officer": officer, "loans": str(loans)}


def pick_first_row(page: Page) -> None:
    """Tables are drawn on a canvas: the box of the first row stands left, under the header."""
    wait_until_settled(page)
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(700)
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 52)


@pytest.mark.long
def test_from_a_manager_to_the_circle(
    demo_book: Path, serve, page: Page, external_requests: list[str], expected_figures
):
    url = serve(demo_book)
    page.goto(f"{url}/account_managers?lang=en")
    expect(page.get_by_text("Managers’ portfolios")).to_be_visible()
    pick_first_row(page)
    page.wait_for_url(f"**officer={expected_figures['officer']}*")
    expect(page.get_by_text(f"this manager: {expected_figures['loans']} loans")).to_be_visible()
    expect(page.locator('[aria-label^="Dot plot"]')).to_be_visible()

    page.get_by_test_id("stMain").get_by_role("link", name="Training").click()
    page.get_by_text("Before and after", exact=True).click()
    page.wait_for_url("**show=effect*")
    # Only two snapshots are checked, both after the sessions or around the last: the page says which, and what to run.
    expect(page.get_by_text(re.compile("^Snapshots checked against the same policy"))).to_be_visible()
    expect(page.get_by_text("python -m policy check --all").or_(page.get_by_text("Observational"))).to_be_visible()

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Early warning").click()
    expect(page.get_by_text("Loans on the list")).to_be_visible()
    page.get_by_text("By borrower", exact=True).click()
    page.wait_for_url("**by=borrower*")

    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Connected parties").click()
    expect(page.get_by_text("Arrows point from guarantor")).to_be_visible()
    expect(page.locator('[aria-label^="Graph of a"]')).to_be_visible()
    assert page.get_by_test_id("stException").count() == 0
