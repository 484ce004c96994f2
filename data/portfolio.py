"""What the health page shows: ratios, trends and structure of the running loans, from one grouped scan each."""

import csv
from dataclasses import dataclass
from datetime import date
from functools import cache

import duckdb
import polars as pl

from data import dictionary, query

# Loans whose status says running, in one currency: the denominator of everything here.
RUNNING = "f.is_running AND f.currency IS NOT DISTINCT FROM $currency"


@dataclass(frozen=True)
class Ratio:
    """A share of balance: loans whose `field` is one of `codes`, or at least `lower`, over loans that have it."""

    name: str
    field: str
    codes: tuple[str, ...]
    lower: int | None
    zh: str
    en: str
    formula_zh: str
    formula_en: str


@dataclass(frozen=True)
class Bucket:
    code: str
    lower: int | None
    upper: int | None
    zh: str
    en: str


def _rows(name: str) -> list[dict[str, str]]:
    with (dictionary.TABLES / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _whole(cell: str) -> int | None:
    return int(cell) if cell else None


@cache
def ratios() -> dict[str, Ratio]:
    return {
        r["ratio"]: Ratio(
            r["ratio"], r["field"], tuple(filter(None, r["codes"].split("|"))), _whole(r["lower"]),
            r["zh"], r["en"], r["formula_zh"], r["formula_en"],
        )
        for r in _rows("ratios.csv")
    }  # fmt: skip


@cache
def buckets(name: str) -> tuple[Bucket, ...]:
    return tuple(
        Bucket(r["code"], _whole(r["lower"]), _whole(r["upper"]), r["zh"], r["en"])
        for r in _rows("buckets.csv")
        if r["list"] == name
    )


def currencies(cursor: duckdb.DuckDBPyConnection, as_of: date) -> pl.DataFrame:
    """Running loans by currency, the main one (most loans) first: [currency, loans]."""
    return query.frame(
        cursor,
        """SELECT currency, count(*) AS loans FROM facts_loan WHERE as_of = $as_of AND is_running
           GROUP BY currency ORDER BY loans DESC, currency""",
        as_of=as_of,
    )


def population(cursor: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, int]:
    """Loans of the snapshot: all, running, ended, and with no status to tell."""
    return query.frame(
        cursor,
        """SELECT count(*) AS loans, count(*) FILTER (is_running) AS running,
               count(*) FILTER (NOT is_running) AS ended, count(*) FILTER (is_running IS NULL) AS unknown
           FROM facts_loan WHERE as_of = $as_of""",
               as_of=as_of,
    ).row(0, named=True)  # fmt: skip


# Every snapshot with the loans current on its day, though only some days have facts. A loan without a status runs
# while it owes, as in the facts.
HISTORY = """SELECT s.snapshot_date AS as_of, l.borrower_id, s.balance, s.classification, s.days_past_due
    FROM snapshots s
    JOIN loans l ON l.loan_id = s.loan_id AND l.as_of <= s.snapshot_date
        AND (l.until IS NULL OR s.snapshot_date < l.until)
    LEFT JOIN codes c ON c.list = 'loan_status' AND c.code = l.status
    WHERE s.as_of <= s.snapshot_date AND (s.until IS NULL OR s.snapshot_date < s.until)
        AND l.currency IS NOT DISTINCT FROM $currency
        AND CASE WHEN l.status IS NULL THEN s.balance > 0 ELSE c.attr = 'running' END"""


def quality(cursor: duckdb.DuckDBPyConnection, currency: str | None) -> pl.DataFrame:
    """[as_of, classification, days_past_due, loans, valued, balance]: what every total and ratio is made of.

    `valued` counts the loans that have a balance.
    """
    return query.frame(
        cursor,
        f"""SELECT as_of, classification, days_past_due, count(*) AS loans, count(balance) AS valued,
                coalesce(sum(balance), 0) AS balance
            FROM ({HISTORY}) GROUP BY ALL ORDER BY ALL""",
        currency=currency,
    )


def borrowers(cursor: duckdb.DuckDBPyConnection, currency: str | None, days: tuple[date, ...]) -> dict[date, int]:
    """Borrowers with a running loan on each of a few days."""
    rows = cursor.execute(
        f"""SELECT as_of, count(DISTINCT borrower_id) FROM ({HISTORY} AND list_contains($days, s.snapshot_date))
            GROUP BY as_of""",
        {"currency": currency, "days": list(days)},
    )
    return dict(rows.fetchall())


def totals(quality: pl.DataFrame) -> pl.DataFrame:
    """[as_of, loans, valued, balance] for each snapshot, oldest first; a balance that no loan states is None."""
    sums = quality.group_by("as_of").agg(pl.col("loans", "valued", "balance").sum()).sort("as_of")
    return sums.with_columns(pl.when(pl.col("valued") > 0).then("balance"))


def ratio_trend(quality: pl.DataFrame, ratio: Ratio) -> pl.DataFrame:
    """[as_of, hit, known, unknown_loans, loans, value]; value is None where no loan has the field, never 0."""
    field, balance = pl.col(ratio.field), pl.col("balance")
    hit = field.is_in(ratio.codes) if ratio.codes else field >= ratio.lower
    return (
        quality.group_by("as_of")
        .agg(
            hit=balance.filter(hit).sum(),
            known=balance.filter(field.is_not_null()).sum(),
            unknown_loans=pl.col("loans").filter(field.is_null()).sum(),
            loans=pl.col("loans").sum(),
        )
        .with_columns(
            value=pl.when(pl.col("known") > 0).then(pl.col("hit").cast(pl.Float64) / pl.col("known").cast(pl.Float64))
        )
        .sort("as_of")
    )


def distribution(cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, field: str) -> pl.DataFrame:
    """[value, loans, valued, balance, npl_balance, classified_balance] by one fact of the loan, largest balance first.

    `valued` counts the loans that have a balance: where there are none, the balance of 0 is no sum but unknown.
    """
    column = dictionary.facts("loan")[field].name
    return query.frame(
        cursor,
        f"""SELECT f."{column}" AS value, count(*) AS loans, count(f.balance) AS valued,
                coalesce(sum(f.balance), 0) AS balance,
                coalesce(sum(f.balance) FILTER (c.attr = 'npl'), 0) AS npl_balance,
                coalesce(sum(f.balance) FILTER (f.classification IS NOT NULL), 0) AS classified_balance
            FROM facts_loan f LEFT JOIN codes c ON c.list = 'classification' AND c.code = f.classification
            WHERE f.as_of = $as_of AND {RUNNING} GROUP BY 1 ORDER BY balance DESC, value""",
        as_of=as_of,
        currency=currency,
    )


def bucketed(distribution: pl.DataFrame, edges: tuple[Bucket, ...]) -> pl.DataFrame:
    """Sums of the distribution of a whole number in each bucket, empty ones too: [code, loans, balance, …].

    Buckets may overlap. Loans without a value come last, as code None, when there are any.
    """
    value = pl.col("value")
    inside = [(edge.code, between(value, edge)) for edge in edges] + [(None, value.is_null())]
    folded = pl.concat(
        distribution.filter(test).select(pl.lit(code, pl.String).alias("code"), pl.exclude("value").sum())
        for code, test in inside
    )
    return folded.filter(pl.col("code").is_not_null() | (pl.col("loans") > 0))


def between(value: pl.Expr, edge: Bucket) -> pl.Expr:
    """Whether a known value lies in the bucket, both ends included."""
    above = pl.lit(True) if edge.lower is None else value >= edge.lower
    below = pl.lit(True) if edge.upper is None else value <= edge.upper
    return above & below & value.is_not_null()
