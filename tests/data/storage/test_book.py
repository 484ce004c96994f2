"""The one door to the book: readers and writers beside each other, and what a killed or starved writer leaves."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from datetime import date
from pathlib import Path

import duckdb
import pytest

from benchmarks import kills
from data import dictionary
from data.errors import BookError
from data.history import time_travel
from data.storage import book

ROOT = Path(__file__).parents[3]


def _add_batch(path: Path, batch: str) -> None:
    with book.open_for_writing(path) as con:
        con.execute("INSERT INTO batches (batch_id) VALUES (?)", [batch])


def _read_batches(path: Path) -> list[str]:
    with book.open_for_reading(path) as con:
        return [row[0] for row in con.execute("SELECT batch_id FROM batches ORDER BY 1").fetchall()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    _add_batch(tmp_path / "book.duckdb", "a")
    return tmp_path / "book.duckdb"


def test_a_reader_keeps_its_book_while_another_is_published(path: Path) -> None:
    reader = book.BookReader(path)
    before = book.read_generation(path)
    _add_batch(path, "b")
    assert reader.cursor().execute("SELECT count(*) FROM batches").fetchall() == [(1,)]
    assert _read_batches(path) == ["a", "b"] and book.read_generation(path) != before
    assert sorted(p.name for p in path.parent.iterdir()) == ["book.duckdb", "book.duckdb.lock"]


def test_an_error_leaves_the_book_as_it_was(path: Path) -> None:
    content = path.read_bytes()
    with pytest.raises(ZeroDivisionError), book.open_for_writing(path) as con:
        con.execute("DELETE FROM batches")
        raise ZeroDivisionError
    assert path.read_bytes() == content


def test_an_error_after_a_part_was_written_down_leaves_the_book_as_it_was(path: Path) -> None:
    content = path.read_bytes()
    with pytest.raises(ZeroDivisionError), book.open_for_writing(path) as con:
        con.execute("DELETE FROM batches")
        book.commit_to_draft(con)
        assert _read_batches(path) == ["a"]
        raise ZeroDivisionError
    assert path.read_bytes() == content
    assert sorted(p.name for p in path.parent.iterdir()) == ["book.duckdb", "book.duckdb.lock"]


def test_two_writers_do_not_meet(path: Path) -> None:
    with (
        book.open_for_writing(path),
        pytest.raises(BookError, match="is being written by another"),
        book.open_for_writing(path),
    ):
        pass


def test_a_book_held_by_another_program_is_said(path: Path) -> None:
    script = f"import duckdb, time; c = duckdb.connect({str(path)!r}); print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        try:
            with pytest.raises(BookError, match="open for writing in another"):
                _add_batch(path, "b")
        finally:
            holder.kill()
    assert _read_batches(path) == ["a"]


@pytest.mark.parametrize("content", [b"", b"junk" * 4096])
def test_a_damaged_book_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "b.duckdb"
    path.write_bytes(content)
    for use in (book.open_for_reading, book.open_for_writing):
        with pytest.raises(BookError), use(path):
            pass
    assert path.read_bytes() == content


def test_a_flipped_bit_is_found(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for offset in (8, 4096 + 16, 8192 + 16):
        content[offset] ^= 1
    path.write_bytes(content)
    with pytest.raises(BookError, match=r"damaged|cannot be opened"):
        _read_batches(path)


def test_another_duckdb_file_is_no_book(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "other.duckdb")) as con:
        con.execute("CREATE TABLE t (a INTEGER)")
    with pytest.raises(BookError, match="not a Loanlight book"), book.open_for_reading(tmp_path / "other.duckdb"):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/hostname')",
        "ATTACH '/tmp/x.duckdb'",
        "COPY batches TO '/tmp/x.csv'",
        "INSTALL excel",
        "SET enable_external_access = true",
        "SELECT * FROM glob('/*')",
    ],
)
def test_the_connection_reaches_no_file(path: Path, statement: str) -> None:
    with book.open_for_reading(path) as con, pytest.raises(duckdb.Error, match=r"(?i)disabled|locked|permission"):
        con.execute(statement)


def test_a_full_disk_is_one_message_and_the_book_is_as_it_was(path: Path) -> None:
    script = textwrap.dedent(f"""
        import resource, signal, sys
        from pathlib import Path
        from data.storage import book
        from data.errors import BookError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8_000_000, 8_000_000))
        try:
            with book.open_for_writing(Path({str(path)!r})) as con:
                con.execute("CREATE TABLE big AS SELECT md5(range::VARCHAR) AS a FROM range(2_000_000)")
        except BookError as error:
            print(error)
    """)
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "is unchanged" in ended.stdout, ended.stderr[-500:]
    assert _read_batches(path) == ["a"]


def test_kills_leave_all_of_a_batch_or_none(path: Path) -> None:
    script = textwrap.dedent(f"""
        import sys, time
        from pathlib import Path
        from data.storage import book
        with book.open_for_writing(Path({str(path)!r})) as con:
            con.execute("INSERT INTO snapshots (loan_id, batch_id) SELECT range::VARCHAR, ? FROM range(200_000)", [sys.argv[1]])
            con.execute("INSERT INTO batches (batch_id) VALUES (?)", [sys.argv[1]])
        print("done", flush=True)
    """)
    acknowledged = []
    for n in range(12):
        writer = subprocess.Popen([sys.executable, "-c", script, f"b{n}"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        time.sleep(0.35 + 0.06 * n)
        os.kill(writer.pid, signal.SIGKILL)
        if "done" in writer.communicate()[0]:
            acknowledged.append(f"b{n}")
        with book.open_for_reading(path) as con:
            held = con.execute("SELECT batch_id, count(*) FROM snapshots GROUP BY 1").fetchall()
        kept = _read_batches(path)
        assert set(acknowledged) <= set(kept)
        assert dict(held) == {batch: 200_000 for batch in kept if batch != "a"}
    _add_batch(path, "after")
    assert "after" in _read_batches(path)


def test_killed_imports_leave_all_of_a_batch_or_none() -> None:
    """The small form of python -m benchmarks.kills."""
    held, wrong = kills.kill_imports(kills=3, rows=20_000, seed=3, workers=1)
    assert wrong == [] and held.total() == 3


def test_what_killed_processes_left_is_swept(path: Path) -> None:
    old = path.with_name(f".{path.name}.1000.{'0' * 32}.reading")
    young = path.with_name(f".{path.name}.{time.time_ns()}.{'0' * 32}.reading")
    for rest in (old, young, path.with_name(path.name + ".draft"), path.with_name(path.name + ".draft.wal")):
        rest.write_bytes(b"rest")
    spilled = path.with_name(path.name + ".draft.tmp")
    spilled.mkdir()
    (spilled / "duckdb_temp_block-1.block").write_bytes(b"rest")
    _add_batch(path, "b")
    assert _read_batches(path) == ["a", "b"]
    assert sorted(p.name for p in path.parent.iterdir()) == sorted([path.name, path.name + ".lock", young.name])


def test_an_older_book_gains_the_fields_that_came_since(path: Path) -> None:
    with book.open_for_writing(path) as con:
        con.execute("ALTER TABLE loans DROP COLUMN purpose")
    _add_batch(path, "b")
    with book.open_for_reading(path) as con:
        assert con.execute("SELECT purpose FROM loans").fetchall() == []


def test_an_older_book_gains_the_columns_that_system_tables_gained_since(path: Path) -> None:
    with book.open_for_writing(path) as con:
        con.execute("ALTER TABLE batches DROP COLUMN scope")
    _add_batch(path, "b")
    with book.open_for_reading(path) as con:
        assert con.execute("SELECT batch_id, scope FROM batches ORDER BY 1").fetchall() == [("a", None), ("b", None)]


def test_a_reader_of_an_older_book_is_told_what_brings_it_up_to_date(path: Path) -> None:
    with book.open_for_writing(path) as con:
        con.execute("ALTER TABLE loans DROP COLUMN purpose")
        con.execute("DROP TABLE groups")
    said = "earlier version: it lacks loans.purpose, groups"
    with pytest.raises(BookError, match=said):
        book.BookReader(path).require_current_schema()
    with pytest.raises(BookError, match=r"Run python -m policy check"), book.open_for_reading(path) as con:
        con.execute("SELECT purpose FROM loans")
    _add_batch(path, "b")
    book.BookReader(path).require_current_schema()


REGISTER_OF_OLD_BOOK = {"as_of": "row_valid_from", "until": "row_valid_to"}


def _age_book(path: Path) -> dict[str, list[tuple]]:
    """Put rows in the registers and give their columns the names of earlier versions; returns the rows by table."""
    rows = {}
    with book.open_for_writing(path) as con:
        for number, table in enumerate(dictionary.load_tables()):
            con.execute(
                f"INSERT INTO {table} (row_valid_from, row_valid_to, batch_id, source_row) "
                "VALUES (DATE '2024-01-31', DATE '2024-02-29', 'a', ?), (DATE '2024-02-29', NULL, 'a', NULL)",
                [number],
            )
        con.execute("UPDATE documents SET valid_from = DATE '2020-01-01', valid_to = DATE '2030-01-01'")
        for table in dictionary.load_tables():
            rows[table] = con.execute(f"FROM {table} ORDER BY row_valid_from").fetchall()
            for former, present in REGISTER_OF_OLD_BOOK.items():
                con.execute(f"ALTER TABLE {table} RENAME COLUMN {present} TO {former}")
    return rows


def test_a_writer_renames_the_columns_of_an_older_book_and_loses_no_row(path: Path) -> None:
    rows = _age_book(path)
    _add_batch(path, "b")
    with book.open_for_reading(path) as con:
        found = {table: con.execute(f"FROM {table} ORDER BY row_valid_from").fetchall() for table in rows}
        columns = {
            row[0]
            for row in con.execute("SELECT column_name FROM duckdb_columns() WHERE table_name = 'loans'").fetchall()
        }
        assert found == rows
        assert columns & {*REGISTER_OF_OLD_BOOK, *REGISTER_OF_OLD_BOOK.values()} == {*REGISTER_OF_OLD_BOOK.values()}
        assert con.execute("SELECT DISTINCT valid_from, valid_to FROM documents").fetchall() == [
            (date(2020, 1, 1), date(2030, 1, 1))
        ]


def test_a_reader_of_a_book_with_former_column_names_is_told_what_to_run(path: Path) -> None:
    _age_book(path)
    with pytest.raises(BookError, match=r"earlier version.*loans.row_valid_from, loans.row_valid_to"):
        book.BookReader(path).require_current_schema()
    with pytest.raises(BookError, match=r"Run python -m policy check"), book.open_for_reading(path) as con:
        time_travel.count_current_rows(con, date(2024, 1, 31))
    with pytest.raises(BookError, match=r"Run python -m policy check"), book.open_reader(path) as reader:
        time_travel.count_current_rows(reader.cursor(), date(2024, 1, 31))


def test_a_killed_writer_leaves_the_former_column_names(path: Path) -> None:
    _age_book(path)
    before = path.read_bytes()
    with pytest.raises(ZeroDivisionError), book.open_for_writing(path):
        raise ZeroDivisionError
    assert path.read_bytes() == before


def test_threads_each_read_their_own_rows(path: Path) -> None:
    reader, wrong = book.BookReader(path), []

    def read(number: int) -> None:
        for _ in range(50):
            found = reader.cursor().execute("SELECT ?::INTEGER, count(*) FROM batches", [number]).fetchall()
            if found != [(number, 1)]:
                wrong.append(found)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_memory_can_be_bounded(tmp_path, monkeypatch):
    path = tmp_path / "book.duckdb"
    monkeypatch.setenv("LOANLIGHT_MEMORY", "512MB")
    with book.open_for_writing(path) as con:
        assert con.execute("SELECT current_setting('memory_limit')").fetchall() == [("488.2 MiB",)]


def test_a_bound_that_cannot_be_meant_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("LOANLIGHT_MEMORY", "much")
    with pytest.raises(BookError, match="cannot be opened"), book.open_for_writing(tmp_path / "book.duckdb"):
        pass
