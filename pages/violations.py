"""Violations: filter, pick one, see its evidence, add up, follow, take the list and the board's report away."""

from contextvars import copy_context
from functools import partial

import polars as pl
import streamlit as st

from data import quality
from pages.ui import (
    access,
    address,
    filters,
    frame,
    listing,
    numbers,
    quality_findings,
    tables,
    violations_groups,
    violations_panel,
    violations_report,
    violations_sheets,
    violations_trend,
    violations_unjudged,
    violations_views,
    workbook,
)
from pages.ui.language import say

SHOWN = ("list", "by", "trend", "unjudged", "quality")

view = frame.open_page("violations")
frame.need_run(view)
head = st.container()
chosen = filters.draw(view)
with head:
    said, buttons = st.columns([1, 2], vertical_alignment="center")
    said.markdown(f"**{say('violations.count', n=numbers.count(chosen.violations))}**")
    st.caption(listing.by_severity(chosen))
    row = buttons.container(horizontal=True, horizontal_alignment="right")
    with row:
        violations_views.draw()
    row.download_button(
        say("violations.download"),
        data=partial(copy_context().run, violations_sheets.make, view, chosen),
        file_name=f"violations-{view.as_of}.xlsx",
        mime=workbook.MIME,
        icon=":material/download:",
        on_click="ignore",
    )
    row.download_button(
        say("violations.report"),
        data=partial(copy_context().run, violations_report.make, view, chosen.span),
        file_name=f"violations-{view.as_of}.pdf",
        mime="application/pdf",
        icon=":material/picture_as_pdf:",
        on_click="ignore",
    )
if chosen.said:
    st.button(say("filter.clear"), on_click=violations_views.clear, icon=":material/filter_alt_off:", type="tertiary")
shown = address.switch("show", say("violations.show"), {name: say(f"show.{name}") for name in SHOWN}, SHOWN[0])

if shown == "list" and chosen.violations:
    listing.draw(view, chosen)
    violations_panel.draw(view, chosen)
elif shown == "by" and chosen.violations:
    violations_groups.draw(view, chosen)
elif shown == "trend":
    violations_trend.draw(view, chosen)
elif shown == "unjudged":
    violations_unjudged.draw(view)
elif shown == "quality":
    st.caption(say("violations.quality_note"))
    found = access.ask(quality.findings, view.as_of).filter(pl.col("rows") > 0)
    tables.show(quality_findings.worded(found), quality_findings.FINDINGS, height="content")
    st.caption(say("violations.quality_rows"))
    frame.link("import_files", as_of=view.as_of.isoformat())
else:
    st.info(say("violations.none"))
    violations_unjudged.sum_up(view)
