"""Replay: the same verdicts byte for byte, on the data as they were, and never a silent difference."""

import json

import pytest

from data.errors import InputError
from data.history import time_travel
from data.storage import book
from policy.__main__ import main
from policy.runs import replay, snapshot_check, store
from tests.policy.snapshot_histories import MONTH_STARTS, balance_limit_policy, build_facts, load_batch


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "b.duckdb"
    with book.open_for_writing(path) as con:
        load_batch(
            con, "b1", MONTH_STARTS[0], {f"L{n}": {"balance": n * 30, "branch_id": str(n % 2)} for n in range(8)}
        )
        load_batch(con, "b2", MONTH_STARTS[1], {f"L{n}": {"balance": n * 40, "branch_id": "7"} for n in range(8)})
        build_facts(con, *MONTH_STARTS[:2])
        for day in MONTH_STARTS[:2]:
            snapshot_check.judge_snapshot(con, balance_limit_policy("100"), day)
    return path


def _read_results(path) -> list[list[tuple]]:
    with book.open_for_reading(path) as con:
        return [con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in (*store.RUN_TABLES, "facts_loan")]


def test_a_replay_is_identical_and_leaves_no_trace(path, capsys) -> None:
    before = _read_results(path)
    assert main(["replay", "20240101", "--book", str(path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["identical"] and said["moved_since"] == [] and said["rows"] == []
    assert {h["stored"] == h["replayed"] for h in said["hashes"].values()} == {True}
    assert _read_results(path) == before


def test_a_correction_is_said_and_the_run_replayed_on_the_data_as_they_were(path, capsys) -> None:
    with book.open_for_writing(path) as con:
        load_batch(
            con,
            "correction",
            MONTH_STARTS[0],
            {"L1": {"balance": 999, "branch_id": "9"}, "new": {"balance": 5}},
            order=1,
        )
        build_facts(con, *MONTH_STARTS[:2])
    assert main(["replay", "20240101", "--book", str(path)]) == 0
    said = capsys.readouterr().out
    assert "Identical." in said and "batch correction (new)" in said and "8 → 7 current rows of batch b1" in said
    with book.open_for_reading(path) as con:
        assert con.execute(
            "SELECT balance FROM facts_loan WHERE loan_id = 'L1' AND as_of = ?", [MONTH_STARTS[0]]
        ).fetchall()[0] == (999,)


def test_data_that_cannot_be_rebuilt_are_named(path) -> None:
    with book.open_for_writing(path) as con:
        con.execute("DELETE FROM snapshots WHERE loan_id = 'L2' AND row_valid_from = ?", [MONTH_STARTS[0]])
    with book.open_for_reading(path):
        pass
    reader = book.BookReader(path)
    with pytest.raises(InputError, match=r"cannot be rebuilt.*snapshots: 8 → 7 current rows of batch b1"):
        replay.replay_run(reader, "20240101")
    reader.close()


def test_a_difference_is_shown_row_by_row(path, capsys) -> None:
    with book.open_for_writing(path) as con:
        con.execute("UPDATE violations SET measured = '151' WHERE measured = '150' AND run_id LIKE '20240101%'")
        con.execute(
            "UPDATE run_counts SET subjects = subjects + 1 WHERE verdict = 'pass' AND branch_id = '0' "
            "AND run_id LIKE '20240101%'"
        )
    assert main(["replay", "20240101", "--book", str(path), "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert not said["identical"] and said["differing"] == 4
    assert [row["measured"] for row in said["rows"] if row["part"] == "violations"] == ["151", "150"]


def test_hashes_do_not_hang_on_the_order_of_rows_but_on_every_cell(path) -> None:
    with book.open_for_writing(path) as con:
        run = store.list_runs(con)[0].run_id
        marks = {part: replay.hash_rows(con, part, run) for part in replay.HASHED_PARTS}
        for part, (table, columns) in replay.HASHED_PARTS.items():
            con.execute(f"CREATE TEMP TABLE kept AS FROM {table} WHERE run_id = '{run}' ORDER BY hash({columns[0]})")
            con.execute(f"DELETE FROM {table} WHERE run_id = '{run}'")
            con.execute(f"INSERT INTO {table} FROM kept ORDER BY random()")
            assert replay.hash_rows(con, part, run) == marks[part]
            for column in columns:
                value = "'x'" if column not in ("balance", "subjects") else "77"
                con.execute("BEGIN") if False else None
                con.execute(
                    f"UPDATE {table} SET {column} = {value} WHERE rowid = (SELECT min(rowid) FROM {table} "
                    f"WHERE run_id = '{run}')"
                )
                assert replay.hash_rows(con, part, run) != marks[part], column
                con.execute(f"DELETE FROM {table} WHERE run_id = '{run}'")
                con.execute(f"INSERT INTO {table} FROM kept")
            con.execute("DROP TABLE kept")


def test_registers_as_they_were_before_a_batch(path) -> None:
    with book.open_for_writing(path) as con:
        before = con.execute(
            "SELECT loan_id, branch_id, row_valid_from, row_valid_to FROM loans ORDER BY ALL"
        ).fetchall()
        load_batch(
            con, "late", MONTH_STARTS[0], {"L1": {"balance": 1, "branch_id": "x"}, "L9": {"balance": 1}}, order=5
        )
        assert (
            con.execute("SELECT loan_id, branch_id, row_valid_from, row_valid_to FROM loans ORDER BY ALL").fetchall()
            != before
        )
        time_travel.create_historic_views(con, MONTH_STARTS[0], MONTH_STARTS[0], {"late"})
        assert (
            con.execute("SELECT loan_id, branch_id, row_valid_from, row_valid_to FROM loans ORDER BY ALL").fetchall()
            == before
        )
        for table in ("loans", "snapshots"):
            con.execute(f"DROP VIEW IF EXISTS temp.{table}")
