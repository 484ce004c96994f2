"""What is not in the book is named in both languages, with what to do."""

from datetime import date

import pytest

from data.errors import BookError
from data.facts import derivation
from data.queries import snapshots
from tests.data.facts_book import AS_OF


@pytest.mark.parametrize(
    ("known", "english", "chinese"),
    [
        ([], "it has no loans yet", "台账尚无贷款"),
        ([AS_OF], f"Snapshots: {AS_OF}.", f"现有时点：{AS_OF}。"),
    ],
)
def test_a_snapshot_that_is_not_in_the_book(facts_book, monkeypatch, known, english, chinese):
    monkeypatch.setattr(derivation, "list_as_of_dates", lambda _: known)
    with pytest.raises(BookError) as raised:
        snapshots.compare_snapshots(facts_book.con, date(2020, 1, 31), AS_OF)
    message = raised.value.args[0]
    assert message.startswith("The book has no snapshot of 2020-01-31")
    assert english in message
    assert message.zh.startswith("台账中没有 2020-01-31 的时点")
    assert chinese in message.zh


def test_a_batch_that_is_not_in_the_book(facts_book):
    with pytest.raises(BookError) as raised:
        snapshots.compare_snapshots(facts_book.con, "nothing", AS_OF)
    assert raised.value.args[0] == "The book has no batch nothing. python -m data snapshots lists them."
    assert raised.value.args[0].zh == "台账中没有批次 nothing。python -m data snapshots 可列出全部批次。"
