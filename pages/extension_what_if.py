"""Extension what-if: a loan, a new maturity, an application day, the consents; the verdict line by line."""

import streamlit as st

from data import maturities
from pages.ui import access, address, evidence, frame, outcomes, tables, whatif
from pages.ui.language import say
from policy import extension

view = frame.open_page("extension_what_if")
wanted = address.text("loan", say("whatif.search"), say("whatif.search_hint"))
loan = access.ask(maturities.loan, view.as_of, wanted) if wanted else None
if loan is None:
    whatif.offer(view, wanted)
    st.stop()

whatif.about(view, loan)
asked = whatif.request(view, loan)
decision = access.ask(extension.judge, view.policy, view.as_of, asked)
whatif.headline(view, decision)

st.subheader(say("whatif.frontier"))
whatif.chart(view, decision, asked)

st.subheader(say("whatif.consequences"))
outcomes.section(view, asked)

st.subheader(say("whatif.lines"))
lines = whatif.lines(view, decision)
row = tables.show(lines, whatif.columns(lines), key=f"lines:{hash(asked)}", pick=True, height="content")
if row is None:
    st.caption(say("whatif.pick"))
else:
    evidence.show(view, decision.lines[lines["n"][row]])
