"""What the maturities page says: windows, the loans of a window, a month or a day, and the days not to be missed."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from data.queries import maturities, portfolio
from data.queries.maturities import MaturityScope
from data.queries.portfolio import Bucket
from pages.ui.app import queries, record_names, snapshot_view, status_line, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import excel_export, tables
from policy.extensions import deadlines
from policy.violations import results

COLUMNS = {
    "loan_id": "text",
    "borrower_name": "text",
    "balance": "amount",
    "current_maturity": "date",
    "days_to_maturity": "count",
    "apply_by": "date",
    "apply_state": "text",
    "notice_by": "date",
    "notice_state": "text",
    "days_past_due": "count",
    "classification": "text",
    "branch": "text",
    "manager": "text",
    "extension_count": "count",
    "currency": "text",
}
DAY, MONTH = "day", "month"


@dataclass(frozen=True)
class MaturityRange:
    """The loans listed: a window from the day looked at, the calendar's month, or one day of it."""

    code: str
    label: str
    scope: MaturityScope


def select_scope(view: SnapshotView) -> MaturityScope:
    """The branches and officers that the address names, drawn as two filters."""
    left, right = st.columns(2)
    with left:
        branches = url_state.select_several(
            "branch_id",
            t("filter.branch_id"),
            queries.cached_query(results.load_branch_names, view.as_of),
            t("filter.all"),
        )
    with right:
        officers = url_state.select_several(
            "officer_id",
            t("filter.officer_id"),
            queries.cached_query(results.load_officer_names, view.as_of),
            t("filter.all"),
        )
    return MaturityScope(branches=tuple(branches), officers=tuple(officers))


def sum_by_day(view: SnapshotView, chosen: MaturityScope) -> pl.DataFrame:
    """[day, loans, valued, balance]: what matures on each day."""
    return queries.cached_query(maturities.sum_by_maturity_day, view.as_of, view.currency, chosen)


def build_cards(view: SnapshotView, chosen: MaturityScope) -> list[tuple[str, str, str]]:
    """(label, amount, number of loans) of each window; the windows are cumulative."""
    ahead = sum_by_day(view, chosen).select(
        (pl.col("day") - pl.lit(view.as_of)).dt.total_days().alias("value"), "loans", "valued", "balance"
    )
    sums = portfolio.sum_by_bucket(ahead, portfolio.load_buckets("maturity_window"))
    return [
        (
            by_language(bucket.zh, bucket.en),
            _format_amount(row),
            t("maturities.loans", n=numbers.format_count(row["loans"])),
        )
        for bucket, row in zip(portfolio.load_buckets("maturity_window"), sums.iter_rows(named=True), strict=False)
    ]


def _format_amount(row: dict[str, Any]) -> str:
    """The sum of the balances; not 0 where no loan has one."""
    return numbers.format_compact_amount(row["balance"] if row["valued"] or not row["loans"] else None)


def list_ranges(
    view: SnapshotView, chosen: MaturityScope, month: tuple[date, date], day: date | None
) -> dict[str, MaturityRange]:
    """What can be listed: the day picked in the calendar, its month, and the windows."""
    found = [
        MaturityRange(
            MONTH, t("maturities.month_of", month=numbers.format_month(month[0])), _narrow_scope(chosen, *month)
        )
    ]
    if day:
        found.insert(0, MaturityRange(DAY, numbers.format_day(day), _narrow_scope(chosen, day, day)))
    for bucket in portfolio.load_buckets("maturity_window"):
        found.append(
            MaturityRange(
                bucket.code,
                by_language(bucket.zh, bucket.en),
                _narrow_scope(chosen, *_compute_bucket_days(view.as_of, bucket)),
            )
        )
    return {each.code: each for each in found}


def _compute_bucket_days(as_of: date, bucket: Bucket) -> tuple[date | None, date | None]:
    start = date.fromordinal(as_of.toordinal() + bucket.lower) if bucket.lower is not None else None
    end = date.fromordinal(as_of.toordinal() + bucket.upper) if bucket.upper is not None else None
    return start, end


def _narrow_scope(chosen: MaturityScope, first: date | None, last: date | None) -> MaturityScope:
    return replace(chosen, first=first, last=last)


def select_range(ranges_by_code: dict[str, MaturityRange]) -> MaturityRange:
    labels = {code: each.label for code, each in ranges_by_code.items()}
    return ranges_by_code[
        url_state.select_segment("window", t("maturities.window"), labels, default=next(iter(ranges_by_code)))
    ]


