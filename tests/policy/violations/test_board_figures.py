"""The figures of the board report, worked out by hand."""

from decimal import Decimal

import polars as pl
import pytest

from policy.violations import board_figures

CUBE = pl.DataFrame(
    [
        ("critical", "new", 3),
        ("high", "persisting", 4),
        ("low", "persisting", 5),
        ("low", "reopened", 1),
        (None, "returned", 2),  # of a rule that the policy no longer has
        ("high", "cured", 6),
        ("low", "unknown", 7),
    ],
    schema=["severity", "movement", "violations"],
    orient="row",
)
AFFECTED = {"loans": 40, "balance": Decimal(1000), "loans_hit": 10, "balance_hit": Decimal(125)}


def test_violations_are_those_open_at_the_run():
    figures = board_figures.compute_figures(CUBE, AFFECTED)
    assert (figures.violations, figures.severe) == (15, 7)
    assert (figures.came, figures.left, figures.opening) == (6, 13, 22)
    assert figures.moved["cured"] == 6
    assert figures.by_severity == {"critical": 3, "high": 4, "low": 6, None: 2}
    assert figures.moved_by_severity["low", "unknown"] == 7
    assert figures.share_of_severity("low") == 6 / 15
    assert figures.share_of_severity("medium") == 0


def test_without_an_earlier_run_all_violations_count():
    figures = board_figures.compute_figures(CUBE.with_columns(movement=pl.lit(None, pl.String)), AFFECTED)
    assert (figures.violations, figures.moved, figures.came, figures.left) == (28, {}, 0, 0)


def test_affected_loans_are_shares_of_the_book():
    affected = board_figures.compute_figures(CUBE, AFFECTED).affected
    assert (affected.loans, affected.balance) == (10, 125)
    assert (affected.share_of_loans, affected.share_of_balance) == (0.25, 0.125)


@pytest.mark.parametrize(
    ("row", "loans", "balance"),
    [
        ({"loans": 0, "balance": None, "loans_hit": 0, "balance_hit": None}, None, None),
        ({"loans": 2, "balance": Decimal(0), "loans_hit": 1, "balance_hit": Decimal(0)}, 0.5, None),
        ({"loans": 2, "balance": Decimal(5), "loans_hit": 1, "balance_hit": None}, 0.5, None),
    ],
)
def test_a_share_of_nothing_or_of_the_unknown_is_unknown(row, loans, balance):
    affected = board_figures.compute_figures(CUBE, row).affected
    assert (affected.share_of_loans, affected.share_of_balance) == (loans, balance)
