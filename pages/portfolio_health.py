"""Portfolio health: how much, how good, how it moves, what it is made of, when it falls due, and the loans behind."""

import streamlit as st

from pages.ui import (
    charts,
    charts_health,
    frame,
    health,
    health_cards,
    health_loans,
    health_moves,
    health_parts,
    health_story,
    tables,
)
from pages.ui.dated import dated
from pages.ui.language import pick, say

STRUCTURE = ("branch_id", "guarantee_type", "section", "product_code", "region_code", "term")
RISK = ("classification", "late", "ladder", "coverage")
CARD, HALF = 225, 430  # pixels that a card and a half need; on a narrower screen they stand under each other
LINES = 3

view = frame.open_page("portfolio_health")
scope = health.open_scope(view)
walls = health_cards.cards(scope)
st.markdown(health_story.story(scope, [card for _, wall in walls for card in wall]))

for _, wall in walls[:1]:
    with st.grid(min_column_width=CARD):
        for card in wall:
            card.show()
    st.caption("  \n".join([*health.notes(scope), *health_cards.gaps(wall)]))
if walls[1:]:
    for tab, (_, wall) in zip(st.tabs([pick(g.title_zh, g.title_en) for g, _ in walls[1:]]), walls[1:], strict=True):
        with tab:
            with st.grid(min_column_width=CARD):
                for card in wall:
                    card.show()
            st.caption("  \n".join(health_cards.gaps(wall)))

with st.grid(min_column_width=HALF, gap="large"):
    with st.container():
        st.subheader(say("health.balance_trend"))
        history, names = dated(health_parts.history(scope)), health_parts.class_names()
        charts.plain(history, charts_health.class_trend, say("health.balance_trend"), names)
    with st.container():
        st.subheader(say("health.ratio_trend"))
        lines, names = health_cards.trend(scope, walls, LINES)
        charts.plain(dated(lines), charts_health.ratios, say("health.ratio_trend"), names, value="value")

st.subheader(say("health.movement"))
if scope.openings:
    with st.container(horizontal=True):
        opening = health_moves.choose_opening(scope)
        kind = health_moves.choose_kind()
    health_moves.show(scope, opening, kind)
    st.caption(say("health.movement_help"))
else:
    st.info(say("health.one_snapshot"))
with st.grid(min_column_width=HALF, gap="large"):
    with st.container():
        st.subheader(say("health.vintages"))
        charts.plain(health_moves.vintages(scope), charts_health.vintages, say("health.vintages"), value="value")
        st.caption(health_moves.about_vintages(scope))
    with st.container():
        st.subheader(say("health.largest"))
        tables.show(health_parts.largest(scope, health_parts.choose_largest()), health_parts.EXPOSED, key="largest")

st.subheader(say("health.parts"))
health.chips(scope)
with st.grid(min_column_width=HALF, gap="large"):
    for name in RISK:
        with st.container():
            st.markdown(f"**{health.title(name)}**")
            health_parts.chart(scope, name)
st.subheader(say("health.structure"))
by = health_parts.choose_structure(STRUCTURE)
with st.grid(min_column_width=HALF, gap="large"):
    with st.container():
        health_parts.chart(scope, by)
    with st.container():
        health_parts.table(scope, by)

st.subheader(say("health.loans_behind"))
st.caption(health_loans.total(scope))
health_loans.show(scope)
