"""Rights, links and locks: one book under all its names, readers without a right to write, nothing for other eyes."""

import os
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import BookError, LoanlightError
from data.reference import size_limits
from data.storage import backup, book, drafts, private_files, saved_views

ROOT = Path(__file__).parents[3]


def _add_batch(path: Path, batch: str) -> None:
    with book.open_for_writing(path) as con:
        con.execute("INSERT INTO batches (batch_id) VALUES (?)", [batch])


def _read_batches(path: Path) -> list[str]:
    with book.open_for_reading(path) as con:
        return [row[0] for row in con.execute("SELECT batch_id FROM batches ORDER BY 1").fetchall()]


@pytest.fixture
def short_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(size_limits._load_limits(), "writer_wait_seconds", Decimal("0.2"))


def test_a_book_behind_a_link_stays_one_book(tmp_path: Path) -> None:
    (tmp_path / "vault").mkdir()
    real, link = tmp_path / "vault" / "real.duckdb", tmp_path / "book.duckdb"
    _add_batch(real, "a")
    link.symlink_to(real)
    _add_batch(link, "b")
    assert link.is_symlink() and _read_batches(real) == _read_batches(link) == ["a", "b"]
    saved_views.save_view(link, "mine", "branch_id=B1")
    assert [view.name for view in saved_views.load_saved_views(real)] == ["mine"]
    assert backup.create_backup(link, tmp_path / "copy.duckdb") == backup.verify_book(real)
    backup.restore_backup(tmp_path / "copy.duckdb", link, replace=True)
    assert link.is_symlink() and _read_batches(real) == ["a", "b"]


@pytest.mark.usefixtures("short_wait")
def test_writers_through_two_names_meet_at_one_lock(tmp_path: Path) -> None:
    _add_batch(tmp_path / "real.duckdb", "a")
    (tmp_path / "book.duckdb").symlink_to(tmp_path / "real.duckdb")
    with (
        book.open_for_writing(tmp_path / "real.duckdb"),
        pytest.raises(BookError, match="is being written by another"),
        book.open_for_writing(tmp_path / "book.duckdb"),
    ):
        pass


def test_a_second_writer_waits_for_the_first(tmp_path: Path) -> None:
    path = tmp_path / "book.duckdb"
    started = threading.Event()

    def write_slowly() -> None:
        with book.open_for_writing(path) as con:
            started.set()
            time.sleep(0.3)
            con.execute("INSERT INTO batches (batch_id) VALUES ('slow')")

    writer = threading.Thread(target=write_slowly)
    writer.start()
    started.wait()
    _add_batch(path, "waited")
    writer.join()
    assert _read_batches(path) == ["slow", "waited"]


@pytest.mark.usefixtures("short_wait")
def test_a_lock_that_is_a_link_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("kept", encoding="utf-8")
    (tmp_path / "book.duckdb.lock").symlink_to(other)
    with pytest.raises(BookError, match=r"book\.duckdb\.lock"):
        _add_batch(tmp_path / "book.duckdb", "a")
    assert other.read_text(encoding="utf-8") == "kept" and not (tmp_path / "book.duckdb").exists()


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter, and none but its owner may write."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        Path(folder).chmod(0o755)


AS_STRANGER = """
import os, sys
from data.__main__ import main
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
assert not os.access(os.path.dirname(sys.argv[1]), os.W_OK) and not os.access(sys.argv[1], os.W_OK)
sys.exit(main(["snapshots", "--book", sys.argv[1]]))
"""


def test_a_reader_needs_no_right_to_write(public_folder: Path) -> None:
    path = public_folder / "book.duckdb"
    _add_batch(path, "a")
    path.chmod(0o444)
    public_folder.chmod(0o555)
    done = subprocess.run(
        [sys.executable, "-c", AS_STRANGER, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert sorted(entry.name for entry in public_folder.iterdir()) == ["book.duckdb", "book.duckdb.lock"]


def test_a_reader_without_a_private_name_sees_the_newest_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "book.duckdb"
    _add_batch(path, "a")
    monkeypatch.setattr(drafts.os, "link", refuse)
    with book.open_reader(path) as first:
        _add_batch(path, "b")
        with book.open_reader(path) as second:
            query = "SELECT string_agg(batch_id ORDER BY batch_id) FROM batches"
            assert first.cursor().execute(query).fetchall() == [("a",)]
            assert second.cursor().execute(query).fetchall() == [("a,b",)]
    copied = backup.create_backup(path, tmp_path / "copy.duckdb")
    assert copied["batches"][0] == 2


def test_the_book_is_for_its_owner_alone_and_keeps_wider_rights_once_given(tmp_path: Path) -> None:
    path = tmp_path / "book.duckdb"
    _add_batch(path, "a")
    saved_views.save_view(path, "mine", "")
    backup.create_backup(path, tmp_path / "copy.duckdb")
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    path.chmod(0o640)
    _add_batch(path, "b")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_command_leaves_nothing_that_others_may_read(tmp_path: Path) -> None:
    loans = tmp_path / "loans.csv"
    loans.write_text("借据号,贷款余额（元）\nL1,100\n", encoding="utf-8")
    command = [sys.executable, "-m", "data", "import", str(loans), "--as-of", "2024-12-31", "--book", "b.duckdb"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in tmp_path.iterdir() if entry != loans}
    assert set(made.values()) == {0o600}, made


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    target.write_text("before", encoding="utf-8")
    with pytest.raises(OSError, match="No space left"), private_files.replace_whole(target) as draft:
        draft.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")
    assert target.read_text(encoding="utf-8") == "before"
    with private_files.replace_whole(target) as draft:
        draft.write_text("after", encoding="utf-8")
    assert target.read_text(encoding="utf-8") == "after" and list(tmp_path.iterdir()) == [target]


def test_an_empty_book_variable_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOANLIGHT_BOOK", "")
    with pytest.raises(LoanlightError, match="LOANLIGHT_BOOK is set, but empty"):
        book.default_path()
