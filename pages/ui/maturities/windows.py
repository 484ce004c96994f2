"""What the maturities page says: windows, the loans of a window, a month or a day, and the days not to be missed."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from data.queries import maturities, portfolio
from data.queries.maturities import Scope
from data.queries.portfolio import Bucket
from pages.ui.app import page_frame, queries, record_names, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
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
class Range:
    """The loans listed: a window from the day looked at, the calendar's month, or one day of it."""

    code: str
    label: str
    scope: Scope


def scope(view: View) -> Scope:
    """The branches and officers that the address names, drawn as two filters."""
    left, right = st.columns(2)
    with left:
        branches = url_state.several(
            "branch_id", say("filter.branch_id"), queries.ask(results.branch_names, view.as_of), say("filter.all")
        )
    with right:
        officers = url_state.several(
            "officer_id", say("filter.officer_id"), queries.ask(results.staff_names, view.as_of), say("filter.all")
        )
    return Scope(branches=tuple(branches), officers=tuple(officers))


def days(view: View, chosen: Scope) -> pl.DataFrame:
    """[day, loans, valued, balance]: what matures on each day."""
    return queries.ask(maturities.by_day, view.as_of, view.currency, chosen)


def cards(view: View, chosen: Scope) -> list[tuple[str, str, str]]:
    """(label, amount, number of loans) of each window; the windows are cumulative."""
    ahead = days(view, chosen).select(
        (pl.col("day") - pl.lit(view.as_of)).dt.total_days().alias("value"), "loans", "valued", "balance"
    )
    sums = portfolio.bucketed(ahead, portfolio.buckets("maturity_window"))
    return [
        (pick(bucket.zh, bucket.en), _amount(row), say("maturing.loans", n=numbers.count(row["loans"])))
        for bucket, row in zip(portfolio.buckets("maturity_window"), sums.iter_rows(named=True), strict=False)
    ]


def _amount(row: dict[str, Any]) -> str:
    """The sum of the balances; not 0 where no loan has one."""
    return numbers.compact(row["balance"] if row["valued"] or not row["loans"] else None)


def ranges(view: View, chosen: Scope, month: tuple[date, date], day: date | None) -> dict[str, Range]:
    """What can be listed: the day picked in the calendar, its month, and the windows."""
    found = [Range(MONTH, say("maturing.month_of", month=numbers.month(month[0])), _between(chosen, *month))]
    if day:
        found.insert(0, Range(DAY, numbers.day(day), _between(chosen, day, day)))
    for bucket in portfolio.buckets("maturity_window"):
        found.append(Range(bucket.code, pick(bucket.zh, bucket.en), _between(chosen, *_edges(view.as_of, bucket))))
    return {each.code: each for each in found}


def _edges(as_of: date, bucket: Bucket) -> tuple[date | None, date | None]:
    start = date.fromordinal(as_of.toordinal() + bucket.lower) if bucket.lower is not None else None
    end = date.fromordinal(as_of.toordinal() + bucket.upper) if bucket.upper is not None else None
    return start, end


def _between(chosen: Scope, first: date | None, last: date | None) -> Scope:
    return replace(chosen, first=first, last=last)


def choose(found: dict[str, Range]) -> Range:
    labels = {code: each.label for code, each in found.items()}
    return found[url_state.switch("window", say("maturing.window"), labels, default=next(iter(found)))]


def _state(day: str, as_of: date, done: pl.Expr | None = None) -> pl.Expr:
    """In words: done, passed, today, so many days left, or not known."""
    left = (pl.col(day) - pl.lit(as_of)).dt.total_days()
    passed, ahead = say("maturing.passed", n="{}"), say("maturing.ahead", n="{}")
    state = (
        pl.when(left.is_null())
        .then(pl.lit(say("maturing.unknown")))
        .when(left < 0)
        .then(pl.format(passed, -left))
        .when(left == 0)
        .then(pl.lit(say("maturing.today")))
        .otherwise(pl.format(ahead, left))
    )
    if done is None:
        return state
    return pl.when(done.is_not_null()).then(pl.format(say("maturing.sent", day="{}"), done)).otherwise(state)


def listed(view: View, chosen: Scope, limit: int | None = None, offset: int = 0) -> pl.DataFrame:
    """The loans of a scope with the columns of COLUMNS, the earliest maturity first; all, or one page."""
    rows = queries.ask(maturities.maturing, view.as_of, chosen, limit, offset)
    due = queries.ask(deadlines.table, view.policy, view.as_of, tuple(rows["loan_id"]))
    named = record_names.places(view, rows)
    return named.join(due, on="loan_id", how="left", maintain_order="left").with_columns(
        _state("apply_by", view.as_of).alias("apply_state"),
        _state("notice_by", view.as_of, pl.col("maturity_notice_date")).alias("notice_state"),
        pl.col("classification").replace(language.code_labels("classification")),
    )


def counted(view: View, chosen: Scope) -> dict[str, int]:
    return queries.ask(maturities.counted, view.as_of, chosen)


def show(view: View, chosen: Range) -> tuple[str, ...]:
    """The list, a page at a time; the loans picked in it."""
    loans = counted(view, chosen.scope)["loans"]
    pages = max(1, -(-loans // tables.PAGE))
    key = hash((chosen, view.as_of))
    number = st.pagination(pages, key=f"maturing-page:{key}") if pages > 1 else 1
    rows = listed(view, chosen.scope, tables.PAGE, (number - 1) * tables.PAGE)
    st.text(late(view, rows, pages))
    picked = tuple(rows["loan_id"][tables.several(rows, COLUMNS, key=f"maturing:{key}:{number}", height=tables.TALL)])
    if len(picked) == 1:
        links(picked[0])
    return picked


def links(loan_id: str) -> None:
    """The ways to the one loan that is picked."""
    with st.container(horizontal=True):
        for page in ("loan", "extension_what_if"):
            page_frame.link(page, loan=loan_id)


def late(view: View, rows: pl.DataFrame, pages: int) -> str:
    """How many of the rows on this page have missed a day, and how many of those days are not known."""
    day = pl.lit(view.as_of)
    unsent = pl.col("maturity_notice_date").is_null()
    counts = rows.select(
        apply=(pl.col("apply_by") < day).sum(),
        notice=((pl.col("notice_by") < day) & unsent).sum(),
        unknown=(pl.col("apply_by").is_null() | (pl.col("notice_by").is_null() & unsent)).sum(),
    ).row(0, named=True)
    said = {name: numbers.count(n) for name, n in counts.items()}
    return say("maturing.late" if pages == 1 else "maturing.late_page", n=numbers.count(rows.height), **said)


def as_workbook(view: View, chosen: Range) -> bytes:
    """All rows of the range. Does not touch the session: it runs on a thread of its own when clicked."""
    rows = listed(view, chosen.scope)
    cover = {
        say("frame.as_of"): numbers.day(view.as_of),
        say("maturing.window"): chosen.label,
        say("filter.branch_id"): ", ".join(chosen.scope.branches) or say("filter.all"),
        say("filter.officer_id"): ", ".join(chosen.scope.officers) or say("filter.all"),
        say("workbook.policy"): view.policy.version,
        say("workbook.rows"): numbers.count(rows.height),
    }
    return excel_export.make(say("page.upcoming_maturities"), cover, rows.select(list(COLUMNS)))
