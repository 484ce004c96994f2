"""Upcoming maturities: windows, calendar, and the days not to be missed, worked out by hand."""

import pytest
from hand_book import NOW

from data import book, portfolio
from pages.ui import maturing

WINDOWS = {
    "zh": [("已过到期日", "30万", "1 笔"), ("7天内", "100万", "1 笔"), ("30天内", "100万", "1 笔"),
           ("90天内", "150万", "2 笔"), ("180天内", "150万", "2 笔"), ("365天内", "175万", "3 笔")],
    "en": [("Past maturity", "300K", "Loans: 1"), ("Within 7 days", "1M", "Loans: 1"), ("Within 30 days", "1M", "Loans: 1"),
           ("Within 90 days", "1.5M", "Loans: 2"), ("Within 180 days", "1.5M", "Loans: 2"), ("Within 365 days", "1.75M", "Loans: 3")],
}  # fmt: skip


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_windows_are_cumulative(hand_book, opened, lang):
    app = opened("upcoming_maturities", lang)
    assert [(card.label, card.value, card.delta) for card in app.metric] == WINDOWS[lang]


def _list(app) -> dict[str, dict]:
    return {row["loan_id"]: row for row in app.dataframe[-1].value.to_dict("records")}


def test_days_not_to_be_missed(hand_book, opened):
    """Medium: apply 20 days before, notice a month before; short: 10 days and a week. As of 2026-10-31."""
    loans = _list(opened("upcoming_maturities", "en", window="d365"))
    assert list(loans) == ["L1", "L6", "L2", "L7"]
    days = {
        loan: (str(row["apply_by"])[:10], row["apply_state"], str(row["notice_by"])[:10]) for loan, row in loans.items()
    }
    assert days["L1"] == ("2026-10-16", "15 days ago", "2026-10-05")
    assert days["L2"] == ("2027-01-05", "in 66 days", "2027-01-08")
    assert days["L7"] == ("2027-05-12", "in 193 days", "2027-05-01")


def test_the_window_stands_in_the_address(hand_book, opened):
    app = opened("upcoming_maturities", "zh", window="past")
    assert list(_list(app)) == ["L3"]
    app.main.segmented_control[0].set_value("d7").run()
    assert app.query_params["window"] == "d7"
    assert list(_list(app)) == ["L1"]


def test_what_is_late_is_counted(hand_book, opened):
    app = opened("upcoming_maturities", "en", window="d30")
    assert app.text[0].value.startswith("Loans: 1. For 1 the day to apply for an extension has passed")


def test_the_calendar_has_the_year_to_come(hand_book, opened):
    with book.reading(hand_book) as cursor:
        days = portfolio.distribution(cursor, NOW, "CNY", "current_maturity")
    found = maturing.calendar_of(days, NOW)
    assert found.select("month", "day_of_month", "balance", "loans").rows() == [
        ("2026-11", 5, 1_000_000, 1), ("2027-01", 15, 500_000, 1), ("2027-06", 1, 250_000, 1),
    ]  # fmt: skip
