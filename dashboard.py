"""The entry: identity, language, navigation."""

import streamlit as st

from pages.ui import frame, language

st.set_page_config(page_title="Loanlight", page_icon="🏦", layout="wide")
st.logo("pages/ui/logo.svg", size="large")
page = frame.navigation()
frame.enter()
with st.sidebar:
    language.switch()
page.run()
