"""Training: what is needed, what is offered, what was held, and what changed afterwards."""

import streamlit as st

from pages.ui.app import page_frame, snapshot_view, url_state
from pages.ui.i18n.language import t
from pages.ui.people import managers, training, training_effect
from pages.ui.widgets import tables

view = page_frame.open_page("training")
if not training.has_register(view):
    st.info(t("training.nothing"))
    snapshot_view.draw_page_link("import_files")
    st.stop()
branches = managers.choose_branches(view)
parts = {name: t(f"training.{name}") for name in ("needs", "catalogue", "sessions", "effect")}
match url_state.select_segment("show", t("training.show"), parts, default="needs"):
    case "needs":
        if view.run is None:
            st.info(t("frame.check_first"))
        st.caption(managers.explain_need(view))
        tables.draw_table(training.build_needs(view, branches), training.NEEDS, key="needs", height="content")
        snapshot_view.draw_page_link("account_managers")
    case "catalogue":
        st.caption(t("training.catalogue_note"))
        tables.draw_table(training.load_catalogue(view), training.COURSES, key="catalogue", height="content")
    case "sessions":
        st.caption(t("training.sessions_note"))
        training.draw_sessions(view, branches)
    case "effect":
        session = training_effect.choose_session(view) if view.run else None
        if session is None:
            st.info(t("training.no_event"))
        else:
            training_effect.draw_effect(view, *session)
