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
from data.ingest.staging import Stage
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
cells = st.sampled_from([*AMOUNTS, *JUNK])
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
loan = st.tuples(
    st.one_of(st.just(""), st.integers(1, 12).map(lambda n: f"L{n:03d}")),
    cells,
    st.sampled_from([*DATES, "20240230", "24-1-31"]),
    st.sampled_from(["正常", "1-正常", "结清", "", "怪"]),
    texts,
)
other = st.sampled_from([("", "", "", "", ""), ("合计", "5", "", "", ""), ("制表人：甲", "", "", "", ""), None])
AS_OF = date(2024, 3, 31)


HEADER = ("借据号", "贷款余额", "发放日期", "状态", "用途")
FURNITURE = ("合计", "制表人")


def written(rows: list[tuple[str, ...] | None], codec: str) -> bytes:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) if row else "" for row in [HEADER, *rows]]
    return ("\n".join(lines) + "\n").encode(codec)


def staged(content: bytes, name: str = "f.csv") -> Stage | None:
    """The file up to the book's door; None when it is refused."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        try:
            parts, _ = pipeline.read([sheet_reading.load(file)], AS_OF, None)
        except InputError:
            return None
    return staging.stage(parts, AS_OF)


def reconciles(stage: Stage) -> bool:
    return all(count.rows_in == count.loaded + count.quarantined + count.ignored for count in stage.counts)


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.one_of(loan, loan, other), min_size=1, max_size=30), codec=st.sampled_from(["utf-8", "gb18030"])
)
def test_rows_and_balances_reconcile_for_any_mess(rows: list, codec: str) -> None:
    data = [row for row in rows if row and any(cell.strip() for cell in row) and not row[0].startswith(FURNITURE)]
    furniture = sum(1 for row in rows if row and row[0].startswith(FURNITURE))
    parseable = [AMOUNTS[row[1]] for row in data if AMOUNTS.get(row[1]) is not None]
    stage = staged(written(rows, codec))
    if stage is None:
        assert not data
        return
    counts, loans, kept_back = stage.counts[0], stage.tables["loans"], stage.quarantine[0]
    assert reconciles(stage)
    assert (counts.rows_in, counts.ignored) == (len(data) + furniture, furniture)
    assert counts.balance_in == sum(parseable, Decimal(0))
    assert (counts.loaded, counts.balance_loaded) == (len(loans), loans["balance"].sum())
    assert loans["loan_id"].n_unique() == len(loans)
    assert kept_back["row_number"].n_unique() == len(kept_back) == counts.quarantined
    assert {*loans["source_row"]}.isdisjoint(kept_back["row_number"])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(loan, min_size=1, max_size=10))
def test_the_book_holds_what_the_report_says(rows: list) -> None:
    with TemporaryDirectory() as folder:
        file, path = Path(folder) / "f.csv", Path(folder) / "b.duckdb"
        file.write_bytes(written([*rows, ("L999", "1", "", "正常", "")], "utf-8"))
        counts = pipeline.import_files([file], AS_OF, path).tables()["loans"]
        with book.reading(path) as con:
            held = con.execute("SELECT count(*), coalesce(sum(balance), 0) FROM loans").fetchone()
            kept_back = con.execute("SELECT count(*) FROM quarantine").fetchone()
    assert held == (counts["loaded"], counts["balance_loaded"])
    assert kept_back == (counts["quarantined"],)


def test_mutated_files_are_read_or_refused() -> None:
    """The small form of python -m benchmarks.fuzz."""
    counts, wrong = fuzz.run(range(150), seed=20261123)
    assert wrong == []
    assert counts["rows in"] == counts["loaded"] + counts["quarantined"] + counts["ignored"] > 1000
    assert min(counts[f"{kind} {state}"] for kind in fuzz.KINDS for state in ("read", "refused")) > 5
    assert not any(name.endswith("crashed") for name in counts)


def test_what_the_fuzz_looks_for_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that is dropped, a balance that is lost, and an error that is no message are each told."""
    file = fuzz.File("f.csv", written([("L1", "5", "", "正常", ""), ("L2", "6", "", "正常", "")], "utf-8"), 2)
    assert fuzz.judge(file, tmp_path)[:2] == ("read", [])
    assert fuzz.judge(replace(file, rows=3), tmp_path)[1] == ["2 rows in, the file has 3"]
    whole = staging.stage

    def losing(parts: list, as_of: date) -> Stage:
        stage = whole(parts, as_of)
        stage.tables["loans"] = stage.tables["loans"][1:]
        stage.counts[0].loaded -= 1
        return stage

    monkeypatch.setattr(staging, "stage", losing)
    assert len(fuzz.judge(file, tmp_path)[1]) == 2
    monkeypatch.setattr(staging, "stage", lambda *_: 1 / 0)
    state, wrong = fuzz.judge(file, tmp_path)[:2]
    assert state == "crashed" and "ZeroDivisionError" in wrong[0]
