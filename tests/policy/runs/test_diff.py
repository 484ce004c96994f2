"""Policy versions row by row; runs, each change with one cause, alone and combined."""

import json

import pytest

from data.errors import InputError
from data.storage import book
from policy.__main__ import main
from policy.authoring import version_diff
from policy.runs import diff, snapshot_check, store
from tests.policy import policy_builder
from tests.policy.snapshot_histories import MONTH_STARTS, balance_limit_policy, build_facts, load_batch, write_tables

MATURITY_RULE = {"rule_id": "D", "measure": "current_maturity", "comparator": ">=", "limit": "as_of", "unit": "date"}


def test_rows_added_removed_and_changed_cell_by_cell() -> None:
    old = policy_builder.policy_texts([{"rule_id": "A"}, {"rule_id": "B", "limit": "100"}])
    new = policy_builder.policy_texts([{"rule_id": "B", "limit": "200", "severity": "low"}, {"rule_id": "C"}])
    found = {(c.change, c.key[0]): c for c in version_diff.find_changes(old, new)}
    assert set(found) == {("removed", "A"), ("changed", "B"), ("added", "C")}
    changed = found["changed", "B"]
    assert changed.cells == {"limit": ("100", "200"), "severity": ("high", "low")}
    assert (changed.title_zh, changed.title_en, changed.is_verdict_neutral) == ("规则", "Rule", False)
    assert version_diff.find_changes(old, old) == []


def test_a_row_that_only_moved_its_file_or_its_quotes_and_one_redated() -> None:
    old = policy_builder.policy_texts([{"rule_id": "A"}])
    moved = {name.replace("rules/test", "rules/other"): text for name, text in old.items()}
    (change,) = version_diff.find_changes(old, moved)
    assert change.cells == {"file": ("rules/test.csv", "rules/other.csv")} and change.is_verdict_neutral
    unquoted = dict(old) | {"rules/test.csv": old["rules/test.csv"].replace('"', "")}
    assert version_diff.find_changes(old, unquoted) == []
    (redated,) = version_diff.find_changes(
        old, policy_builder.policy_texts([{"rule_id": "A", "effective_from": "2001-01-01"}])
    )
    assert (redated.change, redated.cells) == ("changed", {"effective_from": ("2000-01-01", "2001-01-01")})


def test_every_row_of_a_repeated_key_is_seen() -> None:
    old = policy_builder.policy_texts([{"rule_id": "A"}, {"rule_id": "A"}])
    assert [c.change for c in version_diff.find_changes(old, policy_builder.policy_texts([{"rule_id": "A"}]))] == [
        "removed"
    ]


