"""Saved views: a name for choices in the address. Shipped ones are rows; an officer's own are kept beside the book."""

from collections.abc import Callable

import streamlit as st

from data.errors import InputError
from data.reference import size_limits
from data.storage import book, saved_views
from pages.ui.app import url_state
from pages.ui.i18n import error_message
from pages.ui.i18n.language import by_language, t
from policy.violations.facets import FACETS

SAVED_PARAMS = (*FACETS, "q", "order", "show", "by", "unjudged")
OWN_PREFIX = "own:"
APPLIED_COUNT = "views_taken"  # how often a view was taken in this session


def draw_views_menu() -> None:
    """Take a view, save what is chosen under a name, remove one."""
    with st.popover(t("views.title"), icon=":material/bookmark:"):
        views = _load_views()
        labels = {code: label for code, (label, _) in views.items()}
        standing = _serialize_choices()
        # Another widget after each taking: the browser may send the old one's choice once more, and undo what follows.
        key = f"views:take:{st.session_state.get(APPLIED_COUNT, 0)}"
        st.selectbox(
            t("views.open"),
            list(labels),
            index=None,
            format_func=labels.__getitem__,
            placeholder=t("views.none"),
            key=key,
            on_change=_apply_view,
            args=(views, key),
        )
        name = st.text_input(t("views.name"), max_chars=size_limits.integer_limit("view_name"), key="views:name")
        if st.button(t("views.save"), disabled=not (name.strip() and standing), width="stretch"):
            _save_and_report(lambda: saved_views.save_view(book.default_path(), name, standing), t("views.saved"))
        own = [view.name for view in saved_views.load_saved_views(book.default_path())]
        if own:
            gone = st.selectbox(t("views.own"), own, index=None, placeholder=t("views.pick"), key="views:own")
            if st.button(t("views.remove"), disabled=gone is None, width="stretch"):
                _save_and_report(lambda: saved_views.remove_view(book.default_path(), gone or ""), t("views.removed"))


def _load_views() -> dict[str, tuple[str, str]]:
    """Code → (name, choices): ours, then the officers'."""
    ours = {
        row["view"]: (by_language(row["zh"], row["en"]), row["choices"]) for row in saved_views.load_shipped_views()
    }
    own = {
        f"{OWN_PREFIX}{view.name}": (view.name, view.choices)
        for view in saved_views.load_saved_views(book.default_path())
    }
    return ours | own


def _serialize_choices() -> str:
    """What the address has chosen, as a view keeps it."""
    return saved_views.encode_choices(
        {name: url_state.get_params(name) for name in SAVED_PARAMS if url_state.get_params(name)}
    )


def _apply_view(views: dict[str, tuple[str, str]], key: str) -> None:
    code = st.session_state[key]
    if code is None:
        return
    pairs = saved_views.SavedView("", views[code][1], "").pairs
    for name in SAVED_PARAMS:
        url_state.set_param(name, [value for key, value in pairs if key == name])
    st.session_state[APPLIED_COUNT] = st.session_state.get(APPLIED_COUNT, 0) + 1


def clear_filters() -> None:
    """No filter at all."""
    for name in (*FACETS, "q"):
        url_state.set_param(name, [])


def _save_and_report(act: Callable[[], None], done: str) -> None:
    try:
        act()
    except InputError as error:
        error_message.show_error(t("views.failed"), error)
    except OSError as error:
        st.error(t("views.failed"))
        st.text(str(error.strerror))
    else:
        st.toast(done)
        st.rerun()
