"""What the book accepts at most, and from where on it asks: rows of data/tables/limits.csv."""

import csv
from decimal import Decimal
from functools import cache

from data.dictionary import TABLES_FOLDER


@cache
def _load_limits() -> dict[str, Decimal]:
    with (TABLES_FOLDER / "limits.csv").open(encoding="utf-8", newline="") as file:
        return {row["limit"]: Decimal(row["value"]) for row in csv.DictReader(file)}


def decimal_limit(name: str) -> Decimal:
    return _load_limits()[name]


def integer_limit(name: str) -> int:
    return int(_load_limits()[name])
