"""Early warning: the loans and borrowers with signals of delinquency, and which signals each has."""

from contextvars import copy_context
from functools import partial

import streamlit as st

from pages.ui import address, charts, frame, tables, warnings, workbook
from pages.ui.language import say

view = frame.open_page("early_warning")
frame.need_run(view)
st.caption(say("warnings.meaning"))
chosen = warnings.choose(view)
rows = warnings.listed(view, chosen)
with st.grid(min_column_width=165):
    for label, value, under in warnings.cards(view, rows, chosen):
        st.metric(label, value, under, delta_color="off", delta_arrow="off", border=True, height="stretch")

st.subheader(say("warnings.signals"))
found = warnings.bars(view, rows)
if charts.drawable(found, "balance"):
    told = "; ".join(f"{name} {label}" for name, label in found.select("name", "label").iter_rows())
    charts.put(charts.bars(found, say("warnings.signal")), f"{say('warnings.signals')}: {told}")
else:
    st.caption(say("warnings.no_balance"))

left, right = st.columns([3, 1], vertical_alignment="bottom")
with left:
    labels = {"loan": say("warnings.by_loan"), "borrower": say("warnings.by_borrower")}
    by = address.switch("by", say("warnings.list"), labels, default="loan")
right.download_button(
    say("violations.download"), data=partial(copy_context().run, warnings.as_workbook, view, rows, chosen),
    file_name=f"early-warning-{view.as_of}.xlsx", mime=workbook.MIME, disabled=rows.is_empty(),
    icon=":material/download:", on_click="ignore", width="stretch",
)  # fmt: skip
if rows.is_empty():
    st.info(say("warnings.none"))
elif by == "borrower":
    grouped = tables.paged(warnings.by_borrower(view, rows), f"page:borrowers:{hash(chosen)}")
    tables.show(warnings.worded(view, grouped), warnings.BORROWERS, key=f"borrowers:{hash(chosen)}", height=tables.TALL)
else:
    shown = tables.paged(rows, f"page:loans:{hash(chosen)}")
    key = f"loans:{hash((chosen, shown['loan_id'][0]))}"  # a page of its own picks of its own
    row = tables.show(warnings.worded(view, shown), warnings.LOANS, key=key, pick=True, height=tables.TALL)
    if row is not None:
        st.text(f"{shown['loan_id'][row]} · {shown['borrower_name'][row] or ''}")
        with st.container(horizontal=True):
            for page in ("loan", "extension_what_if"):
                frame.link(page, loan=shown["loan_id"][row])

unknown = warnings.unknown(view)
if unknown.height:
    st.subheader(say("warnings.unknown"))
    tables.show(unknown, warnings.MISSING, key="unknown", height="content")
