"""Extension what-if: one loan and a request, judged line by line; or many requests from a file."""

import streamlit as st

from data.queries import maturities
from pages.ui.app import page_frame, queries, url_state
from pages.ui.extension import decision_sheet_download, frontier_view, request_files, request_form, variants
from pages.ui.i18n.language import say
from pages.ui.loan import charts, search
from pages.ui.widgets import consequences, evidence_panel, tables
from policy.extensions import extension_decision

view = page_frame.open_page("extension_what_if")
if request_files.wanted():
    request_files.draw(view)
    st.stop()
wanted = url_state.text("loan", say("whatif.search"), say("whatif.search_hint"))
held = queries.ask(maturities.loan, view.as_of, wanted) if wanted else None
if held is None:
    search.offer(view, wanted)
    st.stop()

request_form.about(view, held)
with st.expander(say("loan.history")):
    charts.history(view, held)

st.subheader(say("whatif.request"))
asked = request_form.request(view, held)
decision = queries.ask(extension_decision.judge, view.policy, view.as_of, asked)
request_form.headline(view, decision)
decision_sheet_download.offer(view, held, asked, decision)

st.subheader(say("whatif.lines"))
ordered = request_form.ordered(view, decision)
row = tables.show(
    request_form.lines(view, ordered), request_form.LINES, key=f"lines:{hash(asked)}", pick=True, height="content"
)
if row is None:
    st.caption(say("whatif.pick"))
else:
    evidence_panel.show(view, ordered[row])

st.subheader(say("whatif.frontier"))
frontier_view.draw(view, decision, asked)

st.subheader(say("whatif.consequences"))
consequences.section(view, asked)

st.subheader(say("whatif.compare"))
variants.draw(view, asked)
