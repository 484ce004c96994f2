"""Extension what-if: one loan and a request, judged line by line; or many requests from a file."""

import streamlit as st

from data import maturities
from pages.ui import (
    access,
    address,
    evidence,
    frame,
    loan,
    loan_charts,
    outcomes,
    tables,
    whatif,
    whatif_frontier,
    whatif_requests,
    whatif_sheet,
    whatif_variants,
)
from pages.ui.language import say
from policy import extension

view = frame.open_page("extension_what_if")
if whatif_requests.wanted():
    whatif_requests.draw(view)
    st.stop()
wanted = address.text("loan", say("whatif.search"), say("whatif.search_hint"))
held = access.ask(maturities.loan, view.as_of, wanted) if wanted else None
if held is None:
    loan.offer(view, wanted)
    st.stop()

whatif.about(view, held)
with st.expander(say("loan.history")):
    loan_charts.history(view, held)

st.subheader(say("whatif.request"))
asked = whatif.request(view, held)
decision = access.ask(extension.judge, view.policy, view.as_of, asked)
whatif.headline(view, decision)
whatif_sheet.offer(view, held, asked, decision)

st.subheader(say("whatif.lines"))
ordered = whatif.ordered(view, decision)
row = tables.show(whatif.lines(view, ordered), whatif.LINES, key=f"lines:{hash(asked)}", pick=True, height="content")
if row is None:
    st.caption(say("whatif.pick"))
else:
    evidence.show(view, ordered[row])

st.subheader(say("whatif.frontier"))
whatif_frontier.draw(view, decision, asked)

st.subheader(say("whatif.consequences"))
outcomes.section(view, asked)

st.subheader(say("whatif.compare"))
whatif_variants.draw(view, asked)
