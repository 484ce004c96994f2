"""What could not be done: what it was, and what the user can do about it."""

import streamlit as st

from data.errors import LoanlightError
from pages.ui.i18n.language import localize_message


def show_error(summary: str, error: BaseException) -> None:
    """The error as text, under what was tried; a fault of ours is not dressed up as the user's."""
    if not isinstance(error, LoanlightError):
        raise error
    st.error(summary)
    st.code(localize_message(error.args[0]), language=None, wrap_lines=True)
