"""Upcoming maturities: the month's calendar and its loans, the duties of the week, and notices to print."""

from contextvars import copy_context
from functools import partial

import polars as pl
import streamlit as st

from data.queries import maturities
from pages.ui.app import page_frame, queries, url_state
from pages.ui.i18n.language import say
from pages.ui.maturities import calendar, duties, notices, windows
from pages.ui.widgets import excel_export

view = page_frame.open_page("upcoming_maturities")
chosen = windows.scope(view)
st.caption(say("maturing.cumulative"))
with st.grid(min_column_width=163):
    for label, amount, loans in windows.cards(view, chosen):
        st.metric(label, amount, loans, delta_color="off", delta_arrow="off", border=True, height="stretch")
sections = {"calendar": say("maturing.calendar"), "duties": say("maturing.duties")}


def taken(make: object, name: str, *values: object, empty: bool) -> None:
    """The list as a workbook."""
    st.download_button(
        say("violations.download"),
        data=partial(copy_context().run, make, view, *values),
        file_name=name,
        mime=excel_export.MIME,
        disabled=empty,
        icon=":material/download:",
        on_click="ignore",
    )


if url_state.switch("show", say("maturing.show"), sections, default="calendar") == "calendar":
    month, day = calendar.draw(view, chosen)
    st.subheader(say("maturing.list"), anchor=False)
    shown = windows.choose(windows.ranges(view, chosen, month, day))
    total = windows.counted(view, shown.scope)["loans"]
    if not total:
        st.info(say("maturing.nothing"))
        st.stop()
    picked = windows.show(view, shown)
    taken(windows.as_workbook, f"maturities-{view.as_of}-{shown.code}.xlsx", shown, empty=not total)
    notices.panel(view, lambda: queries.ask(maturities.loan_ids, view.as_of, shown.scope), picked, total)
else:
    week = duties.choose(view)
    found = duties.due(view, week, chosen)
    duties.table(view, week, found, chosen)
    st.subheader(say("maturing.duty_list"), anchor=False)
    kind = duties.kind(found)
    rows = found.filter(pl.col("duty") == kind) if kind != duties.EVERY else found
    if rows.is_empty():
        st.info(say("maturing.nothing_due"))
        st.stop()
    picked = duties.show(view, week, rows)
    taken(duties.as_workbook, f"duties-{week.first}.xlsx", week, rows, empty=False)
    all_loans = tuple(rows["loan_id"].drop_nulls().unique(maintain_order=True))
    notices.panel(view, lambda: all_loans, picked, len(all_loans))
