"""The weighted trend and the movement totals, worked out by hand."""

from datetime import date

import polars as pl

from policy.violations import trend
from policy.violations.trend import MovementTotals

FIRST, SECOND = date(2026, 9, 30), date(2026, 10, 31)
RULES = pl.DataFrame(
    {"rule_id": ["R1", "R2"], "severity": ["high", "low"], "rank": [1, 3], "weight": [5.0, 1.0]},
)
COUNTED = pl.DataFrame(
    [(FIRST, "R1", 2, 100), (FIRST, "R2", 5, 100), (SECOND, "R1", 1, 200), (SECOND, "GONE", 4, 200)],
    schema=["as_of", "rule_id", "violations", "loans"],
    orient="row",
)


def weigh() -> pl.DataFrame:
    return trend.add_weights(COUNTED, RULES, "info", 5)


def test_violations_weigh_as_their_severity_and_those_of_a_rule_no_more_nothing():
    assert trend.sum_by_severity(weigh()).rows() == [
        (FIRST, "high", 1, 2, 10, 100, 10),
        (FIRST, "low", 3, 5, 5, 100, 5),
        (SECOND, "high", 1, 1, 5, 200, 2.5),
        (SECOND, "info", 5, 4, 0, 200, 0),
    ]


def test_points_are_the_weight_a_hundred_loans():
    assert trend.sum_by_day(weigh()).rows() == [(FIRST, 7, 15, 100, 15), (SECOND, 5, 5, 200, 2.5)]


def test_bars_are_parts_of_the_highest():
    first, second = trend.build_bars(weigh(), ("high", "low", "info"), 13)
    assert (first.as_of, first.points, first.parts) == (FIRST, 15, (10 / 15, 5 / 15, 0))
    assert (second.points, second.parts) == (2.5, (2.5 / 15, 0, 0))
    assert [bar.as_of for bar in trend.build_bars(weigh(), ("high",), 1)] == [SECOND]


def test_opening_plus_what_came_minus_what_left_is_closing():
    totals = trend.sum_movements({"persisting": 10, "new": 3, "reopened": 1, "cured": 2, "unknown": 4})
    assert totals == MovementTotals(opening=16, came=4, left=6, closing=14)
    assert trend.sum_movements({}) == MovementTotals(0, 0, 0, 0)
