"""Account managers: each one's book, violations per 100 loans against the peers, and the training needs from them."""

import streamlit as st

from pages.ui.app import page_frame, snapshot_view
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from pages.ui.people import account_managers, manager_detail, managers

view = page_frame.open_page("account_managers")
branches = managers.choose_branches(view)
rows = managers.filter_branches(managers.load_managers(view), branches)
if rows.is_empty():
    st.info(t("managers.none" if branches else "managers.no_register"))
    snapshot_view.draw_page_link("import_files")
    st.stop()
with st.grid(min_column_width=165):
    for label, value, meaning in account_managers.build_cards(view, rows):
        st.metric(label, value, help=meaning, border=True, height="stretch")
st.caption(t("managers.definition"))
unmanaged = managers.count_unmanaged_loans(view)
if unmanaged:
    st.caption(t("managers.unmanaged", n=numbers.format_count(unmanaged)))

st.subheader(t("managers.portfolios"))
account_managers.draw_manager_list(view, rows)
manager = account_managers.find_chosen_manager(rows)
if view.run is None:
    st.info(t("frame.check_first"))
    st.stop()
if manager:
    manager_detail.draw_manager(view, manager)
else:
    st.info(t("managers.pick"))

st.subheader(t("managers.funnel"))
st.caption(t("managers.funnel_note"))
account_managers.draw_funnel(view, rows)
snapshot_view.draw_page_link("training")
