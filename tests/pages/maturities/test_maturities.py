"""Upcoming maturities: windows, calendar, list, and the days not to be missed, worked out by hand."""

from datetime import date

import pytest

from data.queries import maturities
from data.queries.maturities import MaturityScope
from data.storage import book
from pages.ui.maturities import calendar, duties
from policy.extensions import deadlines
from tests.pages.seven_loan_book import SNAPSHOT_DATE
from tests.shipped_policy import POLICY

WINDOWS = {
    "zh": [
        ("已过到期日", "30万元", "1 笔"),
        ("7天内", "100万元", "1 笔"),
        ("30天内", "100万元", "1 笔"),
        ("90天内", "150万元", "2 笔"),
        ("180天内", "150万元", "2 笔"),
        ("365天内", "175万元", "3 笔"),
    ],
    "en": [
        ("Past maturity", "300K", "Loans: 1"),
        ("Within 7 days", "1M", "Loans: 1"),
        ("Within 30 days", "1M", "Loans: 1"),
        ("Within 90 days", "1.5M", "Loans: 2"),
        ("Within 180 days", "1.5M", "Loans: 2"),
        ("Within 365 days", "1.75M", "Loans: 3"),
    ],
}
NOVEMBER = (date(2026, 11, 1), date(2026, 11, 30))


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_windows_are_cumulative(seven_loan_book, open_page, lang):
    app = open_page("upcoming_maturities", lang)
    assert [(card.label, card.value, card.delta) for card in app.metric] == WINDOWS[lang]


def test_a_branch_has_its_own_figures(seven_loan_book, open_page):
    app = open_page("upcoming_maturities", "zh", branch_id="002", window="d365")
    assert [card.delta for card in app.metric] == ["0 笔", "0 笔", "0 笔", "0 笔", "0 笔", "1 笔"]
    assert list(_listed_loans(app)) == ["L6", "L7"]


def _listed_loans(app) -> dict[str, dict]:
    return {row["loan_id"]: row for row in app.dataframe[-1].value.to_dict("records")}


def test_days_not_to_be_missed(seven_loan_book, open_page):
    """Medium: apply 20 days before, notice a month before; short: 10 days and a week. As of 2026-10-31."""
    loans = _listed_loans(open_page("upcoming_maturities", "en", window="d365"))
    assert list(loans) == ["L1", "L6", "L2", "L7"]
    days = {
        loan: (str(row["apply_by"])[:10], row["apply_state"], str(row["notice_by"])[:10]) for loan, row in loans.items()
    }
    assert days["L1"] == ("2026-10-16", "15 days ago", "2026-10-05")
    assert days["L2"] == ("2027-01-05", "in 66 days", "2027-01-08")
    assert days["L7"] == ("2027-05-12", "in 193 days", "2027-05-01")


def test_the_window_stands_in_the_address(seven_loan_book, open_page):
    app = open_page("upcoming_maturities", "zh", window="past")
    assert list(_listed_loans(app)) == ["L3"]
    next(control for control in app.main.segmented_control if control.label == "清单范围").set_value("d7").run()
    assert app.query_params["window"] == "d7"
    assert list(_listed_loans(app)) == ["L1"]


def test_a_day_of_the_calendar_stands_in_the_address(seven_loan_book, open_page):
    day = open_page("upcoming_maturities", "zh", month="2026-11", day="2026-11-05", window="day")
    assert list(_listed_loans(day)) == ["L1"]
    other = open_page("upcoming_maturities", "zh", month="2026-12", day="2026-11-05", window="day")
    assert "该期间没有到期贷款。" in [note.value for note in other.info], (
        "the day lies in another month: the month is shown"
    )


def test_what_is_late_is_counted(seven_loan_book, open_page):
    app = open_page("upcoming_maturities", "en", window="d30")
    assert app.text[0].value.startswith("Loans: 1. Extension application deadline passed: 1.")


def test_a_month_has_all_its_days(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        days = maturities.sum_by_maturity_day(cursor, SNAPSHOT_DATE, "CNY", MaturityScope())
    found = calendar.build_day_cells(days, NOVEMBER)
    assert found.height == 30
    due = found.filter(found["loans"] > 0)
    assert due.select("iso", "week", "weekday", "balance", "loans", "off").rows() == [
        ("2026-11-05", 1, "周四", 1_000_000, 1, False)
    ]
    assert found.filter(found["off"])["number"].to_list() == [1, 7, 8, 14, 15, 21, 22, 28, 29]


def test_holidays_and_worked_weekends_are_marked(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        days = maturities.sum_by_maturity_day(cursor, SNAPSHOT_DATE, "CNY", MaturityScope())
    october = calendar.build_day_cells(days, (date(2026, 10, 1), date(2026, 10, 31)))
    marks = dict(october.filter(october["mark"] != "").select("number", "mark").rows())
    weekends = (11, 17, 18, 24, 25, 31)
    assert marks == dict.fromkeys((*range(1, 8), *weekends), "休") | {10: "班"}


@pytest.mark.parametrize(("month", "said"), [("2026-11", False), ("2027-01", True)])
def test_a_year_that_is_not_announced_is_said(seven_loan_book, open_page, month, said):
    app = open_page("upcoming_maturities", "en", month=month)
    assert any("2027 public holiday schedule has not been announced" in note.value for note in app.warning) is said


def test_the_same_loan_has_the_same_days_alone_and_among_others(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        ids = maturities.list_loan_ids(cursor, SNAPSHOT_DATE, MaturityScope())
        together = deadlines.compute_deadlines(cursor, POLICY, SNAPSHOT_DATE, ids)
        alone = [
            deadlines.compute_deadlines(cursor, POLICY, SNAPSHOT_DATE, (loan,)).row(0) for loan in together["loan_id"]
        ]
    assert together.rows() == alone
    assert ids == ("L3", "L1", "L6", "L2", "L7", "L4")


def test_pages_of_the_list_make_up_the_whole(seven_loan_book):
    with book.open_for_reading(seven_loan_book) as cursor:
        whole = maturities.list_maturing_loans(cursor, SNAPSHOT_DATE, MaturityScope())
        parts = [
            maturities.list_maturing_loans(cursor, SNAPSHOT_DATE, MaturityScope(), 2, start)
            for start in range(0, whole.height, 2)
        ]
        counted = maturities.count_loans(cursor, SNAPSHOT_DATE, MaturityScope())
    assert [row for part in parts for row in part.rows()] == whole.rows()
    assert counted == {"loans": 6, "in_arrears": 3, "ahead": 5, "unsent": 5}


def test_weeks_begin_with_what_is_left_of_this_one():
    """Saturday 2026-10-31: the first week takes in the weekend and the working week after it."""
    weeks = [(week.first, week.last) for week in duties.list_weeks(SNAPSHOT_DATE).values()]
    assert weeks[:2] == [(SNAPSHOT_DATE, date(2026, 11, 8)), (date(2026, 11, 9), date(2026, 11, 15))]


def test_the_duties_of_the_week(seven_loan_book, open_page):
    app = open_page("upcoming_maturities", "en", show="duties")
    counts = {row["duty"]: row["total"] for row in app.dataframe[0].value.to_dict("records")}
    assert (
        sum(counts.values()) == app.dataframe[1].value.shape[0] if len(app.dataframe) > 1 else not any(counts.values())
    )
    assert set(counts) >= {"Maturity notice", "Extension application deadline", "Inspection", "Pledged asset matures"}
