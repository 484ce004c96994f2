"""Backups: restored and compared, taken beside an import, damaged ones refused, a good book never lost."""

import json
import random
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import pytest

from data.errors import BookError
from data.storage import backup, book
from tests.data.cli_import import ImportCli

ROOT = Path(__file__).parents[3]
LOAN_FILE = "借据号,贷款余额,客户号\n" + "".join(f"L{n},{n},C{n % 7}\n" for n in range(200))


@pytest.fixture
def filled_cli(cli: ImportCli) -> ImportCli:
    assert cli.import_text(LOAN_FILE).status == 0
    return cli


def test_a_restored_backup_is_the_book(filled_cli: ImportCli) -> None:
    before, marks, copy = (
        filled_cli.read_all_tables(),
        backup.verify_book(filled_cli.book),
        filled_cli.folder / "copy.backup",
    )
    assert filled_cli.run("backup", copy, "--book", filled_cli.book).status == 0
    filled_cli.book.unlink()
    restored = filled_cli.run("restore", copy, "--book", filled_cli.book, "--json")
    assert json.loads(restored.out)["kept_as"] is None
    assert filled_cli.read_all_tables() == before and backup.verify_book(filled_cli.book) == marks
    assert filled_cli.import_text(LOAN_FILE).report["already_loaded"] is True
    assert filled_cli.import_text("借据号,余额\nL900,1\n", "next.csv").status == 0
    assert sorted(path.name for path in filled_cli.folder.iterdir() if "book" in path.name) == [
        "book.duckdb",
        "book.duckdb.lock",
    ]


def test_a_good_book_is_not_replaced_unasked_and_kept_when_it_is(filled_cli: ImportCli) -> None:
    copy = filled_cli.folder / "copy.backup"
    filled_cli.run("backup", copy, "--book", filled_cli.book)
    filled_cli.import_text("借据号,余额\nL900,1\n", "next.csv")
    newer = backup.verify_book(filled_cli.book)
    refused = filled_cli.run("restore", copy, "--book", filled_cli.book)
    assert refused.status == 1 and "--replace" in refused.err
    assert backup.verify_book(filled_cli.book) == newer
    assert filled_cli.run("restore", copy, "--book", filled_cli.book, "--replace").status == 0
    assert backup.verify_book(filled_cli.book) != newer
    assert backup.verify_book(filled_cli.folder / "book.duckdb.replaced-1") == newer


def test_a_damaged_book_is_replaced_and_kept(filled_cli: ImportCli) -> None:
    copy = filled_cli.folder / "copy.backup"
    filled_cli.run("backup", copy, "--book", filled_cli.book)
    filled_cli.book.write_bytes(b"no database" * 1000)
    assert "damaged" in filled_cli.run("verify", "--book", filled_cli.book).err
    assert filled_cli.run("restore", copy, "--book", filled_cli.book).status == 0
    assert filled_cli.run("verify", "--book", filled_cli.book).status == 0
    assert (filled_cli.folder / "book.duckdb.replaced-1").read_bytes() == b"no database" * 1000


def test_a_backup_does_not_overwrite(filled_cli: ImportCli) -> None:
    there = filled_cli.write("there", "mine")
    outcome = filled_cli.run("backup", there, "--book", filled_cli.book)
    assert outcome.status == 1 and "already exists" in outcome.err and there.read_text() == "mine"
    outcome = filled_cli.run("backup", filled_cli.folder / "no" / "where", "--book", filled_cli.book)
    assert outcome.status == 1 and "does not exist" in outcome.err


def test_only_a_sealed_copy_is_restored(filled_cli: ImportCli) -> None:
    plain = filled_cli.write("plain", filled_cli.book.read_bytes())
    for file, said in (
        (plain, "not a backup made by"),
        (filled_cli.folder / "none", "No backup"),
        (filled_cli.write("junk", "x"), "damaged"),
    ):
        outcome = filled_cli.run("restore", file, "--book", filled_cli.book, "--replace")
        assert outcome.status == 1 and said in outcome.err
    assert filled_cli.query("SELECT count(*) FROM loans") == [(200,)]


