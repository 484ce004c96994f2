"""A run of a page reads one version of the book, whatever is published while it runs."""

from pathlib import Path
from typing import Any

import pytest

from data.storage import book
from pages.ui.app import page_frame, queries


@pytest.fixture
def own_book(checked_book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "book.duckdb"
    path.write_bytes(checked_book.read_bytes())
    monkeypatch.setenv("LOANLIGHT_BOOK", str(path))
    return path


def _publish(path: Path) -> None:
    with book.open_for_writing(path) as con:
        con.execute("UPDATE facts_loan SET balance = balance + 1")


@pytest.mark.parametrize("name", [*page_frame.PAGES, *page_frame.HIDDEN_PAGES])
def test_a_page_reads_one_book_from_beginning_to_end(own_book, open_page, monkeypatch, name):
    """A book is published before each of the first queries; none of them may see it."""
    read: list[Any] = []
    run_query, cursor = queries._run_query, book.BookReader.cursor

    def publish_and_run(*arguments: Any) -> Any:
        if len(read) < 4:
            _publish(own_book)
        return run_query(*arguments)

    def watch(reader: book.BookReader) -> Any:
        read.append(reader.generation)
        return cursor(reader)

    before = book.read_generation(own_book)
    monkeypatch.setattr(queries, "_run_query", publish_and_run)
    monkeypatch.setattr(book.BookReader, "cursor", watch)
    open_page(name)
    assert read and set(read) == {before} and book.read_generation(own_book) != before


def test_the_next_run_reads_the_newest_book(own_book, open_page):
    app = open_page("portfolio_health", "en")
    with book.open_for_writing(own_book) as con:
        con.execute("DELETE FROM facts_loan WHERE loan_id = 'L1'")
    app.run()
    assert any("6 checked" in caption.value for caption in app.caption), [caption.value for caption in app.caption]


def test_a_download_reads_the_book_of_its_page(own_book):
    with queries.hold_book():
        held = queries.require_reader()
        _publish(own_book)
        assert queries.require_reader() is held
    assert queries.require_reader().generation == book.read_generation(own_book) != held.generation


def test_a_book_published_while_it_is_opened_is_opened_again(own_book, monkeypatch):
    first = book.read_generation(own_book)
    open_reader = queries._open_reader

    class PublishOnce:
        clear = staticmethod(open_reader.clear)

        def __call__(self, *arguments: Any) -> book.BookReader:
            if book.read_generation(own_book) == first:
                _publish(own_book)
            return open_reader(*arguments)

    monkeypatch.setattr(queries, "_open_reader", PublishOnce())
    with queries.hold_book():
        assert queries.require_reader().generation == book.read_generation(own_book)
