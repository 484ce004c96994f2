"""Connected parties: guarantee circles, mutual guarantees, chains, groups, and what each comes to against capital."""

import streamlit as st

from pages.ui import circles, frame, managers, tables
from pages.ui.language import say

view = frame.open_page("connected_parties")
branches = managers.scope(view)
rows = circles.listed(view, branches)
st.caption(circles.capital_note(view))
if rows.is_empty():
    st.info(say("circles.none"))
    st.stop()
with st.grid(min_column_width=150):
    for label, value, under in circles.cards(rows):
        st.metric(label, value, under, delta_color="off", delta_arrow="off", border=True, height="stretch",
                  help=say("circles.largest_help"))  # fmt: skip
st.caption(say("circles.kinds"))
circle = circles.choose(view, rows)
if circle:
    circles.panel(view, circle)
if view.run:
    st.subheader(say("circles.found"))
    tables.show(circles.found(view), circles.FINDINGS, key="found", height="content")
    frame.link("violations", family="connected")