def test_a_backup_that_was_changed_is_refused(filled_cli: ImportCli) -> None:
    copy = filled_cli.folder / "copy.backup"
    filled_cli.run("backup", copy, "--book", filled_cli.book)
    with duckdb.connect(str(copy)) as con:
        con.execute("UPDATE loans SET balance = balance + 1 WHERE loan_id = 'L7'")
    outcome = filled_cli.run("restore", copy, "--book", filled_cli.book, "--replace")
    assert outcome.status == 1 and "is damaged: loans differ from its seal" in outcome.err


def test_backups_beside_writers_are_each_one_published_book(filled_cli: ImportCli) -> None:
    stop, failed = threading.Event(), []

    def write() -> None:
        number = 0
        while not stop.is_set():
            try:
                with book.open_for_writing(filled_cli.book) as con:
                    for table in ("batches", "batch_tables", "quarantine"):
                        con.execute(f"INSERT INTO {table} (batch_id) VALUES ($id)", {"id": f"w{number}"})
                number += 1
            except BookError as error:
                failed.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(4):
            backup.create_backup(filled_cli.book, filled_cli.folder / f"{number}.backup")
    finally:
        stop.set()
        writer.join()
    assert failed == []
    for number in range(4):
        with book.open_for_reading(filled_cli.folder / f"{number}.backup") as con:
            counts = [
                con.execute(f"SELECT count(*) FROM {table} WHERE starts_with(batch_id, 'w')").fetchall()
                for table in ("batches", "batch_tables", "quarantine")
            ]
        assert counts[0] == counts[1] == counts[2]


def test_a_flipped_bit_or_a_cut_is_refused_or_changes_nothing(filled_cli: ImportCli, tmp_path: Path) -> None:
    content, marks, chance = filled_cli.book.read_bytes(), backup.verify_book(filled_cli.book), random.Random(7)
    path, refused = tmp_path / "hurt.duckdb", 0
    for number in range(24):
        hurt = bytearray(content)
        if number % 4 == 0:
            del hurt[chance.randrange(len(hurt)) :]
        else:
            hurt[chance.randrange(len(hurt))] ^= 1 << chance.randrange(8)
        path.write_bytes(hurt)
        try:
            assert backup.verify_book(path) == marks
        except BookError as error:
            refused += 1
            assert "Restore it from a backup" in str(error) or "cannot be opened" in str(error), error
    assert refused >= 12


def test_a_disk_too_full_is_told_before_anything_is_done(
    filled_cli: ImportCli, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = filled_cli.read_all_tables()
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 64 << 20}))
    outcome = filled_cli.import_text("借据号,余额\nL900,1\n", "next.csv")
    assert outcome.status == 1 and "Free disk space and try again" in outcome.err and "64 MB free" in outcome.err
    assert filled_cli.read_all_tables() == before
    outcome = filled_cli.run("backup", filled_cli.folder / "copy", "--book", filled_cli.book)
    assert outcome.status == 1 and "Not enough disk space" in outcome.err


def test_a_reader_in_another_process_sees_whole_books_only(filled_cli: ImportCli) -> None:
    """Each published book holds as many batches as rows of their own; a mixture would not."""
    script = f"""
import sys, time
from pathlib import Path
from data.storage import book
seen, wrong, generations = set(), 0, set()
print("ready", flush=True)
end = time.monotonic() + 60
while time.monotonic() < end and "done" not in seen:
    reader = book.BookReader(Path({str(filled_cli.book)!r}))
    for _ in range(3):
        row = reader.cursor().execute("SELECT (SELECT count(*) FROM batches), (SELECT count(DISTINCT batch_id) FROM "
            "batch_tables), (SELECT count(DISTINCT batch_id) FROM loans), (SELECT count(*) FROM facts_loan), "
            "(SELECT count(*) FROM loans WHERE row_valid_to IS NULL)").fetchall()[0]
        wrong += not (row[0] == row[1] == row[2] and row[3] == row[4])
        generations.add(row)
    if row[0] == 4:
        seen.add("done")
    reader.close()
print(wrong, len(generations), flush=True)
"""
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout is not None and reader.stdout.readline() == "ready\n"
        for number in range(3):
            assert filled_cli.import_text(f"借据号,余额\nN{number},1\n", f"{number}.csv").status == 0
        wrong, generations = map(int, reader.stdout.readline().split())
    assert wrong == 0 and generations >= 2
