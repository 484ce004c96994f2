"""Buckets: named ranges of a number, rows of buckets.csv; the same edges in a frame and in a query."""

from dataclasses import dataclass
from functools import cache

import polars as pl

from data.table_files import read_rows


@dataclass(frozen=True)
class Bucket:
    code: str
    lower: int | None
    upper: int | None
    zh: str
    en: str

    def contains(self, value: int) -> bool:
        """Whether a value lies in it, both ends included."""
        return (self.lower is None or value >= self.lower) and (self.upper is None or value <= self.upper)


def _parse_whole(cell: str) -> int | None:
    return int(cell) if cell else None


@cache
def load_buckets(name: str) -> tuple[Bucket, ...]:
    return tuple(
        Bucket(r["code"], _parse_whole(r["lower"]), _parse_whole(r["upper"]), r["zh"], r["en"])
        for r in read_rows("buckets.csv")
        if r["list"] == name
    )


def in_bucket_expr(value: pl.Expr, bucket: Bucket) -> pl.Expr:
    """Whether a known value lies in the bucket, both ends included."""
    above = pl.lit(True) if bucket.lower is None else value >= bucket.lower
    below = pl.lit(True) if bucket.upper is None else value <= bucket.upper
    return above & below & value.is_not_null()


def in_bucket_sql(value: str, bucket: Bucket) -> str:
    """SQL: whether a known value lies in the bucket, both ends included."""
    ends = [f"{value} >= {bucket.lower:d}"] if bucket.lower is not None else []
    ends += [f"{value} <= {bucket.upper:d}"] if bucket.upper is not None else []
    return " AND ".join(ends or [f"{value} IS NOT NULL"])


def bucket_code_sql(name: str, value: str) -> str:
    """SQL: the code of the bucket that a value falls in, of a list without overlaps, by its upper edges.

    A value that is not whole belongs to the bucket whose upper edge it does not exceed. NULL stays NULL.
    """
    ranged = [edge for edge in load_buckets(name) if edge.lower is not None or edge.upper is not None]
    tests = " ".join(
        f"WHEN {value} <= {edge.upper:d} THEN {_text_literal(edge.code)}" for edge in ranged if edge.upper is not None
    )
    last = next(
        (f" WHEN {value} IS NOT NULL THEN {_text_literal(edge.code)}" for edge in ranged if edge.upper is None), ""
    )
    return f"CASE {tests}{last} END"


def _text_literal(code: str) -> str:
    return "'" + code.replace("'", "''") + "'"
