"""Upcoming maturities: the month's calendar and its loans, the duties of the week, and notices to print."""

from contextvars import copy_context
from functools import partial

import polars as pl
import streamlit as st

from data import maturities
from pages.ui import access, address, frame, maturing, maturing_calendar, maturing_duties, maturing_notices, workbook
from pages.ui.language import say

view = frame.open_page("upcoming_maturities")
chosen = maturing.scope(view)
st.caption(say("maturing.cumulative"))
with st.grid(min_column_width=163):
    for label, amount, loans in maturing.cards(view, chosen):
        st.metric(label, amount, loans, delta_color="off", delta_arrow="off", border=True, height="stretch")
sections = {"calendar": say("maturing.calendar"), "duties": say("maturing.duties")}


def taken(make: object, name: str, *values: object, empty: bool) -> None:
    """The list as a workbook."""
    st.download_button(
        say("violations.download"), data=partial(copy_context().run, make, view, *values), file_name=name,
        mime=workbook.MIME, disabled=empty, icon=":material/download:", on_click="ignore",
    )  # fmt: skip


if address.switch("show", say("maturing.show"), sections, default="calendar") == "calendar":
    month, day = maturing_calendar.draw(view, chosen)
    st.subheader(say("maturing.list"), anchor=False)
    shown = maturing.choose(maturing.ranges(view, chosen, month, day))
    total = maturing.counted(view, shown.scope)["loans"]
    if not total:
        st.info(say("maturing.nothing"))
        st.stop()
    picked = maturing.show(view, shown)
    taken(maturing.as_workbook, f"maturities-{view.as_of}-{shown.code}.xlsx", shown, empty=not total)
    maturing_notices.panel(view, lambda: access.ask(maturities.loan_ids, view.as_of, shown.scope), picked, total)
else:
    week = maturing_duties.choose(view)
    found = maturing_duties.due(view, week, chosen)
    maturing_duties.table(view, week, found, chosen)
    st.subheader(say("maturing.duty_list"), anchor=False)
    kind = maturing_duties.kind(found)
    rows = found.filter(pl.col("duty") == kind) if kind != maturing_duties.EVERY else found
    if rows.is_empty():
        st.info(say("maturing.nothing_due"))
        st.stop()
    picked = maturing_duties.show(view, week, rows)
    taken(maturing_duties.as_workbook, f"duties-{week.first}.xlsx", week, rows, empty=False)
    all_loans = tuple(rows["loan_id"].drop_nulls().unique(maintain_order=True))
    maturing_notices.panel(view, lambda: all_loans, picked, len(all_loans))
