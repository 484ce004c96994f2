"""What holds for any file: rows and balances reconcile, nothing is lost or invented, nothing crashes."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import fuzz
from data.errors import InputError
from data.ingest import pipeline, staging
from data.ingest.files import sheet_reading
from data.ingest.staging import StagedImport
from data.storage import book

AMOUNTS = {  # cell -> the amount it means, or None where it means none
    "1234.5": Decimal("1234.50"),
    "1,000": Decimal(1000),
    "￥7": Decimal(7),
    "2万": Decimal(20000),
    "(3.10)": Decimal("-3.10"),
    "": None,
    "—": None,
}
JUNK = ["abc", "1,23", "12x", "1.2.3"]
DATES = ["2024-01-31", "2024/1/31", "20240131", "2024年1月31日", "", "长期"]
amount_cells = st.sampled_from([*AMOUNTS, *JUNK])
free_texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
loan_rows = st.tuples(
    st.one_of(st.just(""), st.integers(1, 12).map(lambda n: f"L{n:03d}")),
    amount_cells,
    st.sampled_from([*DATES, "20240230", "24-1-31"]),
    st.sampled_from(["正常", "1-正常", "结清", "", "怪"]),
    free_texts,
)
non_loan_rows = st.sampled_from([("", "", "", "", ""), ("合计", "5", "", "", ""), ("制表人：甲", "", "", "", ""), None])
SNAPSHOT_DATE = date(2024, 3, 31)


HEADER = ("借据号", "贷款余额", "发放日期", "状态", "用途")
NON_DATA_MARKERS = ("合计", "制表人")


def encode_csv(rows: list[tuple[str, ...] | None], codec: str) -> bytes:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) if row else "" for row in [HEADER, *rows]]
    return ("\n".join(lines) + "\n").encode(codec)


def stage_file(content: bytes, name: str = "f.csv") -> StagedImport | None:
    """The file up to the book's door; None when it is refused."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        try:
            parts, _ = pipeline.read_sources([sheet_reading.load_file(file)], SNAPSHOT_DATE, None)
        except InputError:
            return None
    return staging.stage_sheets(parts, SNAPSHOT_DATE)


def is_reconciled(stage: StagedImport) -> bool:
    return all(count.rows_in == count.loaded + count.quarantined + count.ignored for count in stage.counts)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.one_of(loan_rows, loan_rows, non_loan_rows), min_size=1, max_size=30),
    codec=st.sampled_from(["utf-8", "gb18030"]),
)
def test_rows_and_balances_reconcile_for_any_mess(rows: list, codec: str) -> None:
    data = [
        row for row in rows if row and any(cell.strip() for cell in row) and not row[0].startswith(NON_DATA_MARKERS)
    ]
    furniture = sum(1 for row in rows if row and row[0].startswith(NON_DATA_MARKERS))
    parseable = [AMOUNTS[row[1]] for row in data if AMOUNTS.get(row[1]) is not None]
    stage = stage_file(encode_csv(rows, codec))
    if stage is None:
        assert not data
        return
    counts, loans, kept_back = stage.counts[0], stage.tables["loans"], stage.quarantine[0]
    assert is_reconciled(stage)
    assert (counts.rows_in, counts.ignored) == (len(data) + furniture, furniture)
    assert counts.balance_in == sum(parseable, Decimal(0))
    assert (counts.loaded, counts.balance_loaded) == (len(loans), loans["balance"].sum())
    assert loans["loan_id"].n_unique() == len(loans)
    assert kept_back["row_number"].n_unique() == len(kept_back) == counts.quarantined
    assert {*loans["source_row"]}.isdisjoint(kept_back["row_number"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(loan_rows, min_size=1, max_size=10))
def test_the_book_holds_what_the_report_says(rows: list) -> None:
    with TemporaryDirectory() as folder:
        file, path = Path(folder) / "f.csv", Path(folder) / "b.duckdb"
        file.write_bytes(encode_csv([*rows, ("L999", "1", "", "正常", "")], "utf-8"))
        counts = pipeline.import_files([file], SNAPSHOT_DATE, path).sum_by_table()["loans"]
        with book.open_for_reading(path) as con:
            held = con.execute("SELECT count(*), coalesce(sum(balance), 0) FROM loans").fetchone()
            kept_back = con.execute("SELECT count(*) FROM quarantine").fetchone()
    assert held == (counts["loaded"], counts["balance_loaded"])
    assert kept_back == (counts["quarantined"],)


def test_mutated_files_are_read_or_refused() -> None:
    """The small form of python -m benchmarks.fuzz."""
    counts, wrong = fuzz.fuzz_files(range(150), seed=20261123)
    assert wrong == []
    assert counts["rows in"] == counts["loaded"] + counts["quarantined"] + counts["ignored"] > 1000
    assert min(counts[f"{kind} {state}"] for kind in fuzz.FILE_KINDS for state in ("read", "refused")) > 5
    assert not any(name.endswith("crashed") for name in counts)


def test_what_the_fuzz_looks_for_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is dropped, a balance that is lost, and an error that is no message are each told."""
    file = fuzz.FuzzFile("f.csv", encode_csv([("L1", "5", "", "正常", ""), ("L2", "6", "", "正常", "")], "utf-8"), 2)
    assert fuzz.check_file(file, tmp_path)[:2] == ("read", [])
    assert fuzz.check_file(replace(file, rows=3), tmp_path)[1] == ["2 rows in, the file has 3"]
    whole = staging.stage_sheets

    def losing(parts: list, as_of: date) -> StagedImport:
        stage = whole(parts, as_of)
        stage.tables["loans"] = stage.tables["loans"][1:]
        stage.counts[0].loaded -= 1
        return stage

    monkeypatch.setattr(staging, "stage_sheets", losing)
    assert len(fuzz.check_file(file, tmp_path)[1]) == 2
    monkeypatch.setattr(staging, "stage_sheets", lambda *_: 1 / 0)
    state, wrong = fuzz.check_file(file, tmp_path)[:2]
    assert state == "crashed" and "ZeroDivisionError" in wrong[0]
