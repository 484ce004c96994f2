"""Connected parties: guarantee circles, mutual guarantees, chains, groups, and what each comes to against capital."""

import streamlit as st

from pages.ui.app import page_frame, snapshot_view
from pages.ui.i18n.language import t
from pages.ui.people import connected_parties, managers, party_graph
from pages.ui.widgets import tables

view = page_frame.open_page("connected_parties")
branches = managers.choose_branches(view)
rows = connected_parties.load_circles(view, branches)
st.caption(connected_parties.format_capital_note(view))
if rows.is_empty():
    st.info(t("connected_parties.none"))
    st.stop()
with st.grid(min_column_width=150):
    for label, value, under in connected_parties.build_cards(rows):
        st.metric(
            label,
            value,
            under,
            delta_color="off",
            delta_arrow="off",
            border=True,
            height="stretch",
            help=t("connected_parties.largest_help"),
        )
st.caption(t("connected_parties.kinds"))
circle = connected_parties.choose_circle(view, rows)
if circle:
    party_graph.draw_circle(view, circle)
if view.run:
    st.subheader(t("connected_parties.rule_results"))
    tables.draw_table(connected_parties.list_findings(view), connected_parties.FINDINGS, key="found", height="content")
    snapshot_view.draw_page_link("violations", family="connected")
