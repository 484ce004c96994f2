"""Rows kept back, taken away as a workbook, mended there, and loaded again."""

from datetime import date
from io import BytesIO
from pathlib import Path

import openpyxl

from data.ingest import pipeline, quarantine, quarantine_workbook
from data.storage import book

SNAPSHOT_DATE = date(2026, 10, 31)
FILE = """贷款台账 单位：万元,,,,,,,
借据号,客户编号,机构号,贷款余额,贷款金额,放款日,现到期日,备注
L1,C1,001,10.5,20,20240101,20270101,
L2,C2,001,abc,20,20240101,20270101,=危险
L3,C3,001,7,20,20240101,20270101,
"""


def _import_with_quarantine(folder: Path) -> tuple[Path, bytes]:
    file, path = folder / "台账.csv", folder / "book.duckdb"
    file.write_text(FILE, encoding="utf-8")
    assert pipeline.import_files([file], SNAPSHOT_DATE, path).quarantined == 1
    with book.open_for_reading(path) as con:
        return path, quarantine_workbook.render_xlsx(quarantine.load_rows(con))


def _read_balances(path: Path) -> dict[str, str]:
    with book.open_for_reading(path) as con:
        found = con.execute("SELECT loan_id, balance FROM loans WHERE row_valid_to IS NULL ORDER BY loan_id").fetchall()
    return {loan: str(balance) for loan, balance in found}


def test_each_row_stands_beside_its_reason(tmp_path):
    _, content = _import_with_quarantine(tmp_path)
    rows = list(openpyxl.load_workbook(BytesIO(content)).active.iter_rows(values_only=True))
    assert rows[0][:4] == quarantine_workbook.REASON_COLUMNS
    assert "abc" in rows[1][0]
    assert rows[1][1:4] == ("balance", "台账.csv", "4")
    assert rows[0][7] == "贷款余额(万元)", "the unit of the title goes along"
    assert rows[1][11] == "=危险", "text, not a formula"


def test_mended_rows_load_as_they_are(tmp_path):
    path, content = _import_with_quarantine(tmp_path)
    workbook = openpyxl.load_workbook(BytesIO(content))
    workbook.active["H2"] = "8.25"
    mended = tmp_path / "mended.xlsx"
    workbook.save(mended)
    report = pipeline.import_files([mended], SNAPSHOT_DATE, path, scope="partial")
    assert (report.loaded > 0, report.quarantined) == (True, 0)
    assert _read_balances(path) == {"L1": "105000.00", "L2": "82500.00", "L3": "70000.00"}


def test_a_rehearsal_writes_nothing_and_says_what_the_import_says(tmp_path):
    file, path = tmp_path / "台账.csv", tmp_path / "book.duckdb"
    file.write_text(FILE, encoding="utf-8")
    rehearsed, kept_back = pipeline.simulate_import([file], SNAPSHOT_DATE)
    assert not path.exists()
    assert kept_back["row_number"].to_list() == [4]
    steps = []
    report = pipeline.import_files([file], SNAPSHOT_DATE, path, on_step=steps.append)
    assert rehearsed.sum_by_table() == report.sum_by_table()
    assert tuple(steps) == pipeline.STEPS
