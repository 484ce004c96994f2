"""The version that a book states: earlier books are brought up on a copy, newer ones refused, reading too."""

import tarfile
from datetime import date
from pathlib import Path

import duckdb
import pytest

from data.__main__ import main as data_main
from data.errors import BookError
from data.storage import book, book_version
from policy.__main__ import main as policy_main

BOOKS = Path(__file__).with_name("books")
EARLIER = sorted(BOOKS.glob("schema-*.tar.xz"))
"""Exports of small checked books (six loans of one day), each made by the version that had the schema."""


def _rebuild_book(archive: Path, folder: Path) -> Path:
    with tarfile.open(archive) as exported:
        exported.extractall(folder / "export", filter="data")
    path = folder / "book.duckdb"
    with duckdb.connect(str(path)) as con:
        for name in ("schema.sql", "load.sql"):
            con.execute(
                (folder / "export" / name).read_text(encoding="utf-8").replace("FOLDER", str(folder / "export"))
            )
    return path


def _state_version(path: Path, number: int, product: str) -> None:
    with duckdb.connect(str(path)) as con:
        con.execute("UPDATE book_version SET schema_version = ?, product_version = ?", [number, product])


def test_the_last_schema_version_is_of_the_tables_that_the_program_declares() -> None:
    """After a change of fields.csv or system_tables.csv: add a row to schema_versions.csv with this fingerprint."""
    assert book_version.load_current_version().fingerprint == book_version.compute_fingerprint()


def test_every_earlier_schema_has_a_book_to_test() -> None:
    earlier = book_version.load_current_version().number - 1
    assert {f"schema-{number}.tar.xz" for number in range(1, earlier + 1)} <= {path.name for path in EARLIER}


@pytest.mark.parametrize("archive", EARLIER, ids=lambda path: path.name.split(".")[0])
def test_an_earlier_book_is_migrated_on_a_copy_with_a_backup_named(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _rebuild_book(archive, tmp_path)
    content = path.read_bytes()
    assert policy_main(["check", "--all", "--book", str(path)]) == 0
    number = archive.name.split(".")[0].removeprefix("schema-")
    kept = path.with_name(f"book.duckdb.schema-{number}-1")
    assert kept.read_bytes() == content
    messages = capsys.readouterr().err
    assert str(kept) in messages and "升级前的台账保存为" in messages
    with book.open_for_reading(path) as con:
        assert book_version.read_schema_version(con) == book_version.load_current_version().number
        loans = con.execute("SELECT count(*), sum(balance), max(row_valid_from) FROM snapshots").fetchall()
        runs = con.execute("SELECT count(*) FROM runs").fetchall()
    assert loans == [(6, 600_000, date(2024, 12, 31))] and runs == [(2,)]
    assert policy_main(["check", "--all", "--book", str(path)]) == 0
    assert sorted(p.name for p in tmp_path.glob("book.duckdb.schema*")) == [kept.name]


def test_a_failed_migration_leaves_the_earlier_book(tmp_path: Path) -> None:
    path = _rebuild_book(EARLIER[0], tmp_path)
    content = path.read_bytes()
    with pytest.raises(ZeroDivisionError), book.open_for_writing(path):
        raise ZeroDivisionError
    assert path.read_bytes() == content and not list(tmp_path.glob("book.duckdb.schema*"))


@pytest.mark.parametrize(
    "arguments",
    [
        (data_main, "snapshots"),
        (data_main, "quality"),
        (data_main, "backup", "copy.duckdb"),
        (data_main, "verify"),
        (policy_main, "check", "--all"),
        (policy_main, "verdicts", "--loan", "L1"),
    ],
    ids=lambda arguments: str(arguments[1]),
)
def test_a_newer_book_is_refused_by_readers_and_writers(
    arguments: tuple[object, ...], empty_book: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(empty_book.parent)
    newer = book_version.load_current_version().number + 1
    _state_version(empty_book, newer, "9.9.0")
    content = empty_book.read_bytes()
    command, *words = arguments
    assert callable(command)
    assert command([*words, "--book", str(empty_book)]) == 1
    messages = capsys.readouterr().err
    assert "Install version 9.9.0 or later" in messages and "请安装 9.9.0 或更高版本" in messages
    assert empty_book.read_bytes() == content


def test_a_book_of_this_version_is_written_without_a_backup(empty_book: Path) -> None:
    with book.open_for_writing(empty_book):
        pass
    assert sorted(path.name for path in empty_book.parent.iterdir()) == ["book.duckdb", "book.duckdb.lock"]


def test_an_unreadable_version_is_an_error(empty_book: Path) -> None:
    with duckdb.connect(str(empty_book)) as con:
        con.execute("DELETE FROM book_version")
    with book.open_for_reading(empty_book) as con:
        assert book_version.read_schema_version(con) == book_version.FIRST_VERSION
    with pytest.raises(BookError), book.open_for_reading(empty_book.with_name("none.duckdb")):
        pass
