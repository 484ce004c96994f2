"""The macro of days off agrees with the working days of holidays.csv, make-up Saturdays and public holidays included."""

from datetime import date, timedelta

import duckdb
import pytest

from data.reference import working_days

DAYS = [date(2023, 12, 1) + timedelta(days=number) for number in range(3 * 366 + 60)]


def _days_off(days: list[date]) -> dict[date, bool]:
    con = duckdb.connect(":memory:")
    con.execute(working_days.day_off_macro_sql())
    return dict(con.execute("SELECT day, is_day_off(day) FROM (SELECT unnest(?::DATE[]) AS day)", [days]).fetchall())


def test_the_macro_agrees_with_the_working_days() -> None:
    assert _days_off(DAYS) == {day: not working_days.is_working_day(day) for day in DAYS}


@pytest.mark.parametrize(("day", "off"), [(date(2026, 10, 10), False), (date(2026, 10, 1), True)])
def test_a_make_up_saturday_is_worked_and_a_holiday_is_not(day: date, off: bool) -> None:
    assert _days_off([day]) == {day: off}
