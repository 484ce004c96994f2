"""A batch withdrawn: the book is as it was without it, the batch is listed with when, and its file may come again."""

import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data import dictionary
from data.__main__ import main
from data.errors import InputError
from data.facts import derivation
from data.ingest import pipeline, withdrawal
from data.queries import snapshots
from data.storage import book

JANUARY, FEBRUARY, MARCH = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)
WRONG = date(2062, 3, 31)
HEADER = "借据号,客户号,客户名称,机构号,贷款余额（元）,贷款金额（元）,放款日期,到期日期\n"


def write_loans(path: Path, loans: dict[int, str]) -> Path:
    """A flat file of loans with their balances."""
    lines = (
        f"L{n},C{n % 4},客户{n % 4},02{n % 2},{balance},5000,2023-05-01,2026-05-01" for n, balance in loans.items()
    )
    path.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")
    return path


def read_everything(path: Path) -> dict[str, list[Any]]:
    """The rows of every register, ending, fact and summary of a book, but not when they were loaded."""
    found: dict[str, list[Any]] = {}
    with book.open_for_reading(path) as con:
        held = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        facts = {f"facts_{subject}" for subject in derivation.SUBJECT_ORDER}
        summaries = {name for name in held if name.startswith("summary_")}
        for table in sorted((set(dictionary.load_tables()) | facts | summaries | {"endings"}) & held):
            found[table] = sorted(map(repr, con.execute(f'FROM "{table}"').fetchall()))
        found["days"] = derivation.list_dates_with_facts(con)
    return found


def make_exports(folder: Path, seed: int) -> tuple[list[tuple[Path, date]], tuple[Path, date]]:
    """Exports of a few days with loans that come, go and change, and one more of a day among them, or a wrong year."""
    chance = random.Random(seed)
    days = [JANUARY, FEBRUARY, MARCH][: chance.randint(1, 3)]
    exports = [
        (
            write_loans(
                folder / f"{day}.csv", {n: str(chance.randint(1, 5000)) for n in range(8) if chance.random() < 0.8}
            ),
            day,
        )
        for day in days
    ]
    other = {n: str(chance.randint(1, 5000)) for n in range(3, 12) if chance.random() < 0.8} or {5: "1"}
    return exports, (write_loans(folder / "other.csv", other), chance.choice([*days, WRONG, date(2024, 4, 30)]))


@pytest.mark.parametrize("seed", range(12))
def test_withdrawn_is_as_if_it_had_never_come(seed, tmp_path) -> None:
    exports, (other, day) = make_exports(tmp_path, seed)
    path = tmp_path / "b.duckdb"
    for file, as_of in exports:
        pipeline.import_files([file], as_of, path)
    before = read_everything(path)
    report = pipeline.import_files([other], day, path, scope="whole")
    assert read_everything(path) != before
    done = withdrawal.withdraw_batch(path, report.batch)
    assert read_everything(path) == before and done.rows > 0
    again = pipeline.import_files([other], day, path, scope="whole")
    assert not again.already_loaded and again.loaded == report.loaded and again.batch != report.batch


def test_a_batch_before_others_is_withdrawn_as_if_it_had_never_come(tmp_path) -> None:
    whole = {n: str(100 + n) for n in range(6)}
    files = [write_loans(tmp_path / "1.csv", whole), write_loans(tmp_path / "2.csv", whole | {7: "1"})]
    pipeline.import_files([files[0]], JANUARY, tmp_path / "a.duckdb")
    wrong = pipeline.import_files([files[1]], WRONG, tmp_path / "a.duckdb")
    pipeline.import_files([files[1]], FEBRUARY, tmp_path / "a.duckdb")
    pipeline.import_files([files[0]], JANUARY, tmp_path / "b.duckdb")
    pipeline.import_files([files[1]], FEBRUARY, tmp_path / "b.duckdb")
    withdrawal.withdraw_batch(tmp_path / "a.duckdb", wrong.batch)
    found, wanted = read_everything(tmp_path / "a.duckdb"), read_everything(tmp_path / "b.duckdb")
    assert found == wanted


def test_what_later_batches_build_on_is_refused_with_their_names(tmp_path) -> None:
    loans = {n: str(100 + n) for n in range(6)}
    first = pipeline.import_files([write_loans(tmp_path / "1.csv", loans)], JANUARY, tmp_path / "b.duckdb")
    later = pipeline.import_files([write_loans(tmp_path / "2.csv", loans)], FEBRUARY, tmp_path / "b.duckdb")
    before = read_everything(tmp_path / "b.duckdb")
    with pytest.raises(InputError, match=later.batch):
        withdrawal.withdraw_batch(tmp_path / "b.duckdb", first.batch)
    assert read_everything(tmp_path / "b.duckdb") == before


def test_the_command_says_what_it_did_and_the_list_shows_it(tmp_path, capsys) -> None:
    path, loans = tmp_path / "b.duckdb", write_loans(tmp_path / "1.csv", {1: "5", 2: "6"})
    report = pipeline.import_files([loans], WRONG, path)
    assert main(["withdraw", report.batch, "--book", str(path)]) == 0
    assert f"Batch 批次 {report.batch} (2062-03-31)" in capsys.readouterr().out
    assert main(["snapshots", "--book", str(path)]) == 0
    assert "withdrawn 已撤回" in capsys.readouterr().out
    with book.open_for_reading(path) as con:
        (entry,) = snapshots.list_snapshots(con)
        assert derivation.list_as_of_dates(con) == [] and entry["loans"] == 0
        assert entry["batches"][0]["withdrawn_at"] is not None and not entry["batches"][0]["corrected"]
    for batch, message in ((report.batch, "was withdrawn before"), ("none", "has no batch none")):
        assert main(["withdraw", batch, "--book", str(path)]) == 1
        assert message in capsys.readouterr().err
