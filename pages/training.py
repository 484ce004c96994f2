"""Training: what is needed, what is offered, what was held, and what changed afterwards."""

import streamlit as st

from pages.ui import address, frame, managers, tables, training
from pages.ui.language import say

view = frame.open_page("training")
if not training.has_register(view):
    st.info(say("training.nothing"))
    frame.link("import_files")
    st.stop()
branches = managers.scope(view)
parts = {name: say(f"training.{name}") for name in ("needs", "catalogue", "sessions", "effect")}
match address.switch("show", say("training.show"), parts, default="needs"):
    case "needs":
        if view.run is None:
            st.info(say("frame.check_first"))
        st.caption(managers.need_meaning(view))
        tables.show(training.needs(view, branches), training.NEEDS, key="needs", height="content")
        frame.link("account_managers")
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
