"""Early warning: the loans and borrowers with signals of delinquency, and which signals each has."""

from contextvars import copy_context
from functools import partial

import streamlit as st

from pages.ui.app import page_frame, snapshot_view, url_state
from pages.ui.charts import balance_charts, drawing
from pages.ui.i18n.language import t
from pages.ui.people import early_warning
from pages.ui.widgets import excel_export, tables

view = page_frame.open_page("early_warning")
page_frame.require_run(view)
st.caption(t("early_warning.meaning"))
chosen = early_warning.choose_filter(view)
rows = early_warning.load_watch_list(view, chosen)
with st.grid(min_column_width=165):
    for label, value, under in early_warning.build_cards(view, rows, chosen):
        st.metric(label, value, under, delta_color="off", delta_arrow="off", border=True, height="stretch")

st.subheader(t("early_warning.signals"))
found = early_warning.build_signal_bars(view, rows)
if drawing.has_values(found, "balance"):
    parts = "; ".join(f"{name} {label}" for name, label in found.select("name", "label").iter_rows())
    drawing.show_chart(
        balance_charts.build_balance_bars(found, t("early_warning.signal")), f"{t('early_warning.signals')}: {parts}"
    )
else:
    st.caption(t("early_warning.no_balance"))

left, right = st.columns([3, 1], vertical_alignment="bottom")
with left:
    labels = {"loan": t("early_warning.by_loan"), "borrower": t("early_warning.by_borrower")}
    by = url_state.select_segment("by", t("early_warning.list"), labels, default="loan")
right.download_button(
    t("violations.download"),
    data=partial(copy_context().run, early_warning.build_workbook, view, rows, chosen),
    file_name=f"early-warning-{view.as_of}.xlsx",
    mime=excel_export.MIME,
    disabled=rows.is_empty(),
    icon=":material/download:",
    on_click="ignore",
    width="stretch",
)
if rows.is_empty():
    st.info(t("early_warning.none"))
elif by == "borrower":
    grouped = tables.paginate_rows(early_warning.group_by_borrower(view, rows), f"page:borrowers:{hash(chosen)}")
    tables.draw_table(
        early_warning.label_rows(view, grouped),
        early_warning.BORROWERS,
        key=f"borrowers:{hash(chosen)}",
        height=tables.TALL_HEIGHT,
    )
else:
    shown = tables.paginate_rows(rows, f"page:loans:{hash(chosen)}")
    key = f"loans:{hash((chosen, shown['loan_id'][0]))}"  # a page of its own picks of its own
    row = tables.draw_table(
        early_warning.label_rows(view, shown), early_warning.LOANS, key=key, selectable=True, height=tables.TALL_HEIGHT
    )
    if row is not None:
        st.text(f"{shown['loan_id'][row]} · {shown['borrower_name'][row] or ''}")
        with st.container(horizontal=True):
            for page in ("loan", "extension_what_if"):
                snapshot_view.draw_page_link(page, loan=shown["loan_id"][row])

unknown = early_warning.list_not_assessable(view)
if unknown.height:
    st.subheader(t("early_warning.unknown"))
    tables.draw_table(unknown, early_warning.MISSING, key="unknown", height="content")
