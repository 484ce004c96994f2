"""One loan: its facts, history, process, collateral, registers, states, and every rule with its verdict."""

import streamlit as st

from data.queries import maturities
from pages.ui.app import page_frame, queries, url_state
from pages.ui.i18n.language import say
from pages.ui.loan import charts, registers, search, verdict_list

HALF = 430  # pixels that a half needs; on a narrower screen they stand under each other

view = page_frame.open_page("loan")
wanted = url_state.text("loan", say("whatif.search"), say("whatif.search_hint"))
found = queries.ask(maturities.loan, view.as_of, wanted) if wanted else None
if found is None:
    search.offer(view, wanted)
    st.stop()

search.about(view, found)
st.subheader(say("loan.history"))
charts.history(view, found)

with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(say("loan.process"))
        registers.steps(view, wanted)
    with st.container():
        st.subheader(say("loan.security"))
        charts.security(view, wanted)

st.subheader(say("loan.verdicts"))
verdict_list.draw(view, wanted)

st.subheader(say("loan.registers"))
registers.draw(view, wanted)
with st.expander(say("loan.all_facts")):
    search.everything(view, found)
