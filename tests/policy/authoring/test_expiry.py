"""Rows about to end are warned of 90 days before, by the check too."""

from datetime import date

import pytest

from policy.__main__ import main
from policy.authoring.expiry import find_expiring_rows
from tests.policy import policy_builder, sample_books
from tests.policy.snapshot_histories import write_tables


@pytest.mark.parametrize(
    ("as_of", "warned"),
    [
        (date(2024, 9, 30), False),
        (date(2024, 10, 2), False),
        (date(2024, 10, 3), True),
        (date(2024, 12, 31), True),
        (date(2025, 1, 1), False),
    ],
)
def test_ninety_days_and_not_one_more(as_of, warned) -> None:
    policy = policy_builder.build_policy([{"effective_to": "2024-12-31"}])
    found = [str(problem) for problem in find_expiring_rows(policy, as_of)]
    assert bool(found) == warned
    assert all("R ends on 2024-12-31" in problem and "Add what follows" in problem for problem in found)


def test_a_row_that_another_follows_says_so() -> None:
    rows = [{"effective_to": "2024-12-31"}, {"effective_from": "2024-12-31"}]
    (problem,) = find_expiring_rows(policy_builder.build_policy(rows), date(2024, 12, 1))
    assert "check it" in problem.fix


def test_the_check_warns_on_stderr(tmp_path, capsys) -> None:
    tables = write_tables(tmp_path / "tables", policy_builder.policy_texts([{"effective_to": "2024-08-01"}]))
    path = sample_books.make_book(tmp_path / "b.duckdb", {"L": {"balance": 1}})
    assert main(["check", "--tables", str(tables), "--book", str(path), "--json"]) == 0
    shown = capsys.readouterr()
    assert "R ends on 2024-08-01, 32 days after 2024-06-30" in shown.err and "ends on" not in shown.out
    assert main(["check", "--all", "--as-of", "2024-06-30", "--book", str(path)]) == 2
