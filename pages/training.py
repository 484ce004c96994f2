"""Training: what is needed, what is offered, what was held, and what changed afterwards."""

import streamlit as st

from pages.ui.app import page_frame, url_state
from pages.ui.i18n.language import say
from pages.ui.people import account_managers, training
from pages.ui.widgets import tables

view = page_frame.open_page("training")
if not training.has_register(view):
    st.info(say("training.nothing"))
    page_frame.link("import_files")
    st.stop()
branches = account_managers.scope(view)
parts = {name: say(f"training.{name}") for name in ("needs", "catalogue", "sessions", "effect")}
match url_state.switch("show", say("training.show"), parts, default="needs"):
    case "needs":
        if view.run is None:
            st.info(say("frame.check_first"))
        st.caption(account_managers.need_meaning(view))
        tables.show(training.needs(view, branches), training.NEEDS, key="needs", height="content")
        page_frame.link("account_managers")
    case "catalogue":
        st.caption(say("training.catalogue_note"))
        tables.show(training.catalogue(view), training.COURSES, key="catalogue", height="content")
    case "sessions":
        st.caption(say("training.sessions_note"))
        training.show_sessions(view, branches)
    case "effect":
        event = training.choose_event(view) if view.run else None
        if event is None:
            st.info(say("training.no_event"))
        else:
            training.show_effect(view, *event)
