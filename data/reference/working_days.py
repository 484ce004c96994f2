"""Working days of China: the announced holidays and make-up days are rows of holidays.csv, which a bank may edit.

A year with announced rows is known. Of a year that is not announced yet only its statutory days may stand there, as
`expected`: which weekends are worked in their place nobody knows, and who shows its days has to say so.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from data.dictionary import TABLES

TABLE = "holidays.csv"
HOLIDAY, WORKDAY, EXPECTED = "holiday", "workday", "expected"
SATURDAY = 5
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Special:
    """A day off (`holiday`), a weekend that is worked (`workday`), or a day off to be expected (`expected`)."""

    day: date
    kind: str
    zh: str
    en: str


@cache
def special() -> dict[date, Special]:
    with (TABLES / TABLE).open(encoding="utf-8", newline="") as file:
        rows = [Special(date.fromisoformat(r["day"]), r["kind"], r["zh"], r["en"]) for r in csv.DictReader(file)]
    return {row.day: row for row in rows}


@cache
def known_years() -> frozenset[int]:
    """The years whose arrangement is announced."""
    return frozenset(row.day.year for row in special().values() if row.kind != EXPECTED)


def unknown_years(first: date, last: date) -> list[int]:
    """Of the years between two days, those whose holidays and make-up days are not known."""
    return [year for year in range(first.year, last.year + 1) if year not in known_years()]


def is_working(day: date) -> bool:
    """Whether banks work that day; in a year that is not known, by its weekends and expected days off."""
    row = special().get(day)
    return day.weekday() < SATURDAY if row is None else row.kind == WORKDAY


def on_or_before(day: date) -> date:
    """The last working day not after `day`: by then something due on that day has to be done."""
    while not is_working(day):
        day -= DAY
    return day


def week(day: date) -> tuple[date, date]:
    """Monday and Sunday of the week of `day`."""
    monday = day - DAY * day.weekday()
    return monday, monday + 6 * DAY
