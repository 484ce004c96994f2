"""Account managers: each one's book, violations per 100 loans against the peers, and the training needs from them."""

import streamlit as st

from pages.ui import frame, managers, numbers
from pages.ui.language import say

view = frame.open_page("account_managers")
branches = managers.scope(view)
rows = managers.within(managers.standing(view), branches)
if rows.is_empty():
    st.info(say("managers.none" if branches else "managers.no_register"))
    frame.link("import_files")
    st.stop()
with st.grid(min_column_width=165):
    for label, value, meaning in managers.cards(view, rows):
        st.metric(label, value, help=meaning, border=True, height="stretch")
st.caption(say("managers.definition"))
if managers.unmanaged(view):
    st.caption(say("managers.unmanaged", n=numbers.count(managers.unmanaged(view))))

st.subheader(say("managers.books"))
managers.choose(view, rows)
manager = managers.chosen(rows)
if view.run is None:
    st.info(say("frame.check_first"))
    st.stop()
if manager:
    managers.panel(view, manager)
else:
    st.info(say("managers.pick"))

st.subheader(say("managers.funnel"))
st.caption(say("managers.funnel_note"))
managers.funnel(view, rows)
frame.link("training")
