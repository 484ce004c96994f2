"""Every numeric and date rule is judged right one unit below, at and above its limit."""

from datetime import date
from decimal import Decimal

import pytest

from policy.model.records import Policy
from policy.runs import snapshot_check
from tests.policy import boundaries, exactness, small
from tests.policy.exactness import Exactness


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return snapshot_check.load()


@pytest.fixture(scope="module")
def judged(shipped: Policy) -> Exactness:
    return exactness.judge(shipped)


def test_engine_evaluator_and_the_comparator_agree_next_to_every_limit(judged: Exactness) -> None:
    assert judged.wrong == []
    assert judged.records > 20 * len(judged.sides)


def test_almost_every_limit_is_met_from_both_sides(judged: Exactness) -> None:
    """`python -m tests.policy.exactness` names the rules whose limit no record can meet."""
    assert len([*judged.without_limit, *judged.one_sided]) <= len(judged.sides) / 50


def test_a_ratio_exactly_at_its_limit_passes_and_one_fen_more_does_not() -> None:
    rule = {"unit": "", "measure": "balance / principal", "limit": "0.7"}
    policy = small.policy([rule])
    made = boundaries.Rule(policy, "R")
    made.seeds = [{"as_of": date(2024, 1, 1), "balance": Decimal(1), "principal": Decimal("100000.00")}]
    found = boundaries.at_the_limit(made)
    near = {side: {f["balance"] for f in some if f["principal"] == 100000} for side, some in found.items()}
    assert Decimal("70000.00") in near[0] and Decimal("70000.01") in near[1] and Decimal("69999.99") in near[-1]
    assert exactness.judge(policy).wrong == []


def test_a_date_is_tried_on_the_day_and_the_days_around_it() -> None:
    policy = small.policy([{"unit": "", "measure": "contract_date", "limit": "add_months(disbursed_on, 1)"}])
    made = boundaries.Rule(policy, "R")
    day = date(2024, 1, 31)
    made.seeds = [{"as_of": day, "contract_date": day, "disbursed_on": day}]
    tried = {f["contract_date"] for f in boundaries.of_rule(made) if f["disbursed_on"] == day}
    assert {date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)} <= tried
