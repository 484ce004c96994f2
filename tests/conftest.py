"""Books that tests of several parts share."""

from pathlib import Path

import pytest

from data.storage import book


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file stays whole on one worker, and all that runs on Spark with it: it shares a cluster, and begins first."""
    items.sort(key=lambda item: item.get_closest_marker("spark") is None)
    for item in items:
        group = "spark" if item.get_closest_marker("spark") else str(item.path.relative_to(item.config.rootpath))
        item.add_marker(pytest.mark.xdist_group(group))


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
