"""A real Chromium against a real server; every request to another machine is written down."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
REQUIRED = os.environ.get("LOANLIGHT_BROWSER_REQUIRED") == "1"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists() and not REQUIRED:
                item.add_marker(pytest.mark.skip(reason=f"no Chromium at {CHROMIUM}"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    arguments = ["--no-sandbox", "--disable-quic", "--disable-background-networking"]
    return browser_type_launch_args | {"executable_path": str(CHROMIUM), "args": arguments}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    return browser_context_args | {"viewport": {"width": 1440, "height": 1400}, "locale": "en-GB"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait(url: str, server: subprocess.Popen) -> None:
    for _ in range(150):
        assert server.poll() is None, f"the server ended with {server.returncode}"
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the server did not start in 30 seconds")


@pytest.fixture
def served() -> Iterator[Callable[[Path], str]]:
    """Start the dashboard on a book, as `streamlit run` does; returns its address."""
    servers = []

    def serve(book: Path) -> str:
        port = _free_port()
        command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless=true",
                   f"--server.port={port}", "--server.address=127.0.0.1", "--server.fileWatcherType=none"]  # fmt: skip
        servers.append(subprocess.Popen(command, cwd=ROOT, env=os.environ | {"LOANLIGHT_BOOK": str(book)}))
        url = f"http://127.0.0.1:{port}"
        _wait(url, servers[-1])
        return url

    yield serve
    for server in servers:
        server.terminate()
        server.wait(timeout=20)


@pytest.fixture
def outside(page: Page) -> Iterator[list[str]]:
    """Requests that left this machine; a test that uses the browser fails on the first."""
    found: list[str] = []
    own = ("http://127.0.0.1", "ws://127.0.0.1", "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else found.append(request.url))
    yield found
    assert found == []