def _build_state_column(day: str, as_of: date, done: pl.Expr | None = None) -> pl.Expr:
    """In words: done, passed, today, so many days left, or not known."""
    left = (pl.col(day) - pl.lit(as_of)).dt.total_days()
    passed, ahead = t("maturities.days_ago", n="{}"), t("maturities.days_ahead", n="{}")
    state = (
        pl.when(left.is_null())
        .then(pl.lit(t("maturities.unknown")))
        .when(left < 0)
        .then(pl.format(passed, -left))
        .when(left == 0)
        .then(pl.lit(t("maturities.today")))
        .otherwise(pl.format(ahead, left))
    )
    if done is None:
        return state
    return pl.when(done.is_not_null()).then(pl.format(t("maturities.sent_on", day="{}"), done)).otherwise(state)


def list_loans(view: SnapshotView, chosen: MaturityScope, limit: int | None = None, offset: int = 0) -> pl.DataFrame:
    """The loans of a scope with the columns of COLUMNS, the earliest maturity first; all, or one page."""
    rows = queries.cached_query(maturities.list_maturing_loans, view.as_of, chosen, limit, offset)
    due = queries.cached_query(deadlines.compute_deadlines, view.policy, view.as_of, tuple(rows["loan_id"]))
    named = record_names.add_branch_and_manager(view, rows)
    return named.join(due, on="loan_id", how="left", maintain_order="left").with_columns(
        _build_state_column("apply_by", view.as_of).alias("apply_state"),
        _build_state_column("notice_by", view.as_of, pl.col("maturity_notice_date")).alias("notice_state"),
        pl.col("classification").replace(language.code_labels("classification")),
    )


def count_loans(view: SnapshotView, chosen: MaturityScope) -> dict[str, int]:
    return queries.cached_query(maturities.count_loans, view.as_of, chosen)


def draw_list(view: SnapshotView, chosen: MaturityRange) -> tuple[str, ...]:
    """The list, a page at a time; the loans picked in it."""
    loans = count_loans(view, chosen.scope)["loans"]
    pages = max(1, -(-loans // tables.PAGE_SIZE))
    key = hash((chosen, view.as_of))
    number = st.pagination(pages, key=f"maturing-page:{key}") if pages > 1 else 1
    rows = list_loans(view, chosen.scope, tables.PAGE_SIZE, (number - 1) * tables.PAGE_SIZE)
    st.text(describe_missed_days(view, rows, pages))
    picked = tuple(
        rows["loan_id"][
            tables.draw_multiselect_table(rows, COLUMNS, key=f"maturing:{key}:{number}", height=tables.TALL_HEIGHT)
        ]
    )
    if len(picked) == 1:
        draw_loan_links(picked[0])
    return picked


def draw_loan_links(loan_id: str) -> None:
    """The ways to the one loan that is picked."""
    with st.container(horizontal=True):
        for page in ("loan", "extension_what_if"):
            snapshot_view.draw_page_link(page, loan=loan_id)


def describe_missed_days(view: SnapshotView, rows: pl.DataFrame, pages: int) -> str:
    """How many of the rows on this page have missed a day, and how many of those days are not known."""
    day = pl.lit(view.as_of)
    unsent = pl.col("maturity_notice_date").is_null()
    counts = rows.select(
        apply=(pl.col("apply_by") < day).sum(),
        notice=((pl.col("notice_by") < day) & unsent).sum(),
        unknown=(pl.col("apply_by").is_null() | (pl.col("notice_by").is_null() & unsent)).sum(),
    ).row(0, named=True)
    said = {name: numbers.format_count(n) for name, n in counts.items()}
    return t(
        "maturities.missed_deadlines" if pages == 1 else "maturities.missed_deadlines_page",
        n=numbers.format_count(rows.height),
        **said,
    )


def write_workbook(view: SnapshotView, chosen: MaturityRange) -> bytes:
    """All rows of the range. Does not touch the session: it runs on a thread of its own when clicked."""
    rows = list_loans(view, chosen.scope)
    cover = {
        t("frame.as_of"): numbers.format_day(view.as_of),
        t("maturities.window"): chosen.label,
        t("filter.branch_id"): ", ".join(chosen.scope.branches) or t("filter.all"),
        t("filter.officer_id"): ", ".join(chosen.scope.officers) or t("filter.all"),
        t("workbook.policy"): view.policy.version,
        t("workbook.rows"): numbers.format_count(rows.height),
    } | status_line.cover_data_state(view)
    return excel_export.write_table(t("page.upcoming_maturities"), cover, rows.select(list(COLUMNS)))
