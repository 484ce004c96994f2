"""Working days of China: the announced holidays and make-up days are rows of holidays.csv, which a bank may edit.

A year with announced rows is known. Of a year that is not announced yet only its statutory days may stand there, as
`expected`: which weekends are worked in their place nobody knows, and who shows its days has to say so.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from data.table_files import read_rows

HOLIDAYS_FILE = "holidays.csv"
HOLIDAY, WORKDAY, EXPECTED = "holiday", "workday", "expected"
SATURDAY = 5
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class SpecialDay:
    """A day off (`holiday`), a weekend that is worked (`workday`), or a day off to be expected (`expected`)."""

    day: date
    kind: str
    zh: str
    en: str


@cache
def load_special_days() -> dict[date, SpecialDay]:
    rows = [SpecialDay(date.fromisoformat(r["day"]), r["kind"], r["zh"], r["en"]) for r in read_rows(HOLIDAYS_FILE)]
    return {row.day: row for row in rows}


@cache
def list_announced_years() -> frozenset[int]:
    """The years whose arrangement is announced."""
    return frozenset(row.day.year for row in load_special_days().values() if row.kind != EXPECTED)


def day_off_macro_sql() -> str:
    """SQL of the macro is_day_off(day): as `is_working_day`, for queries over many days."""
    worked = [row.day for row in load_special_days().values() if row.kind == WORKDAY]
    off = [row.day for row in load_special_days().values() if row.kind != WORKDAY]
    lists = [f"[{', '.join(f'DATE {str(day)!r}' for day in days)}]::DATE[]" for days in (worked, off)]
    return (
        "CREATE OR REPLACE TEMP MACRO is_day_off(day) AS "
        f"list_contains({lists[1]}, day) OR (isodow(day) > {SATURDAY} AND NOT list_contains({lists[0]}, day))"
    )


def list_unannounced_years(first: date, last: date) -> list[int]:
    """Of the years between two days, those whose holidays and make-up days are not known."""
    return [year for year in range(first.year, last.year + 1) if year not in list_announced_years()]


def is_working_day(day: date) -> bool:
    """Whether banks work that day; in a year that is not known, by its weekends and expected days off."""
    row = load_special_days().get(day)
    return day.weekday() < SATURDAY if row is None else row.kind == WORKDAY


def last_working_day(day: date) -> date:
    """The last working day not after `day`: by then something due on that day has to be done."""
    while not is_working_day(day):
        day -= ONE_DAY
    return day


@cache
def find_longest_break() -> int:
    """The most days off in a row that the table knows; a weekend where it knows none."""
    days = load_special_days()
    if not days:
        return 2
    day, last = min(days) - ONE_DAY * 7, max(days) + ONE_DAY * 7
    longest = current = 0
    while day <= last:
        current = 0 if is_working_day(day) else current + 1
        longest, day = max(longest, current), day + ONE_DAY
    return longest


def bounds_of_week(day: date) -> tuple[date, date]:
    """Monday and Sunday of the week of `day`."""
    monday = day - ONE_DAY * day.weekday()
    return monday, monday + 6 * ONE_DAY
