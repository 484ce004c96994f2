"""Choices in the address: of very many options the first are offered, and writing finds the others."""

from streamlit.testing.v1 import AppTest

from pages.ui.app import url_state


def _render_page() -> None:
    import streamlit as st  # AppTest runs the body alone

    from pages.ui.app import url_state
    from pages.ui.i18n import language

    language.set_language_from_request()
    labels = {f"S{n:04}": f"S{n:04} {'Wang Wei' if n in (7, 4000) else 'Li Na'}" for n in range(5000)}
    st.session_state["read"] = url_state.select_several("officer_id", "Manager", labels, "All")


def _open_page(**choices: str) -> AppTest:
    app = AppTest.from_function(_render_page)
    app.query_params["lang"] = "en"
    for name, value in choices.items():
        app.query_params[name] = value
    return app.run()


def test_only_the_first_of_very_many_options_go_to_the_browser():
    app = _open_page()
    assert len(app.multiselect[0].options) == url_state.MAX_OFFERED_OPTIONS
    assert "first 500 of 5,000" in app.multiselect[0].help
    assert app.session_state["read"] == []


def test_a_choice_of_the_address_is_offered_though_it_is_not_among_the_first():
    app = _open_page(officer_id="S4711")
    assert app.multiselect[0].options[-1] == "S4711 Li Na"
    assert app.session_state["read"] == ["S4711"]


def test_a_written_number_is_chosen():
    app = _open_page()
    app.multiselect[0].set_value(["S0001", "S4711"]).run()
    assert app.session_state["read"] == ["S0001", "S4711"]
    assert app.query_params["officer_id"] == ["S0001", "S4711"]


def test_a_written_part_chooses_all_that_have_it():
    app = _open_page()
    app.multiselect[0].set_value(["wang "]).run()
    assert app.session_state["read"] == ["S0007", "S4000"]


def test_a_part_that_none_or_too_many_have_chooses_none_and_says_so():
    app = _open_page(officer_id="S0003")
    app.multiselect[0].set_value(["S0003", "nobody"]).run()
    assert app.session_state["read"] == ["S0003"]
    assert "No matching number or name" in app.toast[0].value
    app.multiselect[0].set_value(["S0003", "li na"]).run()
    assert app.session_state["read"] == ["S0003"]
    assert "4,998 options match" in app.toast[0].value