def test_the_command_compares_folders_and_kept_versions(tmp_path, capsys) -> None:
    folder = write_tables(tmp_path / "tables", policy_builder.policy_texts([{"limit": "200"}]))
    path = tmp_path / "b.duckdb"
    with book.open_for_writing(path) as con:
        load_batch(con, "b1", MONTH_STARTS[0], {"L1": {"balance": 150}})
        build_facts(con, MONTH_STARTS[0])
        snapshot_check.judge_snapshot(con, balance_limit_policy("100"), MONTH_STARTS[0])
    version = balance_limit_policy("100").version
    assert main(["diff", version[:7], str(folder), "--book", str(path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["a"], said["b"]) == (version, balance_limit_policy("200").version)
    assert said["changes"][0]["cells"] == {"limit": ["100", "200"]}
    assert main(["diff", version, str(folder), "--book", str(path)]) == 0
    assert "limit: 100 → 200" in capsys.readouterr().out
    assert main(["diff", "20240101", version, "--book", str(path)]) == 1
    assert "is a run and the other is not" in capsys.readouterr().err


@pytest.fixture
def path(tmp_path):
    """Two snapshots. Moved: `data`; come due between them: `time`; over 100 but not 80: none, but `policy` by 80."""
    path = tmp_path / "b.duckdb"
    loans = {
        "time": {"balance": 10, "current_maturity": MONTH_STARTS[0].replace(day=20)},
        "data": {"balance": 10, "current_maturity": MONTH_STARTS[11]},
        "policy": {"balance": 90, "current_maturity": MONTH_STARTS[11]},
        "cured": {"balance": 150, "current_maturity": MONTH_STARTS[11]},
        "stays": {"balance": 500, "current_maturity": MONTH_STARTS[11]},
        "extended": {"balance": 1, "current_maturity": MONTH_STARTS[0].replace(day=20)},
    }
    after = loans | {
        "data": {"balance": 300, "current_maturity": MONTH_STARTS[11]},
        "cured": {"balance": 70, "current_maturity": MONTH_STARTS[11]},
        "extended": {"balance": 1, "current_maturity": MONTH_STARTS[11]},
        "new": {"balance": 85, "current_maturity": MONTH_STARTS[11]},
    }
    with book.open_for_writing(path) as con:
        load_batch(con, "b1", MONTH_STARTS[0], loans)
        load_batch(con, "b2", MONTH_STARTS[1], after)
        build_facts(con, *MONTH_STARTS[:2])
    return path


def _policy_with_limit(value: str):
    return policy_builder.build_policy([{"limit": value}, MATURITY_RULE])


def _compare_runs(path, *judged: tuple) -> diff.RunDifference:
    with book.open_for_writing(path) as con:
        ids = [snapshot_check.judge_snapshot(con, policy, day).run_id for policy, day in judged]
    reader = book.BookReader(path)
    try:
        return diff.compare_runs(reader, *ids)
    finally:
        reader.close()


def _difference_rows(found: diff.RunDifference) -> set[tuple]:
    return set(found.changes.select("rule_id", "subject_id", "change", "cause").iter_rows())


def test_time_and_data_each_have_their_part(path) -> None:
    found = _compare_runs(
        path, (_policy_with_limit("100"), MONTH_STARTS[0]), (_policy_with_limit("100"), MONTH_STARTS[1])
    )
    assert _difference_rows(found) == {
        ("D", "time", "appeared", "time"),
        ("R", "data", "appeared", "data"),
        ("R", "cured", "vanished", "data"),
    }


def test_policy_alone(path) -> None:
    found = _compare_runs(
        path, (_policy_with_limit("100"), MONTH_STARTS[0]), (_policy_with_limit("80"), MONTH_STARTS[0])
    )
    assert _difference_rows(found) == {("R", "policy", "appeared", "policy")}
    row = found.counts.filter(found.counts["verdict"] == "violation").to_dicts()
    assert row == [{"rule_id": "R", "verdict": "violation", "before": 2, "after": 3, "time": 0, "data": 0, "policy": 1}]


def test_all_three_together_add_up(path) -> None:
    found = _compare_runs(
        path, (_policy_with_limit("100"), MONTH_STARTS[0]), (_policy_with_limit("80"), MONTH_STARTS[1])
    )
    assert _difference_rows(found) == {
        ("D", "time", "appeared", "time"),
        ("R", "data", "appeared", "data"),
        ("R", "cured", "vanished", "data"),
        ("R", "policy", "appeared", "policy"),
        ("R", "new", "appeared", "policy"),
    }
    for row in found.counts.to_dicts():
        assert row["before"] + row["time"] + row["data"] + row["policy"] == row["after"]


def test_a_later_run_against_an_earlier_one_is_the_mirror(path) -> None:
    found = _compare_runs(
        path, (_policy_with_limit("100"), MONTH_STARTS[1]), (_policy_with_limit("100"), MONTH_STARTS[0])
    )
    assert _difference_rows(found) == {
        ("D", "time", "vanished", "time"),
        ("R", "data", "vanished", "data"),
        ("R", "cured", "appeared", "data"),
    }


def test_a_correction_of_the_same_day_is_data(path) -> None:
    with book.open_for_writing(path) as con:
        first = snapshot_check.judge_snapshot(con, _policy_with_limit("100"), MONTH_STARTS[0]).run_id
        load_batch(
            con, "correction", MONTH_STARTS[0], {"stays": {"balance": 5, "current_maturity": MONTH_STARTS[11]}}, order=1
        )
        build_facts(con, MONTH_STARTS[0])
        second = snapshot_check.judge_snapshot(con, _policy_with_limit("80"), MONTH_STARTS[0]).run_id
    reader = book.BookReader(path)
    found = diff.compare_runs(reader, first, second)
    reader.close()
    assert _difference_rows(found) == {("R", "stays", "vanished", "data"), ("R", "policy", "appeared", "policy")}


def test_runs_of_another_engine_are_refused(path) -> None:
    with book.open_for_writing(path) as con:
        snapshot_check.judge_snapshot(con, _policy_with_limit("100"), MONTH_STARTS[0])
        snapshot_check.judge_snapshot(con, _policy_with_limit("100"), MONTH_STARTS[1])
        con.execute("UPDATE runs SET engine_version = 'older' WHERE as_of = ?", [MONTH_STARTS[0]])
        ids = [run.run_id for run in store.list_runs(con)]
    reader = book.BookReader(path)
    with pytest.raises(InputError, match="judged by engine older"):
        diff.compare_runs(reader, *ids)
    reader.close()


def test_the_command_says_each_cause(path, capsys) -> None:
    with book.open_for_writing(path) as con:
        ids = [snapshot_check.judge_snapshot(con, _policy_with_limit("100"), day).run_id for day in MONTH_STARTS[:2]]
    assert main(["diff", *ids, "--book", str(path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["order"] == ["time", "data", "policy"]
    assert said["violations"] == {
        "time": {"appeared": 1, "vanished": 0},
        "data": {"appeared": 1, "vanished": 1},
        "policy": {"appeared": 0, "vanished": 0},
    }
    assert main(["diff", *ids, "--book", str(path)]) == 0
    assert "appeared" in capsys.readouterr().out
