"""What a branch manager does: the health of the bank, a click on a bar, the loans behind it, the own branch."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from data.demo import generator
from data.queries import composition
from data.storage import book


@pytest.fixture(scope="module")
def demo_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("health") / "book.duckdb"
    generator.build_book(path, 300, 3)
    return path


def _wait_until_settled(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def test_the_default_page_answers_to_its_own_address(tmp_path: Path, serve, page: Page, external_requests: list[str]):
    with book.open_for_writing(tmp_path / "book.duckdb"):
        pass
    url = serve(tmp_path / "book.duckdb")
    page.goto(f"{url}/?lang=en")
    expect(page.get_by_role("heading", name="Portfolio health")).to_be_visible()
    page.goto(f"{url}/portfolio_health?lang=zh&by=section")
    expect(page.get_by_role("heading", name="资产质量")).to_be_visible()
    _wait_until_settled(page)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    page.wait_for_url("**by=section*")


@pytest.mark.long
def test_a_bar_leads_to_its_loans_and_its_own_address_works(
    demo_book: Path, serve, page: Page, external_requests: list[str]
):
    with book.open_for_reading(demo_book) as cursor:
        ((day,),) = cursor.execute("SELECT max(as_of) FROM summary_cells").fetchall()
        classes = composition.sum_by_dimension(cursor, day, "CNY", None, ()).filter(dimension="classification")
        normal = classes.filter(value="normal")["loans"][0]
    url = serve(demo_book)
    page.goto(f"{url}/?lang=en")
    expect(page.get_by_role("heading", name="Portfolio health")).to_be_visible()
    _wait_until_settled(page)

    # The warm server: the page's own address, with choices in it, leads to the page and keeps them.
    page.goto(f"{url}/portfolio_health?lang=en&by=section")
    expect(page.get_by_text("Underlying loans")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    page.wait_for_url("**by=section*")
    _wait_until_settled(page)

    chart = page.locator('[data-testid="stVegaLiteChart"][aria-label^="Five-category class"]')
    chart.scroll_into_view_if_needed()
    page.wait_for_timeout(2000)
    box = chart.bounding_box()
    page.mouse.click(box["x"] + 0.35 * box["width"], box["y"] + 18)
    page.wait_for_url("**classification=normal*")
    expect(page.get_by_text(re.compile(rf"^Loans: {normal}, balance"))).to_be_visible()
    page.get_by_role("button", name="✕ Five-category class: Normal").click()
    expect(page.get_by_text("Click a bar or a row to filter")).to_be_visible()
    assert "classification" not in page.url
