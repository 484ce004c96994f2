"""Runs: what names one, which earlier one it replaces, and that a correction destroys no history."""

import json

import pytest

from data.errors import BookError, InputError
from data.storage import book
from policy.__main__ import main
from policy.runs import snapshot_check, store
from tests.policy.histories import DAYS, batch, build, limit


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "b.duckdb"
    with book.writing(path) as con:
        batch(con, "b1", DAYS[0], {"L1": {"balance": 150}, "L2": {"balance": 50}})
        build(con, DAYS[0])
        snapshot_check.judge(con, limit("100"), DAYS[0])
    return path


def _known(path) -> list[store.Run]:
    with book.reading(path) as con:
        return store.listed(con)


def test_the_same_run_is_replaced_and_its_id_stays(path) -> None:
    (first,) = _known(path)
    with book.writing(path) as con:
        snapshot_check.judge(con, limit("100"), DAYS[0])
        rows = con.execute("SELECT (SELECT count(*) FROM violations), (SELECT sum(subjects) FROM run_counts)")
        assert rows.fetchall() == [(1, 2)]
    (again,) = _known(path)
    assert again.run_id == first.run_id and again.judged_at > first.judged_at
    version = limit("100").version
    assert first.run_id == f"20240101-{version[:8]}-act-{first.data_version[:8]}"
    assert (first.engine_version, first.rules_of) == (store.engine_version(), "act")


def test_another_policy_todays_rules_or_other_data_make_another_run(path) -> None:
    with book.writing(path) as con:
        snapshot_check.judge(con, limit("200"), DAYS[0])
        snapshot_check.judge(con, limit("100"), DAYS[0], today=True)
        batch(con, "b2", DAYS[0], {"L1": {"balance": 10}}, order=1)
        build(con, DAYS[0])
        snapshot_check.judge(con, limit("100"), DAYS[0])
    known = _known(path)
    assert len({run.run_id for run in known}) == 4
    assert len({run.data_version for run in known}) == 2
    with book.reading(path) as con:
        kept = con.execute("SELECT run_id, count(*) FROM violations GROUP BY 1").fetchall()
        assert store.latest(con, None).run_id == known[-1].run_id
    assert dict(kept) == {known[0].run_id: 1, known[2].run_id: 1}


def test_a_batch_of_a_later_day_moves_no_earlier_data(path) -> None:
    with book.writing(path) as con:
        batch(con, "later", DAYS[1], {"L1": {"balance": 10}, "L3": {"balance": 999}})
        snapshot_check.judge(con, limit("100"), DAYS[0])
    assert len(_known(path)) == 1


def test_a_stored_policy_is_read_back_whole(path) -> None:
    with book.reading(path) as con:
        found = store.policy_of(con, limit("100").version[:6])
        assert (found.version, found.rules["R"].limit) == (limit("100").version, "100")
        with pytest.raises(InputError, match="no policy version 'ffff'"):
            store.policy_of(con, "ffff")
        with pytest.raises(InputError, match=r"No run '1999'.*it has 20240101"):
            store.find(con, "1999")


def test_the_command_lists_runs(path, capsys) -> None:
    assert main(["runs", "--book", str(path), "--json"]) == 0
    (said,) = json.loads(capsys.readouterr().out)["runs"]
    assert said["counts"] == {"pass": 1, "violation": 1} and said["as_of"] == "2024-01-01"
    assert main(["runs", "--book", str(path)]) == 0
    assert said["run_id"] in capsys.readouterr().out


def test_a_book_of_an_earlier_version_says_what_to_do(path) -> None:
    with book.writing(path) as con:
        con.execute("ALTER TABLE runs DROP COLUMN previous_run")
    with book.reading(path) as con, pytest.raises(BookError, match="check --all"):
        store.listed(con)
    with book.writing(path) as con:
        assert len(store.listed(con)) == 1
