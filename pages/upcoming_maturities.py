"""Upcoming maturities: the month's calendar and its loans, the duties of the week, and notices to print."""

from collections.abc import Callable
from contextvars import copy_context
from functools import partial

import polars as pl
import streamlit as st

from data.queries import maturities
from pages.ui.app import page_frame, queries, url_state
from pages.ui.i18n.language import t
from pages.ui.maturities import calendar, duties, notices, windows
from pages.ui.widgets import excel_export

view = page_frame.open_page("upcoming_maturities")
chosen = windows.select_scope(view)
st.caption(t("maturities.cumulative"))
with st.grid(min_column_width=163):
    for label, amount, loans in windows.build_cards(view, chosen):
        st.metric(label, amount, loans, delta_color="off", delta_arrow="off", border=True, height="stretch")
sections = {"calendar": t("maturities.calendar"), "duties": t("maturities.duties")}


def draw_download(make: Callable[..., bytes], name: str, *values: object, empty: bool) -> None:
    """The list as a workbook."""
    st.download_button(
        t("violations.download"),
        data=partial(copy_context().run, make, view, *values),
        file_name=name,
        mime=excel_export.MIME,
        disabled=empty,
        icon=":material/download:",
        on_click="ignore",
    )


if url_state.select_segment("show", t("maturities.show"), sections, default="calendar") == "calendar":
    month, day = calendar.draw_calendar(view, chosen)
    st.subheader(t("maturities.list"), anchor=False)
    shown = windows.select_range(windows.list_ranges(view, chosen, month, day))
    total = windows.count_loans(view, shown.scope)["loans"]
    if not total:
        st.info(t("maturities.nothing"))
        st.stop()
    selected = windows.draw_list(view, shown)
    draw_download(windows.write_workbook, f"maturities-{view.as_of}-{shown.code}.xlsx", shown, empty=not total)
    notices.draw_panel(
        view, lambda: queries.cached_query(maturities.list_loan_ids, view.as_of, shown.scope), selected, total
    )
else:
    week = duties.select_week(view)
    found = duties.list_due_duties(view, week, chosen)
    duties.draw_counts(view, week, found, chosen)
    st.subheader(t("maturities.duty_list"), anchor=False)
    kind = duties.select_duty_kind(found)
    rows = found.filter(pl.col("duty") == kind) if kind != duties.ALL_DUTIES else found
    if rows.is_empty():
        st.info(t("maturities.nothing_due"))
        st.stop()
    selected = duties.draw_duties(view, week, rows)
    draw_download(duties.write_workbook, f"duties-{week.first}.xlsx", week, rows, empty=False)
    all_loans = tuple(rows["loan_id"].drop_nulls().unique(maintain_order=True))
    notices.draw_panel(view, lambda: all_loans, selected, len(all_loans))
