"""What the maturities page says: windows, the calendar, and each loan with the days that must not be missed."""

from datetime import date
from typing import Any

import polars as pl

from data import maturities, portfolio
from data.portfolio import Bucket
from pages.ui import access, address, language, numbers, workbook
from pages.ui.frame import View
from pages.ui.language import pick, say
from policy import deadlines

COLUMNS = {"loan_id": "text", "borrower_name": "text", "balance": "amount", "current_maturity": "date",
           "days_to_maturity": "count", "apply_by": "date", "apply_state": "text", "notice_by": "date",
           "notice_state": "text", "branch_id": "text", "officer_id": "text", "extension_count": "count",
           "classification": "text", "currency": "text"}  # fmt: skip


def windows() -> dict[str, Bucket]:
    return {bucket.code: bucket for bucket in portfolio.buckets("maturity_window")}


def cards(view: View) -> list[tuple[str, str, str]]:
    """(label, amount, number of loans) of each window; the windows are cumulative."""
    days = access.ask(portfolio.distribution, view.as_of, view.currency, "days_to_maturity")
    sums = portfolio.bucketed(days, portfolio.buckets("maturity_window"))
    return [
        (pick(bucket.zh, bucket.en), _amount(row), say("maturing.loans", n=numbers.count(row["loans"])))
        for bucket, row in zip(windows().values(), sums.iter_rows(named=True), strict=False)
    ]


def _amount(row: dict[str, Any]) -> str:
    """The sum of the balances; not 0 where no loan has one."""
    return numbers.compact(row["balance"] if row["valued"] or not row["loans"] else None)


def choose() -> Bucket:
    labels = {code: pick(bucket.zh, bucket.en) for code, bucket in windows().items()}
    return windows()[address.switch("window", say("maturing.window"), labels, default="d30")]


def calendar(view: View) -> pl.DataFrame:
    return calendar_of(access.ask(portfolio.distribution, view.as_of, view.currency, "current_maturity"), view.as_of)


def calendar_of(days: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """[month, day_of_month, balance, loans, day, label] of the days of the widest window, from those of a year."""
    last = max(bucket.upper for bucket in windows().values())
    ahead = (pl.col("value") - pl.lit(as_of)).dt.total_days()
    year = days.filter(ahead.is_between(0, last)).sort("value")
    return year.select(
        pl.col("value").dt.to_string("%Y-%m").alias("month"),
        pl.col("value").dt.day().alias("day_of_month"),
        pl.col("balance").cast(pl.Float64),
        "loans",
        numbers.texts(year["value"], numbers.day).alias("day"),
        numbers.texts(year["balance"], numbers.compact).alias("label"),
    )


def _state(day: str, as_of: date, done: pl.Expr | None = None) -> pl.Expr:
    """In words: done, passed, today, so many days left, or not known."""
    left = (pl.col(day) - pl.lit(as_of)).dt.total_days()
    passed, ahead = say("maturing.passed", n="{}"), say("maturing.ahead", n="{}")
    state = (
        pl.when(left.is_null()).then(pl.lit(say("maturing.unknown")))
        .when(left < 0).then(pl.format(passed, -left))
        .when(left == 0).then(pl.lit(say("maturing.today")))
        .otherwise(pl.format(ahead, left))
    )  # fmt: skip
    if done is None:
        return state
    return pl.when(done.is_not_null()).then(pl.format(say("maturing.sent", day="{}"), done)).otherwise(state)


def listed(view: View, window: Bucket) -> pl.DataFrame:
    """The loans of a window with the columns of COLUMNS, the earliest maturity first."""
    last = max(bucket.upper for bucket in windows().values())
    loans = access.ask(maturities.maturing, view.as_of, last)
    days = access.ask(deadlines.table, view.policy, view.as_of, last)
    branch, value = address.all_of("branch_id"), pl.col("days_to_maturity")
    inside = portfolio.between(value, window)
    rows = loans.filter(inside, pl.col("branch_id").is_in(branch) if branch else pl.lit(True))
    return rows.join(days, on="loan_id", how="left", maintain_order="left").with_columns(
        _state("apply_by", view.as_of).alias("apply_state"),
        _state("notice_by", view.as_of, pl.col("maturity_notice_date")).alias("notice_state"),
        pl.col("classification").replace(language.code_labels("classification")),
    )


def late(view: View, rows: pl.DataFrame) -> str:
    """How many of the rows have missed a day, and how many of those days are not known."""
    day = pl.lit(view.as_of)
    unsent = pl.col("maturity_notice_date").is_null()
    counts = rows.select(
        apply=(pl.col("apply_by") < day).sum(),
        notice=((pl.col("notice_by") < day) & unsent).sum(),
        unknown=(pl.col("apply_by").is_null() | (pl.col("notice_by").is_null() & unsent)).sum(),
    ).row(0, named=True)
    return say("maturing.late", n=numbers.count(rows.height), **{name: numbers.count(n) for name, n in counts.items()})


def as_workbook(view: View, window: Bucket, rows: pl.DataFrame) -> bytes:
    cover = {
        say("frame.as_of"): numbers.day(view.as_of),
        say("maturing.window"): pick(window.zh, window.en),
        say("workbook.policy"): view.policy.version,
        say("workbook.rows"): numbers.count(rows.height),
    }
    return workbook.make(say("page.upcoming_maturities"), cover, rows.select(list(COLUMNS)))
