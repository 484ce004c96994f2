"""Portfolio health: how much, how good, how it moves, what it is made of, when it falls due, and the loans behind."""

import streamlit as st

from pages.ui.app import page_frame
from pages.ui.health import cards, composition, loans, migration, narrative, page_scope
from pages.ui.i18n.language import pick, say

STRUCTURE = ("branch_id", "guarantee_type", "section", "product_code", "region_code", "term")
RISK = ("classification", "late", "ladder", "coverage")
CARD, HALF = 225, 430  # pixels that a card and a half need; on a narrower screen they stand under each other

view = page_frame.open_page("portfolio_health")
scope = page_scope.open_scope(view)
walls = cards.cards(scope)
st.markdown(narrative.story(scope, [card for _, wall in walls for card in wall]))

if not walls:
    st.info(cards.none_in_force(scope))
for _, wall in walls[:1]:
    with st.grid(min_column_width=CARD):
        for card in wall:
            card.show(view.policy)
    st.caption("  \n".join([*page_scope.notes(scope), *cards.gaps(wall)]))
if walls[1:]:
    for tab, (_, wall) in zip(st.tabs([pick(g.title_zh, g.title_en) for g, _ in walls[1:]]), walls[1:], strict=True):
        with tab:
            with st.grid(min_column_width=CARD):
                for card in wall:
                    card.show(view.policy)
            st.caption("  \n".join(cards.gaps(wall)))

with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(say("health.balance_trend"))
        composition.show_history(scope)
    with st.container():
        st.subheader(say("health.ratio_trend"))
        composition.show_ratios(scope, walls)

st.subheader(say("health.movement"))
if scope.openings:
    opening, kind = migration.choose_opening(scope), migration.choose_kind()
    migration.show(scope, opening, kind)
    st.caption(say("health.movement_help"))
else:
    st.info(say("health.one_snapshot"))
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(say("health.vintages"))
        migration.show_vintages(scope)
    with st.container():
        st.subheader(say("health.largest"))
        composition.show_largest(scope)

st.subheader(say("health.parts"))
page_scope.chips(scope)
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    for name in RISK:
        with st.container():
            st.markdown(f"**{page_scope.title(name)}**")
            composition.chart(scope, name)
st.subheader(say("health.structure"))
by = composition.choose_structure(STRUCTURE)
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        composition.chart(scope, by)
    with st.container():
        composition.table(scope, by)

st.subheader(say("health.loans_behind"))
st.caption(loans.total(scope))
loans.show(scope)
