"""Every numeric and date rule is judged right one unit below, at and above its limit."""

from datetime import date
from decimal import Decimal

import pytest

from policy.model.records import Policy
from tests.policy import policy_builder
from tests.policy.tables import boundary_records, exactness
from tests.policy.tables.exactness import ExactnessReport
from tests.shipped_policy import POLICY


@pytest.fixture(scope="module")
def shipped_policy() -> Policy:
    return POLICY


@pytest.fixture(scope="module")
def exactness_report(shipped_policy: Policy) -> ExactnessReport:
    return exactness.judge_boundaries(shipped_policy)


def test_engine_evaluator_and_the_comparator_agree_next_to_every_limit(exactness_report: ExactnessReport) -> None:
    assert exactness_report.misjudged == []
    assert exactness_report.records > 20 * len(exactness_report.sides)


def test_almost_every_limit_is_met_from_both_sides(exactness_report: ExactnessReport) -> None:
    """`python -m tests.policy.tables.exactness` names the rules whose limit no record can meet."""
    assert (
        len([*exactness_report.never_at_limit, *exactness_report.seen_from_one_side])
        <= len(exactness_report.sides) / 50
    )


def test_a_ratio_exactly_at_its_limit_passes_and_one_fen_more_does_not() -> None:
    rule = {"unit": "", "measure": "balance / principal", "limit": "0.7"}
    policy = policy_builder.build_policy([rule])
    made = boundary_records.RuleAnalysis(policy, "R")
    made.seeds = [{"as_of": date(2024, 1, 1), "balance": Decimal(1), "principal": Decimal("100000.00")}]
    found = boundary_records.records_by_side(made)
    near = {side: {f["balance"] for f in some if f["principal"] == 100000} for side, some in found.items()}
    assert Decimal("70000.00") in near[0] and Decimal("70000.01") in near[1] and Decimal("69999.99") in near[-1]
    assert exactness.judge_boundaries(policy).misjudged == []


def test_a_date_is_tried_on_the_day_and_the_days_around_it() -> None:
    policy = policy_builder.build_policy(
        [{"unit": "", "measure": "contract_date", "limit": "add_months(disbursed_on, 1)"}]
    )
    made = boundary_records.RuleAnalysis(policy, "R")
    day = date(2024, 1, 31)
    made.seeds = [{"as_of": day, "contract_date": day, "disbursed_on": day}]
    tried = {f["contract_date"] for f in boundary_records.boundary_records(made) if f["disbursed_on"] == day}
    assert {date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)} <= tried
