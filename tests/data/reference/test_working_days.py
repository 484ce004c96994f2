"""Holidays and make-up days: the table against two libraries, and what follows from it.

When a new year is announced, raise the pin of chinesecalendar; the test below then prints the rows to paste.
"""

from datetime import date, timedelta

import chinese_calendar
import holidays
import pytest

from data.reference import working_days
from data.table_files import read_rows

FIRST_YEAR = 2024
NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
}
ANNOUNCED = sorted({day.year for day in chinese_calendar.constants.holidays if day.year >= FIRST_YEAR})


def _announced_days(year: int) -> list[tuple[str, str, str, str]]:
    """The days of one year that are not what their weekday says, or are a holiday, by chinesecalendar."""
    rows = []
    for day, kind in (
        (chinese_calendar.constants.holidays, "holiday"),
        (chinese_calendar.constants.workdays, "workday"),
    ):
        rows += [
            (str(d), kind, _chinese_name(name, kind), _english_name(name, kind))
            for d, name in day.items()
            if d.year == year
        ]
    return sorted(rows)


def _chinese_name(name: str, kind: str) -> str:
    return NAMES[name] + ("调休上班" if kind == "workday" else "")


def _english_name(name: str, kind: str) -> str:
    return f"Worked for {name}" if kind == "workday" else name


def _expected_days(year: int) -> list[tuple[str, str, str, str]]:
    """The statutory days of a year that is not announced yet, by holidays."""
    zh, en = holidays.CN(years=year, language="zh_CN"), holidays.CN(years=year, language="en_US")
    return sorted((str(day), "expected", zh[day], en[day]) for day in en)


def _table_days() -> list[tuple[str, str, str, str]]:
    return [(r["day"], r["kind"], r["zh"], r["en"]) for r in read_rows(working_days.HOLIDAYS_FILE)]


def test_the_table_is_what_two_libraries_say():
    wanted = [row for year in ANNOUNCED for row in _announced_days(year)] + _expected_days(ANNOUNCED[-1] + 1)
    assert _table_days() == wanted, "\n".join(",".join(row) for row in wanted)


def test_every_day_of_the_announced_years_is_what_the_library_says():
    day, wrong = date(FIRST_YEAR, 1, 1), []
    while day.year in ANNOUNCED:
        if working_days.is_working_day(day) != chinese_calendar.is_workday(day):
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []
    assert day == date(ANNOUNCED[-1] + 1, 1, 1)


@pytest.mark.parametrize(
    ("day", "before"),
    [
        (date(2026, 10, 7), date(2026, 9, 30)),  # the whole of National Day
        (date(2026, 10, 10), date(2026, 10, 10)),  # a Saturday that is worked
        (date(2026, 10, 11), date(2026, 10, 10)),  # the Sunday after it
        (date(2026, 11, 25), date(2026, 11, 25)),
        (date(2023, 4, 2), date(2023, 3, 31)),
    ],  # no rows: weekends alone
)
def test_the_last_working_day(day: date, before: date):
    assert working_days.last_working_day(day) == before


def test_a_year_that_is_not_announced_is_named():
    assert working_days.list_unannounced_years(date(2026, 1, 1), date(2026, 12, 31)) == []
    assert working_days.list_unannounced_years(date(2026, 12, 1), date(2028, 1, 31)) == [2027, 2028]
    assert not working_days.is_working_day(date(2027, 10, 1))


def test_a_week_begins_on_monday():
    assert working_days.bounds_of_week(date(2026, 11, 29)) == (date(2026, 11, 23), date(2026, 11, 29))


def test_the_longest_break_is_a_holiday_with_its_weekends() -> None:
    assert 7 <= working_days.find_longest_break() <= 12
