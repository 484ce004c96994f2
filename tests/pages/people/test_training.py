"""Training: each part has its address, and before and after a session are told of the checked snapshots."""

from pathlib import Path

import pytest

from data.facts import derivation
from data.queries import training
from data.storage import book
from policy.model import supervision
from policy.runs import snapshot_check
from policy.violations import lifecycle
from tests import shared_books
from tests.shipped_policy import POLICY


@pytest.fixture(scope="module")
def trained_book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo book checked on the last day before its newest session on lending and on its newest day; the session."""
    path = shared_books.copy_demo_book(tmp_path_factory, 150)
    with book.open_for_writing(path) as con:
        days = derivation.list_as_of_dates(con)
        known = training.list_topic_sessions(con, days[-1]).rows(named=True)
        session = next(s for s in known if s["held_on"] < days[-1] and supervision.taught_rules(POLICY, s["topic"]))
        earlier = max(day for day in days if day < session["held_on"])
        for day in (earlier, days[-1]):
            lifecycle.record_lifecycle(con, snapshot_check.build_facts_and_judge(con, POLICY, day).run_id)
    return path, f"{session['topic']}~{session['held_on']}"


@pytest.fixture
def open_training(trained_book, open_page, monkeypatch):
    path, session = trained_book
    monkeypatch.setenv("LOANLIGHT_BOOK", str(path))
    return lambda part, lang="en": open_page("training", lang, show=part, session=session)


def test_each_part_is_shown_by_its_address(open_training):
    columns = {
        "needs": "managers_needing",
        "catalogue": "course",
        "sessions": "held_on",
        "effect": "rate_change",
    }
    for part, column in columns.items():
        assert column in open_training(part).dataframe[0].value.columns, part


@pytest.mark.parametrize(("lang", "said"), [("en", "observational"), ("zh", "观察")])
def test_before_and_after_is_called_observational(open_training, lang, said):
    app = open_training("effect", lang)
    assert any(said in info.value for info in app.info)
    rates = app.dataframe[0].value
    assert list(rates["rate_change"]) == pytest.approx(list(rates["rate_after"] - rates["rate_before"]))
