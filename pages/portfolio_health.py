"""Portfolio health: how much, how good, how it moves, what it is made of, when it falls due."""

import streamlit as st

from pages.ui import charts, frame, health, tables
from pages.ui.language import say

STRUCTURE = ("branch_id", "guarantee_type", "industry_code", "term_class")
CLASSES = {"name": "text", "loans": "count", "balance": "amount", "share": "share"}
PAIR = 400  # pixels a half needs; on a narrower screen the halves stand under each other

view = frame.open_page("portfolio_health")
with st.grid(min_column_width=165):
    for card in health.cards(view):
        card.show()
st.caption("  \n".join(health.notes(view)))

with st.grid(min_column_width=PAIR, gap="large"):
    with st.container():
        st.subheader(say("health.balance_trend"))
        charts.show(charts.balance_trend, health.balance_trend(view))
    with st.container():
        st.subheader(say("health.ratio_trend"))
        trend, names = health.ratio_trend(view)
        charts.show(charts.ratio_trend, trend, names, value="value")
    with st.container():
        st.subheader(say("health.mix"))
        classes = health.classes(view)
        charts.show(charts.mix, classes, classes["name"].to_list())
        tables.show(classes, CLASSES, key="classes")
    with st.container():
        st.subheader(say("health.ladder"))
        charts.show(charts.bars, health.ladder(view), say("health.days_to_maturity"))

st.subheader(say("health.structure"))
for tab, field in zip(st.tabs([say(f"health.by_{field}") for field in STRUCTURE]), STRUCTURE, strict=True):
    with tab, st.grid(min_column_width=PAIR, gap="large"):
        parts = health.structure(view, field)
        with st.container():
            charts.show(charts.bars, health.top(parts), say(f"health.by_{field}"))
        with st.container():
            tables.show(parts, CLASSES | {"npl_ratio": "share"}, key=f"table_{field}")
