"""Extension what-if: one loan and a request, judged line by line; or many requests from a file."""

import streamlit as st

from data.queries import maturities
from pages.ui.app import page_frame, queries, url_state
from pages.ui.extension import decision_sheet_download, frontier_view, request_files, request_form, variants
from pages.ui.i18n.language import t
from pages.ui.loan import charts, search
from pages.ui.widgets import consequences, evidence_panel, tables
from policy.extensions import extension_decision

view = page_frame.open_page("extension_what_if")
if request_files.is_file_mode_selected():
    request_files.draw_upload(view)
    st.stop()
search_text = url_state.input_text("loan", t("whatif.search"), t("whatif.search_hint"))
loan = queries.cached_query(maturities.load_loan_facts, view.as_of, search_text) if search_text else None
if loan is None:
    search.draw_matches(view, search_text)
    st.stop()

request_form.draw_loan_facts(view, loan)
with st.expander(t("loan.history")):
    charts.draw_history(view, loan)

st.subheader(t("whatif.request"))
request = request_form.draw_form(view, loan)
decision = queries.cached_query(extension_decision.judge_request, view.policy, view.as_of, request)
request_form.draw_headline(view, decision)
decision_sheet_download.draw_download_buttons(view, loan, request, decision)

st.subheader(t("whatif.lines"))
ordered = request_form.sort_lines(view, decision)
row = tables.draw_table(
    request_form.build_line_table(view, ordered),
    request_form.LINE_COLUMNS,
    key=f"lines:{hash(request)}",
    selectable=True,
    height="content",
)
if row is None:
    st.caption(t("whatif.pick"))
else:
    evidence_panel.draw_evidence(view, ordered[row])

st.subheader(t("whatif.frontier"))
frontier_view.draw_frontier(view, decision, request)

st.subheader(t("whatif.consequences"))
consequences.draw_table(view, request)

st.subheader(t("whatif.compare"))
variants.draw_comparison(view, request)
