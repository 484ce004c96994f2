"""Verdicts judged elsewhere: what the book takes in, and what it refuses with one message."""

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import InputError
from data.history import time_travel
from data.ingest import adoption
from data.storage import book
from tests.policy import sample_books

POLICY = "f" * 16
COUNT_ROW = {
    "rule_id": "R1",
    "subject": "loan",
    "branch_id": "B1",
    "verdict": "violation",
    "reason": None,
    "field": None,
    "subjects": 1,
}
VIOLATION_ROW = {
    "violation_id": "v1",
    "rule_id": "R1",
    "subject": "loan",
    "subject_id": "L1",
    "loan_id": "L1",
    "borrower_id": None,
    "branch_id": "B1",
    "officer_id": None,
    "balance": None,
    "measured": "0.8",
    "limit_value": "0.7",
    "policy_version": POLICY,
}


@pytest.fixture
def book_path(tmp_path: Path) -> Path:
    path = sample_books.make_book(tmp_path / "book.duckdb", {"L1": {"branch_id": "B1"}})
    with book.open_for_writing(path) as con:
        con.execute("INSERT INTO policy_versions VALUES (?, '{}', now())", [POLICY])
    return path


@pytest.fixture
def verdict_folder(book_path: Path, tmp_path: Path) -> Path:
    """A folder of verdicts as a cluster leaves it."""
    folder = tmp_path / "verdicts"
    with book.open_for_reading(book_path) as con:
        version = time_travel.hash_data_version(con, time_travel.count_current_rows(con, sample_books.AS_OF))
    write_parquet(folder / "counts/loan", [COUNT_ROW], adoption.COUNTS_SCHEMA)
    write_parquet(folder / "violations/loan", [VIOLATION_ROW], adoption.VIOLATIONS_SCHEMA)
    says = {
        "as_of": sample_books.AS_OF.isoformat(),
        "policy_version": POLICY,
        "engine_version": "elsewhere",
        "rules_of": "act",
        "data_version": version,
        "judged_at": "2024-07-01T08:00:00",
        "subjects": {"loan": 1},
    }
    write_manifest(folder, says)
    (folder / "_SUCCESS").touch()
    return folder


def write_parquet(folder: Path, rows: list[dict], columns: dict[str, pa.DataType]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(list(columns.items()))), folder / "part-0.parquet")


def write_manifest(folder: Path, says: dict) -> None:
    (folder / "manifest.json").write_text(json.dumps(says), encoding="utf-8")


def read_manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def assert_refused(book_path: Path, folder: Path, message: str) -> None:
    before = book_path.read_bytes()
    with pytest.raises(InputError, match=message), book.open_for_writing(book_path) as con:
        adoption.adopt_run(con, folder)
    assert book_path.read_bytes() == before


def test_a_run_is_stored_once_however_often_it_is_taken_in(book_path: Path, verdict_folder: Path) -> None:
    for _ in range(2):
        with book.open_for_writing(book_path) as con:
            found = adoption.adopt_run(con, verdict_folder)
    with book.open_for_reading(book_path) as con:
        assert con.execute("SELECT run_id, as_of, engine_version FROM runs").fetchall() == [
            (found.run_id, date(2024, 6, 30), "elsewhere")
        ]
        assert con.execute("SELECT subject_id, measured, limit_value FROM violations").fetchall() == [
            ("L1", "0.8", "0.7")
        ]
        assert con.execute("SELECT verdict, subjects FROM run_counts").fetchall() == [("violation", 1)]
        assert con.execute("SELECT subject, subjects FROM run_subjects").fetchall() == [("loan", 1)]


def test_no_success_marker(book_path: Path, verdict_folder: Path) -> None:
    (verdict_folder / "_SUCCESS").unlink()
    assert_refused(book_path, verdict_folder, "the check was not finished")


def test_unknown_policy(book_path: Path, verdict_folder: Path) -> None:
    write_manifest(verdict_folder, read_manifest(verdict_folder) | {"policy_version": "e" * 16})
    assert_refused(book_path, verdict_folder, "does not know policy")


def test_other_data(book_path: Path, verdict_folder: Path) -> None:
    write_manifest(verdict_folder, read_manifest(verdict_folder) | {"data_version": "0" * 16})
    assert_refused(book_path, verdict_folder, "has changed since")


def test_a_manifest_that_is_not_whole(book_path: Path, verdict_folder: Path) -> None:
    says = read_manifest(verdict_folder)
    del says["rules_of"]
    write_manifest(verdict_folder, says)
    assert_refused(book_path, verdict_folder, "does not contain rules_of")


def test_missing_column(book_path: Path, verdict_folder: Path) -> None:
    columns = {name: kind for name, kind in adoption.VIOLATIONS_SCHEMA.items() if name != "measured"}
    write_parquet(
        verdict_folder / "violations/loan", [{n: v for n, v in VIOLATION_ROW.items() if n != "measured"}], columns
    )
    assert_refused(book_path, verdict_folder, "has no column 'measured'")


def test_mistyped_column(book_path: Path, verdict_folder: Path) -> None:
    write_parquet(
        verdict_folder / "counts/loan",
        [COUNT_ROW | {"subjects": "1"}],
        adoption.COUNTS_SCHEMA | {"subjects": pa.string()},
    )
    assert_refused(book_path, verdict_folder, "'subjects' is string, not int64")


def test_verdicts_that_do_not_add_up(book_path: Path, verdict_folder: Path) -> None:
    write_parquet(verdict_folder / "violations/loan", [], adoption.VIOLATIONS_SCHEMA)
    assert_refused(book_path, verdict_folder, "rule R1 do not add up")


def test_a_file_that_is_no_parquet(book_path: Path, verdict_folder: Path) -> None:
    (verdict_folder / "counts/loan/part-0.parquet").write_bytes(b"PAR1 and nothing")
    assert_refused(book_path, verdict_folder, "cannot be read as Parquet")
