"""Buckets: named ranges of a number, rows of buckets.csv; the same edges in a frame and in a query."""

import csv
from dataclasses import dataclass
from functools import cache

import polars as pl

from data import dictionary


@dataclass(frozen=True)
class Bucket:
    code: str
    lower: int | None
    upper: int | None
    zh: str
    en: str

    def holds(self, value: int) -> bool:
        """Whether a value lies in it, both ends included."""
        return (self.lower is None or value >= self.lower) and (self.upper is None or value <= self.upper)


def rows(name: str) -> list[dict[str, str]]:
    with (dictionary.TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _whole(cell: str) -> int | None:
    return int(cell) if cell else None


@cache
def buckets(name: str) -> tuple[Bucket, ...]:
    return tuple(
        Bucket(r["code"], _whole(r["lower"]), _whole(r["upper"]), r["zh"], r["en"])
        for r in rows("buckets.csv")
        if r["list"] == name
    )


def between(value: pl.Expr, edge: Bucket) -> pl.Expr:
    """Whether a known value lies in the bucket, both ends included."""
    above = pl.lit(True) if edge.lower is None else value >= edge.lower
    below = pl.lit(True) if edge.upper is None else value <= edge.upper
    return above & below & value.is_not_null()


def within(value: str, edge: Bucket) -> str:
    """SQL: whether a known value lies in the bucket, both ends included."""
    ends = [f"{value} >= {edge.lower:d}"] if edge.lower is not None else []
    ends += [f"{value} <= {edge.upper:d}"] if edge.upper is not None else []
    return " AND ".join(ends or [f"{value} IS NOT NULL"])


def case(name: str, value: str) -> str:
    """SQL: the code of the bucket that a value falls in, of a list without overlaps, by its upper edges.

    A value that is not whole belongs to the bucket whose upper edge it does not exceed. NULL stays NULL.
    """
    ranged = [edge for edge in buckets(name) if edge.lower is not None or edge.upper is not None]
    tests = " ".join(
        f"WHEN {value} <= {edge.upper:d} THEN {_text(edge.code)}" for edge in ranged if edge.upper is not None
    )
    last = next((f" WHEN {value} IS NOT NULL THEN {_text(edge.code)}" for edge in ranged if edge.upper is None), "")
    return f"CASE {tests}{last} END"


def _text(code: str) -> str:
    return "'" + code.replace("'", "''") + "'"
