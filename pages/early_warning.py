"""Early warning: the loans and borrowers with signals of delinquency, and which signals each has."""

from contextvars import copy_context
from functools import partial

import streamlit as st

from pages.ui.app import page_frame, url_state
from pages.ui.charts import drawing
from pages.ui.i18n.language import say
from pages.ui.people import early_warning
from pages.ui.widgets import excel_export, tables

view = page_frame.open_page("early_warning")
page_frame.need_run(view)
st.caption(say("warnings.meaning"))
chosen = early_warning.choose(view)
rows = early_warning.listed(view, chosen)
with st.grid(min_column_width=165):
    for label, value, under in early_warning.cards(view, rows, chosen):
        st.metric(label, value, under, delta_color="off", delta_arrow="off", border=True, height="stretch")

st.subheader(say("warnings.signals"))
found = early_warning.bars(view, rows)
if drawing.drawable(found, "balance"):
    told = "; ".join(f"{name} {label}" for name, label in found.select("name", "label").iter_rows())
    drawing.put(drawing.bars(found, say("warnings.signal")), f"{say('warnings.signals')}: {told}")
else:
    st.caption(say("warnings.no_balance"))

left, right = st.columns([3, 1], vertical_alignment="bottom")
with left:
    labels = {"loan": say("warnings.by_loan"), "borrower": say("warnings.by_borrower")}
    by = url_state.switch("by", say("warnings.list"), labels, default="loan")
right.download_button(
    say("violations.download"),
    data=partial(copy_context().run, early_warning.as_workbook, view, rows, chosen),
    file_name=f"early-warning-{view.as_of}.xlsx",
    mime=excel_export.MIME,
    disabled=rows.is_empty(),
    icon=":material/download:",
    on_click="ignore",
    width="stretch",
)
if rows.is_empty():
    st.info(say("warnings.none"))
elif by == "borrower":
    grouped = tables.paged(early_warning.by_borrower(view, rows), f"page:borrowers:{hash(chosen)}")
    tables.show(
        early_warning.worded(view, grouped),
        early_warning.BORROWERS,
        key=f"borrowers:{hash(chosen)}",
        height=tables.TALL,
    )
else:
    shown = tables.paged(rows, f"page:loans:{hash(chosen)}")
    key = f"loans:{hash((chosen, shown['loan_id'][0]))}"  # a page of its own picks of its own
    row = tables.show(early_warning.worded(view, shown), early_warning.LOANS, key=key, pick=True, height=tables.TALL)
    if row is not None:
        st.text(f"{shown['loan_id'][row]} · {shown['borrower_name'][row] or ''}")
        with st.container(horizontal=True):
            for page in ("loan", "extension_what_if"):
                page_frame.link(page, loan=shown["loan_id"][row])

unknown = early_warning.unknown(view)
if unknown.height:
    st.subheader(say("warnings.unknown"))
    tables.show(unknown, early_warning.MISSING, key="unknown", height="content")
