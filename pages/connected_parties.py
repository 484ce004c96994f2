"""Connected parties: guarantee circles, mutual guarantees, chains, groups, and what each comes to against capital."""

import streamlit as st

from pages.ui.app import page_frame
from pages.ui.i18n.language import say
from pages.ui.people import account_managers, connected_parties
from pages.ui.widgets import tables

view = page_frame.open_page("connected_parties")
branches = account_managers.scope(view)
rows = connected_parties.listed(view, branches)
st.caption(connected_parties.capital_note(view))
if rows.is_empty():
    st.info(say("circles.none"))
    st.stop()
with st.grid(min_column_width=150):
    for label, value, under in connected_parties.cards(rows):
        st.metric(
            label,
            value,
            under,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help=say("circles.largest_help"),
        )
st.caption(say("circles.kinds"))
circle = connected_parties.choose(view, rows)
if circle:
    connected_parties.panel(view, circle)
if view.run:
    st.subheader(say("circles.found"))
    tables.show(connected_parties.found(view), connected_parties.FINDINGS, key="found", height="content")
    page_frame.link("violations", family="connected")
