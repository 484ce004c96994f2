"""One loan: its facts, history, process, collateral, registers, states, and every rule with its verdict."""

import streamlit as st

from data import maturities
from pages.ui import access, address, frame, loan, loan_charts, loan_registers, loan_verdicts
from pages.ui.language import say

HALF = 430  # pixels that a half needs; on a narrower screen they stand under each other

view = frame.open_page("loan")
wanted = address.text("loan", say("whatif.search"), say("whatif.search_hint"))
found = access.ask(maturities.loan, view.as_of, wanted) if wanted else None
if found is None:
    loan.offer(view, wanted)
    st.stop()

loan.about(view, found)
st.subheader(say("loan.history"))
loan_charts.history(view, found)

with st.grid(min_column_width=HALF, gap=("medium", "large")):
    with st.container():
        st.subheader(say("loan.process"))
        loan_registers.steps(view, wanted)
    with st.container():
        st.subheader(say("loan.security"))
        loan_charts.security(view, wanted)

st.subheader(say("loan.verdicts"))
loan_verdicts.draw(view, wanted)

st.subheader(say("loan.registers"))
loan_registers.draw(view, wanted)
with st.expander(say("loan.all_facts")):
    loan.everything(view, found)
