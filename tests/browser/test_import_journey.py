"""What a data engineer does, in a real browser: upload, look at the mapping, load, mend the quarantine, load again."""

from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page, expect

from data.storage import book

LOAN_FILE = """贷款台账 单位：万元,,,,,,,
截至2026年10月31日,,,,,,,
借据号,客户编号,机构号,贷款余额,贷款金额,放款日,现到期日,贷款种类Y
L1,C1,001,10.5,20,20240101,20270101,甲
L2,C2,001,abc,20,20240101,20270101,甲
"""
IMPORT_BUTTON = '[data-testid="stButton"] button[kind="primary"]'


def _upload_and_import(page: Page, loan_file: Path) -> None:
    page.locator('input[type="file"]').first.set_input_files(loan_file)
    page.locator(IMPORT_BUTTON).wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.locator(IMPORT_BUTTON).click()


@pytest.fixture
def loan_file(tmp_path: Path) -> Path:
    path = tmp_path / "台账.csv"
    path.write_text(LOAN_FILE, encoding="gb18030")
    return path


def test_upload_mapping_quarantine_reload(
    tmp_path: Path, loan_file: Path, serve, page: Page, external_requests: list[str]
):
    path = tmp_path / "book.duckdb"
    page.goto(f"{serve(path)}/import_files?lang=en")
    _upload_and_import(page, loan_file)
    expect(page.get_by_text("Loaded as batch")).to_be_visible()
    with book.open_for_reading(path) as con:
        assert con.execute("SELECT loan_id, CAST(balance AS VARCHAR) FROM loans").fetchall() == [("L1", "105000.00")]

    with page.expect_download() as download:
        page.get_by_role("button", name="Download quarantined rows (XLSX)").click()
    mended = tmp_path / "mended.xlsx"
    download.value.save_as(mended)
    workbook = openpyxl.load_workbook(mended)
    headers = [cell.value for cell in workbook.active[1]]
    assert "abc" in workbook.active["A2"].value
    workbook.active.cell(2, headers.index("贷款余额(万元)") + 1).value = "8.25"
    workbook.save(mended)

    page.reload()
    page.locator('input[type="file"]').first.set_input_files(mended)
    page.get_by_role("spinbutton", name="year, Snapshot date of the files").click()
    page.keyboard.type("20261031")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="Loans that are not in the files").click()
    page.get_by_role("option", name="keep them (the files are only a part)").click()
    page.locator(IMPORT_BUTTON).wait_for()
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
    page.locator(IMPORT_BUTTON).click()
    expect(page.get_by_text("Loaded as batch")).to_be_visible()
    with book.open_for_reading(path) as con:
        found = con.execute(
            "SELECT loan_id, CAST(balance AS VARCHAR) FROM loans WHERE row_valid_to IS NULL ORDER BY ALL"
        ).fetchall()
    assert found == [("L1", "105000.00"), ("L2", "82500.00")]

    expect(page.get_by_text("This snapshot has not been checked.")).to_be_visible()
    page.get_by_role("button", name="Check 31 Oct 2026").click()
    expect(page.get_by_text("31 Oct 2026 has been checked:")).to_be_visible()
    expect(page.get_by_text("against the policy in force")).to_be_visible()
    with book.open_for_reading(path) as con:
        assert con.execute("SELECT count(*) FROM runs").fetchall() == [(1,)]
    expect(page.get_by_role("heading", name="Data quality")).to_be_visible()
    page.locator('[data-testid="stDataFrame"]').last.hover()
    expect(page.get_by_role("button", name="Search").last).to_be_visible()
    expect(page.get_by_role("button", name="Download as CSV")).to_have_count(0)
    assert external_requests == []
