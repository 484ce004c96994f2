"""The calendar of a month: what matures on each day, which days are worked, and the day that is looked at."""

import calendar as weeks
from datetime import date, timedelta

import polars as pl
import streamlit as st

from data.queries.maturities import Scope
from data.reference import working_days
from pages.ui.app import url_state
from pages.ui.app.page_frame import View
from pages.ui.charts import calendar_chart, drawing
from pages.ui.i18n import numbers
from pages.ui.i18n.language import pick, say
from pages.ui.maturities import windows

YEARS_AHEAD = 10
CHOICE = 300  # pixels of a list of months or days with their sums


def _months(view: View, days: pl.DataFrame) -> dict[str, str]:
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
        labels[f"{month:%Y-%m}"] = _label(month, found.get(month))
        month = _following(month)
    return labels


def _label(month: date, sums: dict[str, object] | None) -> str:
    if not sums:
        return say("maturing.month_empty", month=numbers.month(month))
    amount = numbers.compact(sums["balance"]) if sums["valued"] else numbers.NOTHING
    return say("maturing.month_sum", month=numbers.month(month), n=numbers.count(sums["loans"]), amount=amount)


def _following(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def choose(view: View, chosen: Scope) -> tuple[date, date]:
    """First and last day of the month, by a list and the two buttons beside it."""
    labels = _months(view, windows.days(view, chosen))
    codes = list(labels)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before, middle, after, beside = (st.container(width=width) for width in ("content", CHOICE, "content", CHOICE))
    with middle:
        code = url_state.kept("month", say("maturing.month"), labels)
    at = codes.index(code)
    _step(before, say("maturing.before"), codes[at - 1] if at else None)
    _step(after, say("maturing.after"), codes[at + 1] if at + 1 < len(codes) else None)
    first = date.fromisoformat(f"{code}-01")
    month = first, _following(first) - timedelta(days=1)
    with beside:
        _choose_day(windows.days(view, chosen).filter(pl.col("day").is_between(*month)))
    return month


def _choose_day(days: pl.DataFrame) -> None:
    """The same choice as by a click in the calendar, for the keyboard."""
    labels = {}
    for row in days.sort("day").iter_rows(named=True):
        amount = numbers.compact(row["balance"]) if row["valued"] else numbers.NOTHING
        n = numbers.count(row["loans"])
        labels[row["day"].isoformat()] = say("maturing.month_sum", month=numbers.day(row["day"]), n=n, amount=amount)
    url_state.perhaps("day", say("maturing.day"), labels, say("maturing.whole_month"), picked=_listed)


def _listed() -> None:
    """A day chosen is listed; without one, the month is."""
    url_state.put("window", [windows.DAY] if url_state.get("day") else [])


def _step(place: st.delta_generator.DeltaGenerator, label: str, month: str | None) -> None:
    place.button(
        label, disabled=month is None, width="stretch", on_click=url_state.put, args=("month", [month] if month else [])
    )


def day_of(month: tuple[date, date]) -> date | None:
    """The day that the address names, if it lies in the month."""
    try:
        day = date.fromisoformat(url_state.get("day") or "")
    except ValueError:
        return None
    return day if month[0] <= day <= month[1] else None


def cells(days: pl.DataFrame, month: tuple[date, date]) -> pl.DataFrame:
    """One row a day of the month: [iso, week, weekday, number, off, mark, name, loans, balance, label, day]."""
    sums = {row["day"]: row for row in days.filter(pl.col("day").is_between(*month)).iter_rows(named=True)}
    grid = weeks.Calendar().monthdatescalendar(month[0].year, month[0].month)
    rows = [
        _cell(day, week, sums.get(day, {}))
        for week, line in enumerate(grid)
        for day in line
        if month[0] <= day <= month[1]
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _cell(day: date, week: int, sums: dict[str, object]) -> dict[str, object]:
    special = working_days.special().get(day)
    kind = special.kind if special else "" if working_days.is_working(day) else "weekend"
    balance = float(sums["balance"]) if sums.get("valued") else None
    return {
        "iso": day.isoformat(),
        "week": week,
        "weekday": weekdays()[day.weekday()],
        "number": day.day,
        "off": not working_days.is_working(day),
        "mark": say(f"maturing.mark_{kind}") if kind else "",
        "name": pick(special.zh, special.en) if special else "",
        "loans": sums.get("loans", 0),
        "balance": balance,
        "label": numbers.compact(balance) if balance is not None else numbers.NOTHING if sums else "",
        "count": say("maturing.loans", n=numbers.count(sums["loans"])) if sums else "",
        "day": numbers.day(day),
    }


def weekdays() -> list[str]:
    return say("maturing.weekdays").split()


def draw(view: View, chosen: Scope) -> tuple[tuple[date, date], date | None]:
    """The chooser, the chart and what is not known of its year; the month, and the day picked."""
    month = choose(view, chosen)
    day = day_of(month)
    frame = cells(windows.days(view, chosen), month)
    weeks_shown, most = int(frame["week"].max()) + 1, float(frame["balance"].max() or 1)
    chart = calendar_chart.month(weekdays(), day.isoformat() if day else None, weeks_shown, most)
    key = f"calendar:{month[0]}:{hash(chosen)}:{url_state.get('day')}"
    drawing.put(chart, calendar_chart.spoken(frame), data=frame, key=key, picked=lambda: _picked(key))
    st.caption(say("maturing.calendar_note"))
    for year in working_days.unknown_years(*month):
        st.warning(say("maturing.year_unknown", year=year), icon=":material/event_busy:")
    return month, day


def _picked(key: str) -> None:
    """A day clicked on is listed; clicked again, it is not."""
    found = drawing.points(key)
    day = str(found[0]["iso"]) if found else None
    let_go = day in (None, url_state.get("day"))
    url_state.put("day", [] if let_go else [day])
    _listed()
