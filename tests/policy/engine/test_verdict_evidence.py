"""A stored violation of any subject can be rebuilt with its evidence."""

from pathlib import Path

import pytest

from data.queries import snapshots
from data.storage import book
from policy.engine import verdict_evidence
from tests import shared_books
from tests.shipped_policy import POLICY


@pytest.fixture(scope="module")
def checked_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared_books.copy_checked_demo_book(tmp_path_factory, 500)


ONE_VIOLATION_PER_SUBJECT = """SELECT subject, subject_id, rule_id, measured, limit_value FROM violations
    QUALIFY row_number() OVER (PARTITION BY subject ORDER BY rule_id, subject_id) = 1 ORDER BY subject"""


def test_one_violation_of_each_subject(checked_book: Path):
    with book.open_for_reading(checked_book) as con:
        as_of = snapshots.resolve_snapshot(con, None)
        stored = con.execute(ONE_VIOLATION_PER_SUBJECT).fetchall()
        assert {"loan", "borrower", "staff", "training", "branch"} <= {row[0] for row in stored}
        for subject, subject_id, rule_id, measured, limit in stored:
            found = verdict_evidence.verdicts_of_subject(con, POLICY, as_of, subject, subject_id)
            line = next(verdict for verdict in found if verdict.rule_id == rule_id)
            assert (line.verdict, line.measured, line.limit) == ("violation", measured, limit), (subject, rule_id)
            assert line.inputs


def test_both_ways_to_a_loan_agree(checked_book: Path):
    with book.open_for_reading(checked_book) as con:
        as_of = snapshots.resolve_snapshot(con, None)
        loan = con.execute("SELECT loan_id FROM facts_loan WHERE is_running ORDER BY loan_id LIMIT 1").fetchall()[0][0]
        own = [line for line in verdict_evidence.verdicts_of_loan(con, POLICY, as_of, loan) if line.subject == "loan"]
        assert verdict_evidence.verdicts_of_subject(con, POLICY, as_of, "loan", loan) == own


def test_an_unknown_record_has_no_verdicts(checked_book: Path):
    with book.open_for_reading(checked_book) as con:
        as_of = snapshots.resolve_snapshot(con, None)
        assert verdict_evidence.verdicts_of_subject(con, POLICY, as_of, "staff", "nobody") == []
