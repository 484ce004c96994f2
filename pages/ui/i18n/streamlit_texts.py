"""The words that Streamlit draws by itself, in English alone: where people look, our own stand in their place."""

import streamlit as st

from pages.ui.i18n.language import current_language, t

UPLOADER = '[data-testid="stFileUploaderDropzone"]'
REPLACEMENT_CSS = '{parent}::after {{ content: "{words}"; font-size: 0.875rem; }} {parent} > * {{ display: none; }}'


def replace_texts() -> None:
    """By style, as there is no parameter for them; in English they are right already."""
    if current_language() == "en":
        return
    most = t("uploader.limit", mb=st.get_option("server.maxUploadSize"))
    places = {
        f'{UPLOADER} button [data-testid="stMarkdownContainer"]': t("uploader.choose"),
        f'{UPLOADER} [data-testid="stFileUploaderDropzoneInstructions"] > div': most,
    }
    rules = (REPLACEMENT_CSS.format(parent=parent, words=words) for parent, words in places.items())
    st.html(f"<style>{' '.join(rules)}</style>")
