"""What the book accepts at most, and from where on it asks: rows of data/tables/limits.csv."""

import csv
from decimal import Decimal
from functools import cache

from data.dictionary import TABLES


@cache
def _limits() -> dict[str, Decimal]:
    with (TABLES / "limits.csv").open(encoding="utf-8", newline="") as file:
        return {row["limit"]: Decimal(row["value"]) for row in csv.DictReader(file)}


def number(name: str) -> Decimal:
    return _limits()[name]


def whole(name: str) -> int:
    return int(_limits()[name])
