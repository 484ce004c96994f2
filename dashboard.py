"""The entry: the server when it starts, and each visit to a page."""

import streamlit as st

from pages.ui.app import server, visit

if __name__ == "__main__":  # Streamlit runs this file for every visit
    visit.draw_visit()
else:
    app = st.App(__file__, middleware=server.prepare_guards(), lifespan=server.announce_address)
