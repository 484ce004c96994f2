"""A visit: identity, language, navigation, and the page that was asked for."""

import sys
from pathlib import Path

import streamlit as st

from data.storage import private_files
from pages.ui.app import garbage_collection, page_frame
from pages.ui.i18n import language, streamlit_texts
from policy.model import table_folder

UI = Path(__file__).parents[1]


def draw_visit() -> None:
    """Runs once a visit and again at every change of a control."""
    table_folder.read_default_from_arguments(sys.argv[1:])  # streamlit run dashboard.py -- --tables FOLDER
    private_files.restrict_new_files()
    st.set_page_config(page_title="Loanlight", page_icon=str(UI / "icon.png"), layout="wide", initial_sidebar_state=255)
    st.logo(str(UI / "logo.svg"), size="large")
    st.html(UI / "style.css")
    page = page_frame.declare_pages()
    streamlit_texts.replace_texts()
    with st.sidebar:
        language.draw_selector()
        page_frame.draw_product_version()
    page_frame.run_page(page)
    garbage_collection.freeze_startup_objects(page.url_path)
