"""One loan: its facts, history, process, collateral, registers, states, and every rule with its verdict."""

import streamlit as st

from data.queries import maturities
from pages.ui.app import page_frame, queries, url_state
from pages.ui.i18n.language import t
from pages.ui.loan import charts, registers, search, verdict_list

HALF = 430  # pixels that a half needs; on a narrower screen they stand under each other

view = page_frame.open_page("loan")
search_text = url_state.input_text("loan", t("whatif.search"), t("whatif.search_hint"))
loan = queries.cached_query(maturities.load_loan_facts, view.as_of, search_text) if search_text else None
if loan is None:
    search.draw_matches(view, search_text)
    st.stop()

search.draw_summary(view, loan)
st.subheader(t("loan.history"))
charts.draw_history(view, loan)

with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(t("loan.process"))
        registers.draw_steps(view, search_text)
    with st.container():
        st.subheader(t("loan.security"))
        charts.draw_collateral(view, search_text)

st.subheader(t("loan.verdicts"))
verdict_list.draw_verdicts(view, search_text)

st.subheader(t("loan.registers"))
registers.draw_registers(view, search_text)
with st.expander(t("loan.all_facts")):
    search.draw_all_facts(view, loan)
