"""A real Chromium against a real server; every request to another machine is written down."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import server, tour

CHROMIUM = server.CHROMIUM
REQUIRED = os.environ.get("LOANLIGHT_BROWSER_REQUIRED") == "1"
TIMEOUT_MS = 60_000  # ms; a busy machine is no fault of a page, and how fast pages are is what benchmarks say
expect.set_options(timeout=TIMEOUT_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists() and not REQUIRED:
                item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    return browser_type_launch_args | {"executable_path": str(CHROMIUM), "args": server.CHROMIUM_ARGUMENTS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return browser_context_args | {"viewport": {"width": 1440, "height": 1400}, "locale": "en-GB"}


@pytest.fixture(scope="module")
def serve() -> Iterator[Callable[[Path], str]]:
    """The address of a dashboard on a book, as `streamlit run` serves it; tests of a module share the book's server."""
    addresses: dict[Path, str] = {}
    with ExitStack() as servers:

        def address_of(book: Path) -> str:
            if book not in addresses:
                addresses[book] = servers.enter_context(server.run_server(book)).url
            return addresses[book]

        yield address_of


@pytest.fixture
def serve_anew() -> Iterator[Callable[[Path], str]]:
    """The address of a dashboard that has had no request yet."""
    with ExitStack() as servers:
        yield lambda book: servers.enter_context(server.run_server(book)).url


@pytest.fixture(scope="session")
def demo_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo book with all its registers, its two newest snapshots checked."""
    return tour.make_checked_book(tmp_path_factory.mktemp("demo") / "book.duckdb", 200, last=2)


@pytest.fixture
def page(page: Page) -> Page:
    page.set_default_timeout(TIMEOUT_MS)
    return page


@pytest.fixture
def external_requests(page: Page) -> Iterator[list[str]]:
    """Requests that left this machine; a test that uses the browser fails on the first."""
    found: list[str] = []
    page.on(
        "request", lambda request: None if request.url.startswith(server.LOCAL_PREFIXES) else found.append(request.url)
    )
    yield found
    assert found == []
