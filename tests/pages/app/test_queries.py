"""Answers are remembered by the text of what was asked: it must say all there is."""

import gc
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

import pytest

from pages.ui.app import garbage_collection, page_frame, queries
from policy.model.records import Policy

PLAIN_TYPES = (str, bytes, int, float, bool, date, Decimal, Enum, type(None))


def _leaf_values(value: object) -> Iterator[object]:
    if isinstance(value, (tuple, list, frozenset)):
        for part in value:
            yield from _leaf_values(part)
    elif is_dataclass(value) and not isinstance(value, Policy):
        for field in fields(value):
            assert field.repr
            yield from _leaf_values(getattr(value, field.name))
    else:
        yield value


@pytest.mark.parametrize("name", [*page_frame.PAGES, *page_frame.HIDDEN_PAGES])
def test_no_page_changes_an_answer(seven_loan_book, open_page, monkeypatch, name):
    """Answers are everybody's: they are handed out as they are, not as copies."""
    given, ask = [], queries.cached_query

    def watched(question, *values):
        answer = ask(question, *values)
        if isinstance(answer, (dict, list, set)):
            given.append((answer, deepcopy(answer)))
        return answer

    monkeypatch.setattr(queries, "cached_query", watched)
    open_page(name)
    assert given
    for answer, first in given:
        assert answer == first


@pytest.mark.parametrize("name", page_frame.PAGES)
def test_what_is_asked_is_told_apart_by_its_text(seven_loan_book, open_page, monkeypatch, name):
    asked, ask = [], queries.cached_query

    def watched(question, *values):
        asked.append((question, values))
        return ask(question, *values)

    monkeypatch.setattr(queries, "cached_query", watched)
    open_page(name)
    assert asked
    for question, values in asked:
        assert "<locals>" not in question.__qualname__
        strange = [part for part in _leaf_values(values) if not isinstance(part, (*PLAIN_TYPES, Policy))]
        assert not strange, question


def test_policies_are_told_apart_by_their_version():
    assert repr(queries.current_policy()) == f"Policy({queries.current_policy().version!r})"


def test_what_a_page_loads_is_spared_the_collector(seven_loan_book, open_page):
    """A full collection follows every run: over all words and rules it takes longer than the page."""
    gc.unfreeze()
    garbage_collection.freeze_startup_objects.clear()
    open_page("violations")
    spared = gc.get_freeze_count()
    assert spared > len(gc.get_objects())
    open_page("violations")
    assert gc.get_freeze_count() <= spared  # once a page: what a session leaves can be collected
