"""Size limits of imports, and thresholds above which the user must confirm: rows of data/tables/size_limits.csv."""

from decimal import Decimal
from functools import cache

from data.table_files import read_rows


@cache
def _load_limits() -> dict[str, Decimal]:
    return {row["limit"]: Decimal(row["value"]) for row in read_rows("size_limits.csv")}


def decimal_limit(name: str) -> Decimal:
    return _load_limits()[name]


def integer_limit(name: str) -> int:
    return int(_load_limits()[name])
