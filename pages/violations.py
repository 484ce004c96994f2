"""Violations: filter, pick one, see its evidence, take the list away."""

from contextvars import copy_context
from functools import partial

import streamlit as st

from pages.ui import address, filters, frame, listing, numbers, tables, workbook
from pages.ui.language import say

COLUMNS = {
    "severity": "text",
    "title": "text",
    "measured": "text",
    "limit_value": "text",
    "borrower_name": "text",
    "balance": "amount",
    "subject_id": "text",
    "branch_id": "text",
    "officer_id": "text",
    "rule_id": "text",
}
MISSING = {
    "severity": "text",
    "rule_id": "text",
    "title": "text",
    "subject": "text",
    "reason": "text",
    "field": "text",
    "subjects": "count",
    "share": "share",
}

view = frame.open_page("violations")
frame.need_run(view)
found, unjudged = st.tabs([say("violations.found"), say("violations.not_assessable")])

with unjudged:
    st.caption(say("violations.not_assessable_note"))
    tables.show(listing.not_assessable(view), MISSING, height="content")

with found:
    chosen = filters.draw(view)
    left, right = st.columns([3, 1], vertical_alignment="center")
    left.markdown(f"**{say('violations.count', n=numbers.count(chosen.violations))}**")
    left.caption(listing.by_severity(chosen))
    right.download_button(
        say("violations.download"),
        data=partial(copy_context().run, listing.as_workbook, view, chosen),
        width="stretch",
        file_name=f"violations-{view.as_of}.xlsx",
        mime=workbook.MIME,
        disabled=not chosen.violations,
        icon=":material/download:",
        on_click="ignore",
    )
    if not chosen.violations:
        st.info(say("violations.none"))
        st.stop()
    number = st.pagination(listing.pages(chosen), key=f"page:{hash(chosen)}") if listing.pages(chosen) > 1 else 1
    rows = listing.page(view, chosen, number)
    row = tables.show(rows, COLUMNS, key=f"list:{hash((chosen, number, view.as_of))}", pick=True, height=380)
    if row is not None:
        address.put("violation", [rows["violation_id"][row]])
    listing.panel(view)
