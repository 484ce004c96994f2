"""What changed since an opening snapshot, worked out by hand from its moves."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from data.queries import composition, migration, portfolio_changes
from data.queries.portfolio_changes import LoanSum

FIRST, SECOND = date(2026, 9, 30), date(2026, 10, 31)
COLUMNS = ["branch_id", "origin", "fate", "class_before", "class_after", "late_before", "late_after", "loans"]
ROWS = [
    ("01", "running", "running", "pass", "loss", "current", "d30", 2, 100, 90),
    ("01", "running", "running", "loss", "pass", "d30", "current", 1, 40, 30),
    ("02", "running", "running", "pass", "pass", "current", "current", 5, 500, 480),
    ("02", "running", "settled", "pass", None, "current", None, 1, 60, None),
    ("02", "running", "transferred", "loss", None, "d30", None, 1, 10, None),
    ("03", "new", "running", None, "pass", None, "current", 3, None, 200),
]


@pytest.fixture
def moves() -> pl.DataFrame:
    frame = pl.DataFrame(ROWS, schema=[*COLUMNS, "balance_before", "balance_after"], orient="row")
    return frame.with_columns(pl.col("balance_before", "balance_after").cast(pl.Decimal(18, 2)))


def test_the_balance_is_new_loans_less_ended_ones_and_the_net_of_the_rest(moves):
    change = portfolio_changes.sum_balance_change(moves)
    assert (change.before, change.after, change.change) == (710, 800, 90)
    assert (change.new, change.ended) == (LoanSum(3, Decimal(200)), LoanSum(2, Decimal(70)))
    assert change.net == -40
    assert change.before + change.new.amount - change.ended.amount + change.net == change.after


def test_loans_move_into_and_out_of_the_non_performing_classes(moves):
    npl = portfolio_changes.sum_npl_change(moves, ["loss"])
    assert (npl.before, npl.after, npl.change) == (50, 90, 40)
    assert (npl.into, npl.out) == (LoanSum(2, Decimal(90)), LoanSum(2, Decimal(50)))
    assert dict(npl.by_branch.iter_rows()) == {"01": 50, "02": -10, "03": 0}


def test_new_arrears_were_not_overdue_before(moves):
    assert portfolio_changes.sum_new_arrears(moves, "current") == LoanSum(2, Decimal(90))
    assert portfolio_changes.sum_new_arrears(moves.tail(4), "current") is None


def test_the_main_branches_moved_with_the_whole():
    changes = pl.DataFrame({"branch_id": ["01", "02", None], "change": [Decimal(5), Decimal(-20), Decimal(9)]})
    assert portfolio_changes.find_main_branches(changes, Decimal(-6), 3) == [("02", -20)]
    assert portfolio_changes.find_main_branches(changes, Decimal(6), 1) == [(None, 9)]
    assert portfolio_changes.find_main_branches(changes, Decimal(0), 3) == []
    assert portfolio_changes.find_main_branches(changes.head(1), Decimal(5), 3) == []


def test_the_shares_of_a_matrix_row_sum_to_one(moves):
    cells = migration.compute_matrix(moves, "class_before", "class_after").sort("start_code", "end_code")
    assert cells.select("start_code", "end_code", "loans", "balance").rows() == [
        ("loss", "gone", 1, 10),
        ("loss", "pass", 1, 40),
        ("pass", "loss", 2, 100),
        ("pass", "pass", 5, 500),
        ("pass", "settled", 1, 60),
    ]
    assert cells["share"].to_list() == pytest.approx([0.2, 0.8, 100 / 660, 500 / 660, 60 / 660])


def build_vintages(*rows: tuple[date, date, int, int, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["cohort", "as_of", "loans", "principal", "bad"], orient="row")


def test_a_vintage_is_the_part_of_the_principal_that_went_bad_by_age():
    cohort, old = date(2026, 7, 1), date(2020, 1, 1)
    vintages = build_vintages(
        (cohort, FIRST, 50, 1000, 0),
        (cohort, SECOND, 50, 1000, 100),
        (date(2026, 10, 1), SECOND, 60, 400, 10),
        (date(2026, 4, 1), SECOND, 3, 100, 100),  # too few loans
        (old, SECOND, 90, 100, 100),  # lent before the first snapshot
    )
    curves = migration.compute_vintage_curves(vintages, SECOND, 50, 8)
    assert curves.select("cohort", "age", "value").rows() == [
        (cohort, 2, 0),
        (cohort, 3, 0.1),
        (date(2026, 10, 1), 0, 0.025),
    ]
    assert migration.count_thin_cohorts(vintages, SECOND, 50) == 1
    assert migration.compute_vintage_curves(vintages, SECOND, 90, 8)["cohort"].to_list() == [old]
    assert migration.compute_vintage_curves(vintages.clear(), SECOND, 1, 8).is_empty()


def test_the_balance_by_class_is_that_of_the_snapshots_up_to_the_day():
    history = pl.DataFrame(
        [(FIRST, "pass", 10, 1), (FIRST, "pass", 5, 1), (FIRST, None, 0, 0), (SECOND, "loss", 7, 1)],
        schema=["as_of", "classification", "balance", "valued"],
        orient="row",
    )
    assert migration.sum_by_class(history, FIRST).rows() == [(FIRST, "pass", 15, 2)]
    assert migration.sum_by_class(history, SECOND).height == 2


def test_a_breakdown_has_shares_of_the_whole_and_ratios_of_what_is_graded():
    sums = pl.DataFrame(
        [("b", 3, 3, 75, 15, 60), (None, 1, 1, 25, 0, 0), ("a", 2, 0, 0, 0, 0)],
        schema=["value", "loans", "valued", "balance", "npl_balance", "classified_balance"],
        orient="row",
    )
    assert composition.compute_breakdown(sums).rows() == [
        ("b", 3, 75, 0.75, 0.25),
        (None, 1, 25, 0.25, None),
        ("a", 2, None, None, None),  # no loan states a balance
    ]
    ordered = composition.compute_breakdown(sums, ("a", "b", "c"))
    assert ordered["value"].to_list() == ["a", "b", "c", None]
    assert ordered.row(2) == ("c", 0, 0, 0, None)
    assert composition.compute_breakdown(sums.head(1), ("b",))["value"].to_list() == ["b"]
