"""Days and numbers that nothing can hold: that record is not assessable, and a rule of which no value can be is named."""

from datetime import date

import pytest

from data.errors import LoanlightError
from data.storage import book
from policy.runs import snapshot_check
from tests.policy import policy_builder, sample_books

OPENED, AS_OF = date(2024, 1, 1), sample_books.AS_OF
LOANS = {
    "FAR": {
        "balance": 100,
        "principal": 100,
        "currency": "CNY",
        "disbursed_on": OPENED,
        "days_past_due": 2_147_483_647,
    },
    "NEAR": {"balance": 100, "principal": 100, "currency": "CNY", "disbursed_on": OPENED, "days_past_due": 3},
}


def check(tmp_path, measure: str, limit: str) -> dict[str, int]:
    """The verdicts of one rule over the loans."""
    rule = {"measure": measure, "limit": limit, "comparator": "<=", "unit": "", "scope": "", "act_date": "as_of"}
    policy = policy_builder.build_policy([rule])
    path = sample_books.make_book(tmp_path / "b.duckdb", LOANS)
    with book.open_for_writing(path) as con:
        (counts,) = snapshot_check.build_facts_and_judge(con, policy, AS_OF).rules
    return {verdict: count for verdict, count in counts.counts.items() if count}


@pytest.mark.parametrize(
    ("measure", "limit", "verdicts"),
    [
        ("add_days(disbursed_on, days_past_due)", "as_of", {"pass": 1, "not_assessable": 1}),
        ("add_months(disbursed_on, 999999999)", "as_of", {"not_assessable": 2}),
        ("add_days(disbursed_on, 99999999999)", "as_of", {"not_assessable": 2}),
        ("add_months(disbursed_on, 95000)", "as_of", {"violation": 2}),
        ("add_months(disbursed_on, 96000)", "as_of", {"not_assessable": 2}),
    ],
)
def test_a_day_beyond_the_calendar_is_unknown_for_that_record_alone(measure, limit, verdicts, tmp_path) -> None:
    assert check(tmp_path, measure, limit) == verdicts


def test_a_rule_that_cannot_be_computed_is_named_with_its_row(tmp_path) -> None:
    with pytest.raises(LoanlightError, match=r"Rule R \(rules/test.csv, row 2.*cannot be computed") as caught:
        check(tmp_path, "balance * 99999999999999999999999999999999999", "1")
    assert "无法计算" in caught.value.args[0].zh
