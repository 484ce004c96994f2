"""Upcoming maturities: how much falls due when, the calendar, and the days to apply and to give notice."""

from contextvars import copy_context
from functools import partial

import streamlit as st

from pages.ui import charts, frame, maturing, tables, workbook
from pages.ui.language import say

view = frame.open_page("upcoming_maturities")
st.caption(say("maturing.cumulative"))
with st.grid(min_column_width=150):
    for label, amount, loans in maturing.cards(view):
        st.metric(label, amount, loans, delta_color="off", delta_arrow="off", border=True, height="stretch")

st.subheader(say("maturing.calendar"))
days = maturing.calendar(view)
if days.is_empty():
    st.info(say("maturing.nothing"))
else:
    charts.put(charts.calendar(days))

st.subheader(say("maturing.list"))
window = maturing.choose()
rows = maturing.listed(view, window)
left, right = st.columns([3, 1], vertical_alignment="center")
left.text(maturing.late(view, rows))
right.download_button(
    say("violations.download"), data=partial(copy_context().run, maturing.as_workbook, view, window, rows),
    file_name=f"maturities-{view.as_of}-{window.code}.xlsx", mime=workbook.MIME, disabled=rows.is_empty(),
    icon=":material/download:", on_click="ignore", width="stretch",
)  # fmt: skip
tables.show(rows, maturing.COLUMNS, key=f"maturing:{window.code}:{view.as_of}", height=460)
