"""What a loan officer does, in a real browser: import, check, look, filter, see the evidence, try an extension."""

import json
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from data.storage import book
from pages.ui.app import page_frame

ROOT = Path(__file__).parents[2]
HEADER = (
    "loan_id,contract_no,borrower_id,branch_id,branch_name,officer_id,product_code,principal,balance,currency,"
    "disbursed_on,original_maturity,current_maturity,extension_count,guarantee_type,status,classification,"
    "days_past_due,collateral_type,appraised_value,valuation_date"
)
ROWS = (
    "J001,CJ1,BJ1,001,城东支行,O1,working_capital,900000,900000,CNY,2025-12-10,2026-12-10,2026-12-10,0,mortgage,normal,"
    "normal,0,residential_property,1000000,2026-06-30",
    "J002,CJ2,BJ2,002,城西支行,O2,working_capital,500000,500000,CNY,2025-12-10,2026-12-10,2026-12-10,0,credit,normal,"
    "normal,0,,,",
    "J003,CJ3,BJ3,002,城西支行,O2,working_capital,500000,oops,CNY,2025-12-10,2026-12-10,2026-12-10,0,credit,normal,"
    "normal,0,,,",
)


def _run_command(*command: str, path: Path) -> dict:
    done = subprocess.run(
        [sys.executable, "-m", *command, "--book", str(path), "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def checked_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three rows imported by the command line, one of them broken, and checked."""
    folder = tmp_path_factory.mktemp("checked")
    path, file = folder / "book.duckdb", folder / "loans.csv"
    file.write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    report = _run_command("data", "import", str(file), "--as-of", "2026-10-31", path=path)
    assert report["tables"]["loans"]["quarantined"] == 1
    _run_command("policy", "check", path=path)
    return path


def _wait_until_settled(page: Page) -> None:
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def test_import_violations_evidence_what_if(checked_book: Path, serve, page: Page, external_requests: list[str]):
    with book.open_for_reading(checked_book) as cursor:
        total = cursor.execute("SELECT count(*) FROM violations").fetchone()[0]
    url = serve(checked_book)
    page.goto(url)
    expect(page.get_by_role("heading", name="Portfolio health")).to_be_visible()
    expect(page.get_by_text("3 rows read = 2 checked + 1 quarantined")).to_be_visible()

    page.get_by_role("link", name="Violations").click()
    expect(page.get_by_text(f"Violations: {total}")).to_be_visible()
    page.get_by_role("combobox", name="Family").click()
    page.get_by_role("option", name="Collateral (1)").click()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Violations: 1")).to_be_visible()
    page.wait_for_url("**/violations?*family=collateral*")

    _pick_first_row(page)
    expect(page.get_by_text("≤ 700,000.00")).to_be_visible()
    expect(page.get_by_test_id("stText").get_by_text("900,000.00", exact=True)).to_be_visible()
    page.wait_for_url("**violation=*")

    page.get_by_test_id("stMain").get_by_role("link", name="Extension what-if").click()
    expect(page.get_by_text("Latest permitted maturity").first).to_be_visible()
    expect(page.get_by_text("10 Dec 2027").first).to_be_visible()
    page.get_by_test_id("stMain").get_by_text("None consent", exact=True).click()
    expect(page.get_by_text("The extension is not permitted")).to_be_visible()
    page.wait_for_url("**consent=none*")


def _pick_first_row(page: Page) -> None:
    """Tables are drawn on a canvas: the box of the first row stands left, under the header."""
    _wait_until_settled(page)
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(700)
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 52)


@pytest.mark.parametrize(
    ("path", "title"),
    [("extension_what_if?lang=en&loan=J002", "Extension what-if"), ("portfolio_health?lang=zh", "资产质量")],
)
def test_a_cold_deep_link_comes_in_by_the_dashboard(
    checked_book: Path, serve_anew, page: Page, external_requests, path: str, title: str
):
    """The first request a server ever gets, for a page: Streamlit would run the page's file and nothing else."""
    page.goto(f"{serve_anew(checked_book)}/{path}")
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    navigation = page.get_by_test_id("stSidebarNav")
    expect(navigation.get_by_role("link")).to_have_count(len(page_frame.PAGES))
    expect(page.get_by_text("语言 · Language")).to_be_visible()  # only the dashboard draws it
    expect(navigation.get_by_text("dashboard")).to_have_count(0)
    words = ("Portfolio health", "Violations") if "en" in path else ("资产质量", "违规清单")
    for word in words:
        expect(navigation.get_by_text(word, exact=True)).to_be_visible()
    _wait_until_settled(page)
    assert "lang=" in page.url
    assert page.get_by_test_id("stException").count() == 0


def test_a_link_shows_the_same_in_the_other_language(
    checked_book: Path, serve, page: Page, external_requests: list[str]
):
    url = serve(checked_book)
    page.goto(f"{url}/violations?lang=en&family=collateral")
    expect(page.get_by_text("Violations: 1")).to_be_visible()
    page.get_by_text("中文", exact=True).click()
    expect(page.get_by_text("违规 1 条")).to_be_visible()
    assert "family=collateral" in page.url
    page.get_by_role("link", name="到期安排").click()
    expect(page.get_by_role("heading", name="到期安排")).to_be_visible()
    page.wait_for_url("**/upcoming_maturities?*lang=zh*")


def test_the_download_is_written_in_the_language_that_is_on(
    checked_book: Path, serve, page: Page, external_requests: list[str], tmp_path
):
    page.goto(f"{serve(checked_book)}/violations?lang=en")
    expect(page.get_by_role("button", name="Download Excel")).to_be_enabled()
    _wait_until_settled(page)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download Excel").click()
    assert waiting.value.suggested_filename == "violations-2026-10-31.xlsx"
    waiting.value.save_as(tmp_path / "list.xlsx")
    cover, sheet, *_ = openpyxl.load_workbook(tmp_path / "list.xlsx").worksheets
    said = {row[0].value: row[1].value for row in cover.iter_rows(min_row=3)}
    assert said["As of"] == "31 Oct 2026"
    assert said["Rows"] == str(sheet.max_row - 1)
