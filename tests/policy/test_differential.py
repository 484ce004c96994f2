"""The engine says what the independent evaluator says: random policies, and the shipped rules on a demo book."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from data.demo import generator
from data.facts import derivation
from data.storage import book
from policy.engine.compiler import compile_subject
from policy.model import csv_reader
from policy.runs import snapshot_check
from tests.policy import differential
from tests.policy.comparing import compare, stored

EVERY_KIND = {
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
    differential.empty_facts(tmp_path / "book.duckdb")
    outcome = differential.Outcome()
    with book.writing(tmp_path / "book.duckdb") as con:
        for seed in range(12):
            differential.run(con, seed, 60, outcome)
    assert outcome.differ == []
    assert set(outcome.kinds) == EVERY_KIND


@pytest.fixture(scope="module")
def demo_book(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, date]]:
    path: Path = tmp_path_factory.mktemp("demo") / "book.duckdb"
    generator.build(path, 300, 1)
    with book.writing(path) as con:
        as_of = snapshot_check.pick_as_of(con, None)
        derivation.build(con, as_of)
        yield con, as_of


@pytest.mark.parametrize("today", [False, pytest.param(True, marks=pytest.mark.long)])
def test_shipped_rules_on_a_demo_book(demo_book, today: bool) -> None:
    """All records of every subject: verdict, reason, missing field, measured value and limit; and what is stored."""
    con, as_of = demo_book
    policy, texts = snapshot_check.load(), csv_reader.read_texts(csv_reader.SHIPPED)
    run = snapshot_check.judge(con, policy, as_of, today=today)
    verdicts = 0
    for subject in policy.subjects:
        compared = compare(con, compile_subject(policy, subject, today=today), texts, as_of, today=today)
        assert compared.differ == []
        assert stored(con, run.run_id, subject, compared) == []
        verdicts += compared.verdicts
    assert verdicts == sum(sum(rule.counts.values()) for rule in run.rules) > 300 * len(policy.of_subject("loan"))
