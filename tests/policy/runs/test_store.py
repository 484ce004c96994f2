"""Runs: what names one, which earlier one it replaces, and that a correction destroys no history."""

import json

import pytest

from data.errors import BookError, InputError
from data.storage import book
from policy.__main__ import main
from policy.runs import snapshot_check, store
from tests.policy.snapshot_histories import MONTH_STARTS, balance_limit_policy, build_facts, load_batch


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "b.duckdb"
    with book.open_for_writing(path) as con:
        load_batch(con, "b1", MONTH_STARTS[0], {"L1": {"balance": 150}, "L2": {"balance": 50}})
        build_facts(con, MONTH_STARTS[0])
        snapshot_check.judge_snapshot(con, balance_limit_policy("100"), MONTH_STARTS[0])
    return path


def _list_runs(path) -> list[store.Run]:
    with book.open_for_reading(path) as con:
        return store.list_runs(con)


def test_the_same_run_is_replaced_and_its_id_stays(path) -> None:
    (first,) = _list_runs(path)
    with book.open_for_writing(path) as con:
        snapshot_check.judge_snapshot(con, balance_limit_policy("100"), MONTH_STARTS[0])
        rows = con.execute("SELECT (SELECT count(*) FROM violations), (SELECT sum(subjects) FROM run_counts)")
        assert rows.fetchall() == [(1, 2)]
    (again,) = _list_runs(path)
    assert again.run_id == first.run_id and again.judged_at > first.judged_at
    version = balance_limit_policy("100").version
    assert first.run_id == f"20240101-{version[:8]}-act-{first.data_version[:8]}"
    assert (first.engine_version, first.rules_of) == (store.engine_version(), "act")


def test_another_policy_todays_rules_or_other_data_make_another_run(path) -> None:
    with book.open_for_writing(path) as con:
        snapshot_check.judge_snapshot(con, balance_limit_policy("200"), MONTH_STARTS[0])
        snapshot_check.judge_snapshot(con, balance_limit_policy("100"), MONTH_STARTS[0], today=True)
        load_batch(con, "b2", MONTH_STARTS[0], {"L1": {"balance": 10}}, order=1)
        build_facts(con, MONTH_STARTS[0])
        snapshot_check.judge_snapshot(con, balance_limit_policy("100"), MONTH_STARTS[0])
    known = _list_runs(path)
    assert len({run.run_id for run in known}) == 4
    assert len({run.data_version for run in known}) == 2
    with book.open_for_reading(path) as con:
        kept = con.execute("SELECT run_id, count(*) FROM violations GROUP BY 1").fetchall()
        assert store.require_latest_run(con, None).run_id == known[-1].run_id
    assert dict(kept) == {known[0].run_id: 1, known[2].run_id: 1}


def test_a_batch_of_a_later_day_moves_no_earlier_data(path) -> None:
    with book.open_for_writing(path) as con:
        load_batch(con, "later", MONTH_STARTS[1], {"L1": {"balance": 10}, "L3": {"balance": 999}})
        snapshot_check.judge_snapshot(con, balance_limit_policy("100"), MONTH_STARTS[0])
    assert len(_list_runs(path)) == 1


def test_a_stored_policy_is_read_back_whole(path) -> None:
    with book.open_for_reading(path) as con:
        found = store.load_stored_policy(con, balance_limit_policy("100").version[:6])
        assert (found.version, found.rules["R"].limit) == (balance_limit_policy("100").version, "100")
        with pytest.raises(InputError, match="no policy version 'ffff'"):
            store.load_stored_policy(con, "ffff")
        with pytest.raises(InputError, match=r"No run '1999'.*it has 20240101"):
            store.find_run(con, "1999")


def test_the_command_lists_runs(path, capsys) -> None:
    assert main(["runs", "--book", str(path), "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["runs"]
    assert said["counts"] == {"pass": 1, "violation": 1} and said["as_of"] == "2024-01-01"
    assert main(["runs", "--book", str(path)]) == 0
    assert said["run_id"] in capsys.readouterr().out


def test_a_book_of_an_earlier_version_says_what_to_do(path) -> None:
    with book.open_for_writing(path) as con:
        con.execute("ALTER TABLE runs DROP COLUMN previous_run")
    with book.open_for_reading(path) as con, pytest.raises(BookError, match="check --all"):
        store.list_runs(con)
    with book.open_for_writing(path) as con:
        assert len(store.list_runs(con)) == 1
