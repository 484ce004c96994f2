"""The way from a page to the book: one reader a published book, a new cursor a question, answers remembered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from data.storage import book
from policy.model import csv_reader
from policy.model.records import Policy
from policy.runs import snapshot_check

Answer = TypeVar("Answer")
Generation = tuple[int, int]


@st.cache_resource(max_entries=2, show_spinner=False)
def _reader(path: str, generation: Generation) -> book.Reader:  # noqa: ARG001  # a new book has a new generation
    reader = book.Reader(Path(path))
    reader.need_current()
    return reader


@st.cache_resource(max_entries=2, show_spinner=False)
def _policy(stamp: tuple[tuple[str, int], ...]) -> Policy:  # noqa: ARG001  # edited tables have a new stamp
    return snapshot_check.load()


def policy() -> Policy:
    """The shipped policy, read again when one of its tables was edited. Raises PolicyError."""
    return _policy(
        tuple((path.as_posix(), path.stat().st_mtime_ns) for path in sorted(csv_reader.SHIPPED.rglob("*.csv")))
    )


# Answers are shared as they are: copying a frame of a large book on every rerun takes longer than all else on the page.
@st.cache_resource(max_entries=2000, show_spinner=False)
def _answer(
    path: str,
    generation: Generation,
    asked: str,  # noqa: ARG001  # read by the cache only
    _question: Callable[..., Any],
    _values: tuple[Any, ...],
) -> Any:
    return _question(_reader(path, generation).cursor(), *_values)


def ask(question: Callable[..., Answer], *values: Any) -> Answer:
    """Put a question of data or policy to the book: `question(cursor, *values)`, remembered for this book.

    Values are told apart by their text (a policy's is its version). The answer is everybody's; change a copy of it.
    """
    path = book.default_path()
    asked = f"{question.__module__}.{question.__qualname__}{values!r}"
    return _answer(str(path), book.generation(path), asked, question, values)
