"""Duties of a week: what the rules, the last days to apply and the dates that run out ask for, and by when."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from data.errors import LoanlightError
from data.storage import book
from policy.extensions import deadlines
from policy.monitoring import duties, ticklers
from tests.policy.sample_books import AS_OF, make_book
from tests.shipped_policy import POLICY

HORIZON_DAYS = 60
LOAN = {
    "borrower_id": "B1",
    "product_code": "working_capital",
    "guarantee_type": "mortgage",
    "principal": 1000,
    "balance": 60,
    "disbursed_on": date(2023, 8, 10),
    "original_maturity": date(2024, 8, 10),
    "extension_count": 0,
    "branch_id": "BR",
    "current_maturity": date(2024, 8, 10),
    "classification": "normal",
    "days_past_due": 0,
    "officer_id": "O1",
}
LATER = {"original_maturity": date(2026, 7, 10), "current_maturity": date(2026, 7, 10)}
LOANS = {
    "matures": LOAN,
    "long": LOAN | LATER,
    "settled": LOAN | LATER | {"status": "settled", "balance": 0},
}
OTHERS = [
    (
        "guarantees",
        {
            "guarantee_id": "G-long",
            "loan_id": "long",
            "kind": "mortgage",
            "rank": 1,
            "appraised_value": 100,
            "collateral_type": "residential_property",
            "registration_date": date(2023, 7, 1),
            "valuation_date": date(2023, 8, 1),
        },
    ),
    (
        "guarantees",
        {"guarantee_id": "P-long", "loan_id": "long", "kind": "pledge", "pledge_maturity": date(2024, 7, 20)},
    ),
    (
        "guarantees",
        {"guarantee_id": "P-done", "loan_id": "settled", "kind": "pledge", "pledge_maturity": date(2024, 7, 20)},
    ),
    ("notices", {"loan_id": "long", "kind": "collection", "notice_date": date(2024, 4, 10)}),
    ("borrowers", {"borrower_id": "B1", "borrower_type": "E", "name": "甲", "licence_valid_to": date(2024, 8, 15)}),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_book(tmp_path_factory.mktemp("duties") / "book.duckdb", LOANS, OTHERS)


@pytest.fixture(scope="module")
def due_dates(path: Path) -> dict[tuple[str, str], date]:
    with book.open_for_reading(path) as con:
        rows = duties.list_due_records(con, POLICY, AS_OF, HORIZON_DAYS)
    return {(row["duty"], row["subject_id"]): row["due_on"] for row in rows.to_dicts()}


@pytest.mark.parametrize(
    ("duty", "subject_id", "day"),
    [
        ("application", "matures", date(2024, 7, 31)),  # short: ten days before
        ("valuation", "G-long", date(2024, 8, 1)),  # twelve months after the last
        ("pledge", "P-long", date(2024, 7, 20)),
        ("licence", "B1", date(2024, 8, 15)),
    ],
)
def test_the_last_day(due_dates, duty, subject_id, day):
    assert due_dates[duty, subject_id] == day


def test_what_is_repaid_asks_for_nothing(due_dates):
    assert [key for key in due_dates if key[1] in ("settled", "P-done")] == []


def test_the_notice_is_due_on_the_day_that_the_list_says(path, due_dates):
    """The duty comes from judging each day ahead, the list's day from the bound of the rule: one answer."""
    with book.open_for_reading(path) as con:
        days = deadlines.compute_deadlines(con, POLICY, AS_OF, ("matures",)).row(0, named=True)
    assert days["apply_by"] == due_dates["application", "matures"]
    seed = date(2024, 7, 10)  # a month before, by the bank's own reading, which asks earlier than the law's week
    assert (days["notice_by"], due_dates["notice", "matures"]) == (date(2024, 8, 3), seed)


def test_the_rules_named_are_the_only_ones_judged(path):
    with book.open_for_reading(path) as con:
        whole = ticklers.find_upcoming_violations(con, POLICY, AS_OF, HORIZON_DAYS)
        some = ticklers.find_upcoming_violations(con, POLICY, AS_OF, HORIZON_DAYS, frozenset({"ELI-LICENCE"}))
    assert some.rows() == whole.filter(whole["rule_id"] == "ELI-LICENCE").rows() != []


def test_nothing_lies_outside_the_days_asked_for(path):
    with book.open_for_reading(path) as con:
        rows = duties.list_due_records(con, POLICY, AS_OF, 30)
    assert rows["due_on"].is_between(AS_OF, AS_OF + timedelta(30)).all()
    assert rows.height


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("notice,NO-SUCH,loan,", "'NO-SUCH' is not a rule about a loan"),
        ("notice,POST-NOTICE,borrower,", "'POST-NOTICE' is not a rule about a borrower"),
        ("pledge,,collateral,amount", "'amount' is not a date of a collateral"),
        ("pledge,,nobody,end", "'nobody' is not a subject"),
        ("pledge,COL-INSURANCE,collateral,end", "both rules and a field, or neither"),
        ("pledge,COL-INSURANCE", "2 cells under 4 columns"),
    ],
)
def test_a_wrong_row_is_named(row, said):
    changed = replace(POLICY, texts=POLICY.texts | {duties.TABLE: f"duty,rules,subject,field\n{row}\n"})
    with pytest.raises(LoanlightError, match="row 2") as error:
        duties.load_duties(changed)
    assert said in str(error.value)
