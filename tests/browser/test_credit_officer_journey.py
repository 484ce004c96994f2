"""A credit officer: finds a loan, reads its frontier, keeps variants, takes the decision sheet; then a file of them."""

import contextlib
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from data.ingest import pipeline
from data.storage import book
from policy.extensions import extension_decision
from policy.extensions.extension_decision import Request
from policy.runs import snapshot_check

HEADER = (
    "loan_id,contract_no,borrower_id,客户名称,branch_id,branch_name,officer_id,product_code,principal,"
    "balance,currency,disbursed_on,original_maturity,current_maturity,extension_count,guarantee_type,status,"
    "classification,days_past_due"
)
ROWS = (
    "J001,CJ1,BJ1,样例·甲公司,001,城东支行,O1,working_capital,900000,900000,CNY,2025-12-10,2026-12-10,2026-12-10,0,credit,"
    "normal,normal,0",
    "J002,CJ2,BJ2,样例·乙公司,002,城西支行,O2,working_capital,500000,500000,CNY,2025-12-20,2026-12-20,2026-12-20,0,credit,"
    "normal,normal,0",
)
SNAPSHOT_DATE = date(2026, 10, 31)
CLICK_ATTEMPTS = 6


@pytest.fixture(scope="module")
def imported_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imported")
    path, file = folder / "book.duckdb", folder / "loans.csv"
    file.write_text("\n".join((HEADER, *ROWS)) + "\n", encoding="utf-8")
    pipeline.import_files([file], SNAPSHOT_DATE, path)
    return path


def _wait_until_settled(page: Page) -> None:
    page.wait_for_timeout(400)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()


def _pick_first_row(page: Page) -> None:
    """Tables are drawn on a canvas: the box of the first row stands left, under the header."""
    _wait_until_settled(page)  # a run that is under way may replace the table
    table = page.get_by_test_id("stDataFrame").first
    table.scroll_into_view_if_needed()
    page.wait_for_timeout(700)
    box = table.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 52)


def _click_frontier(page: Page, across: float, down: float) -> None:
    _wait_until_settled(page)
    plane = page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first
    plane.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    box = plane.bounding_box()
    page.mouse.click(box["x"] + box["width"] * across, box["y"] + box["height"] * down)


def _click_frontier_until_the_address_changes(page: Page, before: str) -> None:
    """A click is lost while the browser is still drawing the cells; a person would click again."""
    for _ in range(CLICK_ATTEMPTS):
        _click_frontier(page, 0.3, 0.3)
        with contextlib.suppress(PlaywrightTimeoutError):
            page.wait_for_function("old => location.href !== old", arg=before, timeout=10_000)
            return
    raise AssertionError(f"no click on the frontier changed the address in {CLICK_ATTEMPTS} attempts")


def test_search_variants_decision_sheet(
    imported_book: Path, serve, page: Page, external_requests: list[str], tmp_path: Path
):
    page.goto(f"{serve(imported_book)}/extension_what_if?lang=en&consent=all")
    search = page.get_by_label("Note no., contract no. or borrower")
    search.fill("甲公司")
    search.press("Enter")
    expect(page.get_by_text("1 found")).to_be_visible()
    _pick_first_row(page)
    page.wait_for_url("**loan=J001*")
    expect(page.get_by_role("heading", name="Results by rule")).to_be_visible()

    page.get_by_role("button", name="Save this request as a variant").click()
    page.wait_for_url("**variant=*")
    _wait_until_settled(page)
    before = page.url
    _click_frontier_until_the_address_changes(page, before)
    _wait_until_settled(page)
    choices = dict(part.split("=") for part in page.url.partition("?")[2].split("&") if "variant" not in part)
    asked = Request("J001", date.fromisoformat(choices["applied"]), date.fromisoformat(choices["to"]), "all")
    assert date(2026, 12, 10) < asked.requested_maturity
    assert SNAPSHOT_DATE <= asked.application_date <= date(2026, 12, 10) + timedelta(30)
    with book.open_for_reading(imported_book) as cursor:
        decision = extension_decision.judge_request(cursor, snapshot_check.load_policy(), SNAPSHOT_DATE, asked)
    word = {"allowed": "is permitted", "blocked": "is not permitted", "not_assessable": "Not assessable"}[
        decision.verdict
    ]
    expect(page.get_by_test_id("stAlert").filter(has_text=word).first).to_be_visible()

    page.get_by_role("button", name="Save this request as a variant").click()
    expect(page.get_by_text("Variant 2:")).to_be_visible()
    assert page.url.count("variant=") == 2

    for label in ("Decision sheet (Chinese)", "Decision sheet (English)"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=label).click()
        waiting.value.save_as(tmp_path / "sheet.pdf")
        assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF")
    page.get_by_role("link", name="Open this loan").click()
    expect(page.get_by_role("heading", name="Lending process")).to_be_visible()
    assert "loan=J001" in page.url


def test_a_file_of_requests(imported_book: Path, serve, page: Page, external_requests: list[str], tmp_path: Path):
    file = tmp_path / "requests.csv"
    file.write_text(
        "借据号,申请日期,申请到期日,担保人同意\nJ001,2026-11-01,2027-06-10,all\nJ002,2026-11-01,someday,all\n"
        "J404,2026-11-01,2027-06-10,all\n",
        encoding="gb18030",
    )
    page.goto(f"{serve(imported_book)}/extension_what_if?lang=en&way=many")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.get_by_text("2 rows were not assessed")).to_be_visible()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download decisions").click()
    waiting.value.save_as(tmp_path / "decisions.xlsx")
    _, decided, bad = openpyxl.load_workbook(tmp_path / "decisions.xlsx").worksheets
    assert [row[1].value for row in decided.iter_rows(min_row=2)] == ["J001"]
    assert {row[1].value: row[4].value for row in bad.iter_rows(min_row=2)} == {
        "J002": "Not a valid date (use YYYY-MM-DD, for example 2026-01-31)",
        "J404": "No such loan in this snapshot",
    }
