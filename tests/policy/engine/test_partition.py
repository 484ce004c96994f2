"""Every record gets exactly one verdict of every rule, and the engine refuses to store a run in which one does not."""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from data.errors import LoanlightError
from data.queries import snapshots
from data.storage import book
from policy.engine import batch
from policy.runs import snapshot_check
from tests import shared_books
from tests.policy import policy_builder, sample_books
from tests.shipped_policy import POLICY


def test_verdicts_add_up_to_the_subjects_in_all_and_in_each_branch(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a demo book, every rule of every subject."""
    path = shared_books.copy_demo_book(tmp_path_factory, 500)
    with book.open_for_writing(path) as con:
        as_of = snapshots.resolve_snapshot(con, None)
        run = snapshot_check.judge_snapshot(con, POLICY, as_of)
        for rule in run.rules:
            assert sum(rule.counts.values()) == run.subjects[rule.subject], rule.rule_id
        for subject in POLICY.subjects:
            _assert_branches_add_up(con, run.run_id, subject, as_of)


def _assert_branches_add_up(con: duckdb.DuckDBPyConnection, run_id: str, subject: str, as_of: date) -> None:
    held = dict(
        con.execute(f"SELECT branch_id, count(*) FROM facts_{subject} WHERE as_of = ? GROUP BY 1", [as_of]).fetchall()
    )
    counted = con.execute(
        "SELECT rule_id, branch_id, sum(subjects) FROM run_counts WHERE run_id = ? AND subject = ? GROUP BY ALL",
        [run_id, subject],
    ).fetchall()
    assert counted or not held
    assert all(count == held[branch] for _, branch, count in counted)


@pytest.mark.parametrize(
    "fault",
    [
        "DELETE FROM verdict_counts WHERE rowid = (SELECT min(rowid) FROM verdict_counts)",
        "UPDATE verdict_counts SET subjects = subjects + 1 WHERE rowid = (SELECT min(rowid) FROM verdict_counts)",
        "UPDATE verdict_counts SET branch_id = 'B2' WHERE rowid = (SELECT min(rowid) FROM verdict_counts)",
    ],
)
def test_a_run_whose_counts_do_not_add_up_is_refused(tmp_path: Path, monkeypatch, fault: str) -> None:
    """A lost verdict, one too many, and one that moved to another branch."""
    loans = {f"L{n}": {"balance": 50 + 40 * n, "branch_id": f"B{n}"} for n in range(3)}
    path = sample_books.make_book(tmp_path / "book.duckdb", loans)
    count = batch._store_counts

    def faulty(con: duckdb.DuckDBPyConnection, *arguments: object) -> None:
        count(con, *arguments)  # type: ignore[arg-type]
        con.execute(fault)

    monkeypatch.setattr(batch, "_store_counts", faulty)
    with book.open_for_writing(path) as con, pytest.raises(LoanlightError, match="Rule R"):
        snapshot_check.judge_snapshot(con, policy_builder.build_policy([{}]), sample_books.AS_OF)
