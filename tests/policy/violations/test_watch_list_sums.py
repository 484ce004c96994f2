"""The early-warning list added up: by borrower, by signal, and in all."""

from decimal import Decimal

import polars as pl
import pytest

from policy.violations import watch_list

RULES = ("R1", "R2", "R3")


@pytest.fixture
def loans() -> pl.DataFrame:
    """B1 has two loans in yuan and one in dollars, B2 one."""
    return pl.DataFrame(
        {
            "loan_id": ["L1", "L2", "L3", "L4"],
            "borrower_id": ["B1", "B2", "B1", "B1"],
            "borrower_name": ["One", "Two", "One", "One"],
            "branch_id": ["01", "02", "01", "01"],
            "officer_id": ["O1", "O2", "O1", "O1"],
            "balance": [Decimal(100), Decimal(300), Decimal(50), Decimal(7)],
            "interest_overdue": [Decimal(1), None, Decimal(2), None],
            "currency": ["CNY", "CNY", "CNY", "USD"],
            "days_past_due": [5, None, 31, 1],
            "signals": [["R2"], ["R3"], ["R1", "R2"], ["R1"]],
            "is_new": [True, True, False, None],
        }
    )


def test_a_borrower_has_the_signals_of_all_its_loans_in_the_order_of_the_rules(loans):
    grouped = watch_list.group_by_borrower(loans, RULES)
    assert grouped.select("borrower_id", "currency", "loans", "balance", "days_past_due").rows() == [
        ("B1", "CNY", 2, 150, 31),
        ("B2", "CNY", 1, 300, None),
        ("B1", "USD", 1, 7, 1),
    ]
    assert grouped["signals"].to_list() == [["R1", "R2"], ["R3"], ["R1"]]
    assert grouped["is_new"].to_list() == [False, True, True]
    assert grouped["classification"].null_count() == 3


def test_a_signal_counts_the_loans_in_the_main_currency(loans):
    assert watch_list.sum_by_signal(loans, (*RULES, "R4"), "CNY").rows() == [
        ("R1", 1, 50),
        ("R2", 2, 150),
        ("R3", 1, 300),
        ("R4", 0, 0),
    ]
    assert watch_list.sum_by_signal(loans.clear(), RULES[:1], None).rows() == [("R1", 0, 0)]


def test_the_whole_list(loans):
    figures = watch_list.summarise_loans(loans, "CNY", has_previous=True)
    assert (figures.loans, figures.balance, figures.with_several_signals, figures.joined) == (4, 450, 1, 2)
    assert watch_list.summarise_loans(loans, "CNY", has_previous=False).joined is None
    assert watch_list.summarise_loans(loans.clear(), "CNY", has_previous=True).balance == 0
