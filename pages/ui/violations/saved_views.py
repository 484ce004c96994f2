"""Named views: a name for choices in the address. Ours come as rows; an officer's own are kept beside the book."""

import streamlit as st

from data.errors import InputError
from data.reference import size_limits
from data.storage import book, saved_views
from pages.ui.app import url_state
from pages.ui.i18n import error_message
from pages.ui.i18n.language import pick, say
from pages.ui.violations import filters

KEPT = (*filters.FACETS, "q", "order", "show", "by", "unjudged")
OWN = "own:"
TAKEN = "views_taken"  # how often a view was taken in this session


def draw() -> None:
    """Take a view, save what is chosen under a name, remove one."""
    with st.popover(say("views.title"), icon=":material/bookmark:"):
        views = _all()
        labels = {code: label for code, (label, _) in views.items()}
        standing = _standing()
        # Another widget after each taking: the browser may send the old one's choice once more, and undo what follows.
        key = f"views:take:{st.session_state.get(TAKEN, 0)}"
        st.selectbox(
            say("views.take"),
            list(labels),
            index=None,
            format_func=labels.__getitem__,
            placeholder=say("views.none"),
            key=key,
            on_change=_take,
            args=(views, key),
        )
        name = st.text_input(say("views.name"), max_chars=size_limits.whole("view_name"), key="views:name")
        if st.button(say("views.save"), disabled=not (name.strip() and standing), width="stretch"):
            _write(lambda: saved_views.save(book.default_path(), name, standing), say("views.saved"))
        own = [view.name for view in saved_views.saved(book.default_path())]
        if own:
            gone = st.selectbox(say("views.own"), own, index=None, placeholder=say("views.pick"), key="views:own")
            if st.button(say("views.remove"), disabled=gone is None, width="stretch"):
                _write(lambda: saved_views.remove(book.default_path(), gone), say("views.removed"))


def _all() -> dict[str, tuple[str, str]]:
    """Code → (name, choices): ours, then the officers'."""
    ours = {row["view"]: (pick(row["zh"], row["en"]), row["choices"]) for row in saved_views.shipped()}
    own = {f"{OWN}{view.name}": (view.name, view.choices) for view in saved_views.saved(book.default_path())}
    return ours | own


def _standing() -> str:
    """What the address has chosen, as a view keeps it."""
    return saved_views.written({name: url_state.all_of(name) for name in KEPT if url_state.all_of(name)})


def _take(views: dict[str, tuple[str, str]], key: str) -> None:
    code = st.session_state[key]
    if code is None:
        return
    pairs = saved_views.SavedView("", views[code][1], "").pairs
    for name in KEPT:
        url_state.put(name, [value for key, value in pairs if key == name])
    st.session_state[TAKEN] = st.session_state.get(TAKEN, 0) + 1


def clear() -> None:
    """No filter at all."""
    for name in (*filters.FACETS, "q"):
        url_state.put(name, [])


def _write(act: object, done: str) -> None:
    try:
        act()
    except InputError as error:
        error_message.show(say("views.failed"), error)
    except OSError as error:
        st.error(say("views.failed"))
        st.text(str(error.strerror))
    else:
        st.toast(done)
        st.rerun()
