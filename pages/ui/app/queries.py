"""Cached queries of the pages: one reader for each version of the book, a new cursor for each query.

A run of a page, with the downloads and jobs that it starts, holds one version of the book from beginning to end.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from data.storage import book, drafts
from data.storage.book import BookReader
from pages.ui.i18n import language
from policy.model import table_folder
from policy.model.records import Policy
from policy.runs import snapshot_check

Answer = TypeVar("Answer")
Generation = tuple[int, int] | None
_held_reader: ContextVar[BookReader | None] = ContextVar("held_reader", default=None)


@st.cache_resource(max_entries=2, show_spinner=False)
def _open_reader(path: str, generation: Generation) -> book.BookReader:  # noqa: ARG001  # a new book has a new generation
    reader = BookReader(Path(path))
    reader.require_current_schema()
    return reader


@contextmanager
def hold_book() -> Iterator[None]:
    """Within the block every query reads the book that is the newest now, whatever is published meanwhile.

    Without a book nothing is held. Raises BookError when the book cannot be read.
    """
    token = _held_reader.set(_open_newest())
    try:
        yield
    finally:
        _held_reader.reset(token)


def _open_newest() -> BookReader | None:
    """A reader of the newest book, shared by all who read this version; None where there is no book."""
    path = book.default_path()
    while (generation := book.read_generation(path)) is not None:
        reader: BookReader = _open_reader(str(path), generation)
        if reader.generation == generation:
            return reader
        _open_reader.clear(str(path), generation)  # another one was published before this one was opened
    return None


def find_reader() -> BookReader | None:
    """The book that this run of the page holds, or else the newest; None where there is no book."""
    return _held_reader.get() or _open_newest()


def require_reader() -> BookReader:
    """As find_reader. Raises BookError where there is no book."""
    reader = find_reader()
    if reader is None:
        raise drafts.missing_book_error(book.default_path())
    return reader


@st.cache_resource(max_entries=2, show_spinner=False)
def _load_policy(
    folder: Path,
    stamp: tuple[tuple[str, int], ...],  # noqa: ARG001  # edited tables have a new stamp
) -> Policy:
    return snapshot_check.load_policy_folder(folder)


def current_policy() -> Policy:
    """The policy of LOANLIGHT_TABLES, or the shipped one, read again when one of its tables was edited.

    Its words are those of the page from here on. Raises PolicyError.
    """
    folder = table_folder.default_folder()
    stamp = tuple((path.as_posix(), path.stat().st_mtime_ns) for path in sorted(folder.rglob("*.csv")))
    policy = _load_policy(folder, stamp)
    language.use_vocabulary(policy.vocabulary)
    return policy


# Answers are shared as they are: copying a frame of a large book on every rerun takes longer than all else on the page.
@st.cache_resource(max_entries=2000, show_spinner=False)
def _run_query(
    path: str,  # noqa: ARG001  # what is remembered is told apart by these three
    generation: Generation,  # noqa: ARG001
    query_key: str,  # noqa: ARG001
    _reader: BookReader,
    _query: Callable[..., Any],
    _values: tuple[Any, ...],
) -> Any:
    return _query(_reader.cursor(), *_values)


def cached_query(query: Callable[..., Answer], *values: Any) -> Answer:
    """The answer of `query(cursor, *values)`, a query of data or policy, cached for this version of the book.

    Values are distinguished by their text (a policy's is its version). All sessions share the answer: change a copy.
    """
    reader = require_reader()
    query_key = f"{query.__module__}.{query.__qualname__}{values!r}"
    answer: Answer = _run_query(str(reader.path), reader.generation, query_key, reader, query, values)
    return answer
