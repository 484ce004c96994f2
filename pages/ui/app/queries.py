"""Cached queries of the pages: one reader for each version of the book, a new cursor for each query."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from data.storage import book
from pages.ui.i18n import language
from policy.model import table_folder
from policy.model.records import Policy
from policy.runs import snapshot_check

Answer = TypeVar("Answer")
Generation = tuple[int, int] | None


@st.cache_resource(max_entries=2, show_spinner=False)
def _open_reader(path: str, generation: Generation) -> book.BookReader:  # noqa: ARG001  # a new book has a new generation
    reader = book.BookReader(Path(path))
    reader.require_current_schema()
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
    path: str,
    generation: Generation,
    query_key: str,  # noqa: ARG001  # read by the cache only
    _query: Callable[..., Any],
    _values: tuple[Any, ...],
) -> Any:
    return _query(_open_reader(path, generation).cursor(), *_values)


def cached_query(query: Callable[..., Answer], *values: Any) -> Answer:
    """The answer of `query(cursor, *values)`, a query of data or policy, cached for this version of the book.

    Values are distinguished by their text (a policy's is its version). All sessions share the answer: change a copy.
    """
    path = book.default_path()
    query_key = f"{query.__module__}.{query.__qualname__}{values!r}"
    answer: Answer = _run_query(str(path), book.read_generation(path), query_key, query, values)
    return answer
