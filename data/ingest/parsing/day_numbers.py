"""Dates as numbers: how the systems that write them count, and the dates of such numbers."""

from dataclasses import dataclass
from datetime import date
from functools import cache

import polars as pl

from data.table_files import read_rows

NUMBER = r"^[+-]?\d{1,14}(\.\d+)?([eE]\+?\d+)?$"


@dataclass(frozen=True)
class DayNumbers:
    """Day 0, and how much the number grows in a day (86400 where it counts seconds)."""

    day_zero: date
    per_day: int = 1


@cache
def load_systems() -> dict[str, DayNumbers]:
    return {
        r["name"]: DayNumbers(date.fromisoformat(r["day_zero"]), int(r["per_day"]))
        for r in read_rows("day_numbers.csv")
    }


def find_system(text: str) -> DayNumbers | None:
    """The system of this name, or the one whose day 0 the text is; None where it is neither."""
    try:
        return load_systems().get(text) or DayNumbers(date.fromisoformat(text))
    except ValueError:
        # Neither a name of the table nor a date.
        return None


def convert_numbers(cells: pl.Series, system: DayNumbers) -> pl.Series:
    """The dates of cells that are numbers, null for all others and for days outside the years 1 to 9999."""
    numbers = pl.select(pl.when(cells.str.contains(NUMBER)).then(cells)).to_series().cast(pl.Float64, strict=False)
    days = (numbers / system.per_day).floor()
    first, last = ((day - system.day_zero).days for day in (date.min, date.max))
    within = pl.select(pl.when(days.is_between(first, last)).then(days)).to_series().cast(pl.Int64)
    return pl.select(pl.lit(system.day_zero) + pl.duration(days=pl.lit(within))).to_series().cast(pl.Date)
