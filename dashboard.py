"""The entry: identity, language, navigation."""

from pathlib import Path

import streamlit as st

from pages.ui import collector, frame, language, own_words  # the collector first: it eases the rest

UI = Path(__file__).parent / "pages" / "ui"

st.set_page_config(page_title="Loanlight", page_icon=str(UI / "icon.png"), layout="wide", initial_sidebar_state=255)
st.logo(str(UI / "logo.svg"), size="large")
st.html(UI / "style.css")
page = frame.navigation()
own_words.put()
with st.sidebar:
    language.switch()
frame.run(page)
collector.spare(page.url_path)
