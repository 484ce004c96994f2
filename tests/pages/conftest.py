"""The pages on the book made by hand, in either language."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages import seven_loan_book as seven_loans

DASHBOARD = Path(__file__).parents[2] / "dashboard.py"
OpenPage = Callable[..., AppTest]
RUN_TIMEOUT = 120  # seconds a page may run: a busy machine is not an error of a page


@pytest.fixture(scope="session")
def checked_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seven_loans.copy_checked_book(tmp_path_factory)


@pytest.fixture(scope="session")
def unchecked_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return seven_loans.copy_unchecked_book(tmp_path_factory)


@pytest.fixture
def seven_loan_book(checked_book: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LOANLIGHT_BOOK", str(checked_book))
    return checked_book


@pytest.fixture
def open_page() -> OpenPage:
    """Open a page by its name and the choices in its address; no error may show, unless `quiet` is off.

    `unfolded` is the key of a part that is computed only when it is open.
    """

    def open_by_name(
        name: str, lang: str = "zh", *, quiet: bool = True, unfolded: str = "", **choices: str | list[str]
    ) -> AppTest:
        app = AppTest.from_file(DASHBOARD, default_timeout=RUN_TIMEOUT)
        if unfolded:
            app.session_state[unfolded] = True
        app.query_params["lang"] = lang
        app.switch_page(f"pages/{name}.py")
        for choice, value in choices.items():
            app.query_params[choice] = value
        app.run()
        if quiet:
            assert not app.exception
            assert not app.error
        return app

    return open_by_name
