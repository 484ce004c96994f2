"""Before and after a training session, added up by hand."""

from datetime import date

import polars as pl
import pytest

from policy.monitoring import training_effect
from policy.monitoring.training_effect import EffectThresholds

HELD_ON = date(2026, 6, 1)
THRESHOLDS = EffectThresholds(months=6, thin_loans=30, thin_managers=3)


@pytest.fixture
def counted() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "as_of": [date(2026, month, 1) for month in (5, 5, 8, 8, 10, 10)],
            "trained": [True, False] * 3,
            "managers": [2, 1] * 3,
            "loans": [10, 100, 20, 100, 30, 100],
            "violations": [5, 10, 6, 20, 4, 30],
        }
    )


def test_before_and_after_are_added_up_over_the_snapshots(counted):
    compared = training_effect.compare_before_and_after(counted, HELD_ON)
    trained, untrained = compared.rows(named=True)
    assert (trained["rate_before"], trained["rate_after"], trained["rate_change"]) == (50, 20, -30)
    assert (untrained["rate_before"], untrained["loans_after"], untrained["rate_after"]) == (10, 200, 25)
    assert training_effect.compare_changes(compared) == (-30, 15)
    assert training_effect.compare_changes(compared.filter("trained")) is None


def test_rates_are_violations_a_hundred_loans(counted):
    assert training_effect.add_rates(counted)["rate"].to_list() == pytest.approx([50, 10, 30, 20, 40 / 3, 30])


@pytest.mark.parametrize(("loans", "managers", "thin"), [(30, 3, False), (29, 3, True), (30, 2, True)])
def test_a_side_is_thin_with_few_loans_or_managers(loans, managers, thin):
    compared = pl.DataFrame({"loans_after": [1000, loans], "managers": [50, managers]})
    assert training_effect.is_thin(compared, THRESHOLDS) is thin


def test_only_runs_near_the_session_are_compared():
    days = [date(2025, 11, 1), date(2025, 12, 1), date(2026, 5, 31), HELD_ON, date(2026, 6, 2), date(2026, 12, 31)]
    runs = pl.DataFrame({"as_of": days, "run_id": list("ABCDEF")})
    before, after = training_effect.split_runs(runs, HELD_ON, 6)
    assert (before["run_id"].to_list(), after["run_id"].to_list()) == (["B", "C"], ["E"])
