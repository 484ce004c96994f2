"""Books that tests of several parts share."""

from pathlib import Path

import pytest

from data import book


@pytest.fixture
def no_book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The default path of the book, with no book there."""
    path = tmp_path / "book.duckdb"
    monkeypatch.setenv("LOANLIGHT_BOOK", str(path))
    return path


@pytest.fixture
def empty_book(no_book: Path) -> Path:
    """A book with its tables and not one loan."""
    with book.writing(no_book):
        pass
    return no_book
