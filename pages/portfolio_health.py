"""Portfolio health: how much, how good, how it moves, what it is made of, when it falls due."""

import streamlit as st

from pages.ui import charts, frame, health, tables
from pages.ui.language import say

STRUCTURE = ("branch_id", "guarantee_type", "industry_code", "term_class")

view = frame.open_page("portfolio_health")
with st.grid(min_column_width=165):
    for card in health.cards(view):
        card.show()
st.caption("  \n".join(health.notes(view)))

left, right = st.columns(2, gap="large")
with left:
    st.subheader(say("health.balance_trend"))
    st.altair_chart(charts.balance_trend(health.balance_trend(view)))
with right:
    st.subheader(say("health.ratio_trend"))
    st.altair_chart(charts.ratio_trend(*health.ratio_trend(view)))

left, right = st.columns(2, gap="large")
with left:
    st.subheader(say("health.mix"))
    classes = health.classes(view)
    st.altair_chart(charts.mix(classes, classes["name"].to_list()))
    tables.show(classes, {"name": "text", "loans": "count", "balance": "amount", "share": "share"}, key="classes")
with right:
    st.subheader(say("health.ladder"))
    st.altair_chart(charts.bars(health.ladder(view), say("health.days_to_maturity")))

st.subheader(say("health.structure"))
for tab, field in zip(st.tabs([say(f"health.by_{field}") for field in STRUCTURE]), STRUCTURE, strict=True):
    with tab:
        parts = health.structure(view, field)
        left, right = st.columns(2, gap="large")
        left.altair_chart(charts.bars(health.top(parts), say(f"health.by_{field}")), key=f"chart_{field}")
        with right:
            kinds = {"name": "text", "loans": "count", "balance": "amount", "share": "share", "npl_ratio": "share"}
            tables.show(parts, kinds, key=f"table_{field}")
