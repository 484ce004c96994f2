"""Violations: filter, pick one, see its evidence, add up, follow, take the list and the board's report away."""

from contextvars import copy_context
from functools import partial

import polars as pl
import streamlit as st

from data.quality import checks
from pages.ui.app import page_frame, queries, url_state
from pages.ui.i18n import numbers
from pages.ui.i18n.language import say
from pages.ui.violations import (
    board_report,
    detail,
    filters,
    groups,
    list,
    not_assessable,
    saved_views,
    trend_view,
    violations_workbook,
)
from pages.ui.widgets import excel_export, quality_findings, tables

SHOWN = ("list", "by", "trend", "unjudged", "quality")

view = page_frame.open_page("violations")
page_frame.need_run(view)
head = st.container()
chosen = filters.draw(view)
with head:
    said, buttons = st.columns([1, 2], vertical_alignment="center")
    said.markdown(f"**{say('violations.count', n=numbers.count(chosen.violations))}**")
    st.caption(list.by_severity(chosen))
    row = buttons.container(horizontal=True, horizontal_alignment="right")
    with row:
        saved_views.draw()
    row.download_button(
        say("violations.download"),
        data=partial(copy_context().run, violations_workbook.make, view, chosen),
        file_name=f"violations-{view.as_of}.xlsx",
        mime=excel_export.MIME,
        icon=":material/download:",
        on_click="ignore",
    )
    row.download_button(
        say("violations.report"),
        data=partial(copy_context().run, board_report.make, view, chosen.span),
        file_name=f"violations-{view.as_of}.pdf",
        mime="application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
    )
if chosen.said:
    st.button(say("filter.clear"), on_click=saved_views.clear, icon=":material/filter_alt_off:", type="tertiary")
shown = url_state.switch("show", say("violations.show"), {name: say(f"show.{name}") for name in SHOWN}, SHOWN[0])

if shown == "list" and chosen.violations:
    list.draw(view, chosen)
    detail.draw(view, chosen)
elif shown == "by" and chosen.violations:
    groups.draw(view, chosen)
elif shown == "trend":
    trend_view.draw(view, chosen)
elif shown == "unjudged":
    not_assessable.draw(view)
elif shown == "quality":
    st.caption(say("violations.quality_note"))
    found = queries.ask(checks.findings, view.as_of).filter(pl.col("rows") > 0)
    tables.show(quality_findings.worded(found), quality_findings.FINDINGS, height="content")
    st.caption(say("violations.quality_rows"))
    page_frame.link("import_files", as_of=view.as_of.isoformat())
else:
    st.info(say("violations.none"))
    not_assessable.sum_up(view)
