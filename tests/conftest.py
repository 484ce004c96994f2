"""Books that tests of several parts share, and how tests are spread over workers."""

import os
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from data.storage import book, connection

SPARK_SCOPE = "spark"


class FileScheduling(LoadScopeScheduling):
    """Keeps a file on one worker, and all that runs on Spark: module fixtures and the cluster are built once.

    Written here because the groups of xdist 3.8 are ignored without a word under pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.split("::", 1)[0]
        return SPARK_SCOPE if "/spark/" in path else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling:
    return FileScheduling(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs on Spark takes longest, so it begins first."""
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)


def pytest_configure() -> None:
    """Workers share the cores, so each uses one thread; without workers DuckDB uses all of them, as in production."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        connection.CONFIG["threads"] = 1


@pytest.fixture
def no_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default path of the book, with no book there."""
    path = tmp_path / "book.duckdb"
    monkeypatch.setenv("LOANLIGHT_BOOK", str(path))
    return path


@pytest.fixture
def empty_book(no_book: Path) -> Path:
    """A book with its tables and not one loan."""
    with book.open_for_writing(no_book):
        pass
    return no_book
