"""Account managers: each one's book, violations per 100 loans against the peers, and the training needs from them."""

import streamlit as st

from pages.ui.app import page_frame
from pages.ui.i18n import numbers
from pages.ui.i18n.language import say
from pages.ui.people import account_managers

view = page_frame.open_page("account_managers")
branches = account_managers.scope(view)
rows = account_managers.within(account_managers.standing(view), branches)
if rows.is_empty():
    st.info(say("managers.none" if branches else "managers.no_register"))
    page_frame.link("import_files")
    st.stop()
with st.grid(min_column_width=165):
    for label, value, meaning in account_managers.cards(view, rows):
        st.metric(label, value, help=meaning, border=True, height="stretch")
st.caption(say("managers.definition"))
if account_managers.unmanaged(view):
    st.caption(say("managers.unmanaged", n=numbers.count(account_managers.unmanaged(view))))

st.subheader(say("managers.books"))
account_managers.choose(view, rows)
manager = account_managers.chosen(rows)
if view.run is None:
    st.info(say("frame.check_first"))
    st.stop()
if manager:
    account_managers.panel(view, manager)
else:
    st.info(say("managers.pick"))

st.subheader(say("managers.funnel"))
st.caption(say("managers.funnel_note"))
account_managers.funnel(view, rows)
page_frame.link("training")
