"""The calendar of a month: what matures on each day, which days are worked, and the day that is looked at."""

import calendar as weeks
from datetime import date, timedelta
from typing import Any

import polars as pl
import streamlit as st

from data.queries.maturities import MaturityScope
from data.reference import working_days
from pages.ui.app import url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import calendar_chart, drawing
from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.maturities import windows

YEARS_AHEAD = 10
SELECTOR_WIDTH = 300  # pixels of a list of months or days with their sums


def _list_months(view: SnapshotView, days: pl.DataFrame) -> dict[str, str]:
    """Every month from that of the next day to the last maturity, with what matures in it."""
    first = (view.as_of + timedelta(days=1)).replace(day=1)
    sums = (
        days.filter(pl.col("day") >= first)
        .group_by(pl.col("day").dt.truncate("1mo"))
        .agg(pl.col("loans", "valued", "balance").sum())
    )
    found = {row["day"]: row for row in sums.iter_rows(named=True)}
    latest = min(max(found, default=first), first.replace(year=first.year + YEARS_AHEAD))
    labels, month = {}, first
    while month <= latest:
        labels[f"{month:%Y-%m}"] = _format_month_label(month, found.get(month))
        month = _next_month(month)
    return labels


def _format_month_label(month: date, sums: dict[str, Any] | None) -> str:
    if not sums:
        return t("maturities.month_empty", month=numbers.format_month(month))
    amount = numbers.format_compact_amount(sums["balance"]) if sums["valued"] else numbers.NOTHING
    return t(
        "maturities.month_sum", month=numbers.format_month(month), n=numbers.format_count(sums["loans"]), amount=amount
    )


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def select_month(view: SnapshotView, chosen: MaturityScope) -> tuple[date, date]:
    """First and last day of the month, by a list and the two buttons beside it."""
    labels = _list_months(view, windows.sum_by_day(view, chosen))
    codes = list(labels)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before, middle, after, beside = (
            st.container(width=width) for width in ("content", SELECTOR_WIDTH, "content", SELECTOR_WIDTH)
        )
    with middle:
        code = url_state.select_persisted("month", t("maturities.month"), labels)
    at = codes.index(code)
    _draw_step_button(before, t("maturities.previous_month"), codes[at - 1] if at else None)
    _draw_step_button(after, t("maturities.next_month"), codes[at + 1] if at + 1 < len(codes) else None)
    first = date.fromisoformat(f"{code}-01")
    month = first, _next_month(first) - timedelta(days=1)
    with beside:
        _draw_day_selector(windows.sum_by_day(view, chosen).filter(pl.col("day").is_between(*month)))
    return month


def _draw_day_selector(days: pl.DataFrame) -> None:
    """The same choice as by a click in the calendar, for the keyboard."""
    labels = {}
    for row in days.sort("day").iter_rows(named=True):
        amount = numbers.format_compact_amount(row["balance"]) if row["valued"] else numbers.NOTHING
        n = numbers.format_count(row["loans"])
        labels[row["day"].isoformat()] = t(
            "maturities.month_sum", month=numbers.format_day(row["day"]), n=n, amount=amount
        )
    url_state.select_optional(
        "day", t("maturities.day"), labels, t("maturities.whole_month"), on_pick=_set_window_to_day
    )


def _set_window_to_day() -> None:
    """A day chosen is listed; without one, the month is."""
    url_state.set_param("window", [windows.DAY] if url_state.get_param("day") else [])


def _draw_step_button(place: st.delta_generator.DeltaGenerator, label: str, month: str | None) -> None:
    place.button(
        label,
        disabled=month is None,
        width="stretch",
        on_click=url_state.set_param,
        args=("month", [month] if month else []),
    )


def read_selected_day(month: tuple[date, date]) -> date | None:
    """The day that the address names, if it lies in the month."""
    try:
        day = date.fromisoformat(url_state.get_param("day") or "")
    except ValueError:
        return None
    return day if month[0] <= day <= month[1] else None


def build_day_cells(days: pl.DataFrame, month: tuple[date, date]) -> pl.DataFrame:
    """One row a day of the month: [iso, week, weekday, number, off, mark, name, loans, balance, label, day]."""
    sums = {row["day"]: row for row in days.filter(pl.col("day").is_between(*month)).iter_rows(named=True)}
    grid = weeks.Calendar().monthdatescalendar(month[0].year, month[0].month)
    rows = [
        _build_day_cell(day, week, sums.get(day, {}))
        for week, line in enumerate(grid)
        for day in line
        if month[0] <= day <= month[1]
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _build_day_cell(day: date, week: int, sums: dict[str, Any]) -> dict[str, object]:
    special = working_days.load_special_days().get(day)
    kind = special.kind if special else "" if working_days.is_working_day(day) else "weekend"
    balance = float(sums["balance"]) if sums.get("valued") else None
    return {
        "iso": day.isoformat(),
        "week": week,
        "weekday": list_weekdays()[day.weekday()],
        "number": day.day,
        "off": not working_days.is_working_day(day),
        "mark": t(f"maturities.mark_{kind}") if kind else "",
        "name": by_language(special.zh, special.en) if special else "",
        "loans": sums.get("loans", 0),
        "balance": balance,
        "label": numbers.format_compact_amount(balance) if balance is not None else numbers.NOTHING if sums else "",
        "count": t("maturities.loans", n=numbers.format_count(sums["loans"])) if sums else "",
        "day": numbers.format_day(day),
    }


def list_weekdays() -> list[str]:
    return t("maturities.weekdays").split()


def draw_calendar(view: SnapshotView, chosen: MaturityScope) -> tuple[tuple[date, date], date | None]:
    """The chooser, the chart and what is not known of its year; the month, and the day picked."""
    month = select_month(view, chosen)
    day = read_selected_day(month)
    frame = build_day_cells(windows.sum_by_day(view, chosen), month)
    chart = calendar_chart.build_month(frame, list_weekdays(), day.isoformat() if day else None)
    key = f"calendar:{month[0]}:{hash(chosen)}:{url_state.get_param('day')}"
    drawing.show_chart(chart, calendar_chart.build_alt_text(frame), key=key, on_click=lambda: _toggle_clicked_day(key))
    st.caption(t("maturities.calendar_note"))
    for year in working_days.list_unannounced_years(*month):
        st.warning(t("maturities.year_unknown", year=year), icon=":material/event_busy:")
    return month, day


def _toggle_clicked_day(key: str) -> None:
    """A day clicked on is listed; clicked again, it is not."""
    found = drawing.read_clicked_marks(key)
    day = str(found[0]["iso"]) if found else None
    is_cleared = day is None or day == url_state.get_param("day")
    url_state.set_param("day", [] if is_cleared or day is None else [day])
    _set_window_to_day()
