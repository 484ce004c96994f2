"""Portfolio health: how much, how good, how it moves, what it is made of, when it falls due, and the loans behind."""

import streamlit as st

from pages.ui.app import page_frame
from pages.ui.health import cards, composition, loans, migration, narrative, page_scope
from pages.ui.i18n.language import by_language, t

STRUCTURE = ("branch_id", "guarantee_type", "section", "product_code", "region_code", "term")
RISK = ("classification", "late", "ladder", "coverage")
CARD, HALF = 225, 430  # pixels that a card and a half need; on a narrower screen they stand under each other

view = page_frame.open_page("portfolio_health")
scope = page_scope.open_scope(view)
walls = cards.build_cards(scope)
st.markdown(narrative.write_narrative(scope, [card for _, wall in walls for card in wall]))

if not walls:
    st.info(cards.explain_no_metrics(scope))
for _, wall in walls[:1]:
    with st.grid(min_column_width=CARD):
        for card in wall:
            card.draw(view.policy)
    st.caption("  \n".join([*page_scope.list_scope_notes(scope), *cards.list_data_gaps(wall)]))
if walls[1:]:
    for tab, (_, wall) in zip(
        st.tabs([by_language(g.title_zh, g.title_en) for g, _ in walls[1:]]), walls[1:], strict=True
    ):
        with tab:
            with st.grid(min_column_width=CARD):
                for card in wall:
                    card.draw(view.policy)
            st.caption("  \n".join(cards.list_data_gaps(wall)))

with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(t("health.balance_trend"))
        composition.draw_balance_trend(scope)
    with st.container():
        st.subheader(t("health.ratio_trend"))
        composition.draw_ratio_trend(scope, walls)

st.subheader(t("health.movement"))
if scope.openings:
    opening, kind = migration.choose_opening(scope), migration.choose_matrix()
    migration.draw_matrix(scope, opening, kind)
    st.caption(t("health.movement_help"))
else:
    st.info(t("health.one_snapshot"))
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(t("health.vintages"))
        migration.draw_vintages(scope)
    with st.container():
        st.subheader(t("health.largest"))
        composition.draw_largest(scope)

st.subheader(t("health.parts"))
page_scope.draw_filter_chips(scope)
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    for name in RISK:
        with st.container():
            st.markdown(f"**{page_scope.dimension_title(name)}**")
            composition.draw_breakdown_chart(scope, name)
st.subheader(t("health.structure"))
by = composition.choose_dimension(STRUCTURE)
with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        composition.draw_breakdown_chart(scope, by)
    with st.container():
        composition.draw_breakdown_table(scope, by)

st.subheader(t("health.loans_behind"))
st.caption(loans.format_total(scope))
loans.draw_loans(scope)
