"""Portfolio health: how much, how good, how it moves, what it is made of, when it falls due, and the loans behind."""

import streamlit as st

from pages.ui import frame, health, health_cards, health_loans, health_moves, health_parts, health_story
from pages.ui.language import pick, say

STRUCTURE = ("branch_id", "guarantee_type", "section", "product_code", "region_code", "term")
RISK = ("classification", "late", "ladder", "coverage")
CARD, HALF = 225, 430  # pixels that a card and a half need; on a narrower screen they stand under each other

view = frame.open_page("portfolio_health")
scope = health.open_scope(view)
walls = health_cards.cards(scope)
st.markdown(health_story.story(scope, [card for _, wall in walls for card in wall]))

if not walls:
    st.info(health_cards.none_in_force(scope))
for _, wall in walls[:1]:
    with st.grid(min_column_width=CARD):
        for card in wall:
            card.show(view.policy)
    st.caption("  \n".join([*health.notes(scope), *health_cards.gaps(wall)]))
if walls[1:]:
    for tab, (_, wall) in zip(st.tabs([pick(g.title_zh, g.title_en) for g, _ in walls[1:]]), walls[1:], strict=True):
        with tab:
            with st.grid(min_column_width=CARD):
                for card in wall:
                    card.show(view.policy)
            st.caption("  \n".join(health_cards.gaps(wall)))

with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(say("health.balance_trend"))
        health_parts.show_history(scope)
    with st.container():
        st.subheader(say("health.ratio_trend"))
        health_parts.show_ratios(scope, walls)

st.subheader(say("health.movement"))
if scope.openings:
    opening, kind = health_moves.choose_opening(scope), health_moves.choose_kind()
    health_moves.show(scope, opening, kind)
    st.caption(say("health.movement_help"))
else:
    st.info(say("health.one_snapshot"))
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(say("health.vintages"))
        health_moves.show_vintages(scope)
    with st.container():
        st.subheader(say("health.largest"))
        health_parts.show_largest(scope)

st.subheader(say("health.parts"))
health.chips(scope)
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    for name in RISK:
        with st.container():
            st.markdown(f"**{health.title(name)}**")
            health_parts.chart(scope, name)
st.subheader(say("health.structure"))
by = health_parts.choose_structure(STRUCTURE)
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        health_parts.chart(scope, by)
    with st.container():
        health_parts.table(scope, by)

st.subheader(say("health.loans_behind"))
st.caption(health_loans.total(scope))
health_loans.show(scope)
