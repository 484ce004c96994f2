"""The engine says what the independent evaluator says: random policies, and the shipped rules on a demo book."""

from collections.abc import Iterator
from datetime import date

import duckdb
import pytest

from data.queries import snapshots
from data.storage import book
from policy.engine.compiler import compile_subject
from policy.model import table_folder
from policy.runs import snapshot_check
from tests import shared_books
from tests.policy.engine import differential
from tests.policy.engine.engine_comparison import compare_stored, compare_verdicts
from tests.shipped_policy import POLICY

ALL_VERDICT_KINDS = {
    "pass",
    "violation",
    "not_applicable",
    "missing_field",
    "no_limit_row",
    "no_rule_in_force",
    "zero_divisor",
    "undetermined",
}


def test_random_policies_over_random_loans(tmp_path) -> None:
    differential.make_empty_book(tmp_path / "book.duckdb")
    outcome = differential.DifferentialResult()
    with book.open_for_writing(tmp_path / "book.duckdb") as con:
        for seed in range(12):
            differential.run_seed(con, seed, 60, outcome)
    assert outcome.differences == []
    assert set(outcome.verdict_kinds) == ALL_VERDICT_KINDS


@pytest.fixture(scope="module")
def demo_book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, date]]:
    path = shared_books.copy_demo_book(tmp_path_factory, 300)
    with book.open_for_writing(path) as con:
        as_of = snapshots.resolve_snapshot(con, None)
        yield con, as_of


@pytest.mark.parametrize("today", [False, pytest.param(True, marks=pytest.mark.long)])
def test_shipped_rules_on_a_demo_book(demo_book, today: bool) -> None:
    """All records of every subject: verdict, reason, missing field, measured value and limit; and what is stored."""
    con, as_of = demo_book
    texts = table_folder.read_texts(table_folder.SHIPPED_TABLES)
    run = snapshot_check.judge_snapshot(con, POLICY, as_of, today=today)
    verdicts = 0
    for subject in POLICY.subjects:
        compared = compare_verdicts(con, compile_subject(POLICY, subject, today=today), texts, as_of, today=today)
        assert compared.differences == []
        assert compare_stored(con, run.run_id, subject, compared) == []
        verdicts += compared.verdicts
    assert verdicts == sum(sum(rule.counts.values()) for rule in run.rules) > 300 * len(POLICY.rules_of_subject("loan"))
