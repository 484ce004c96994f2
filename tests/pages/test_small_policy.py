"""Every page works with a bank's own small policy, or names in one sentence the table that is not there."""

import shutil
from pathlib import Path

import pytest

from data.storage import book
from pages.ui.app import page_frame
from policy.runs import snapshot_check
from tests.pages.seven_loan_book import SNAPSHOT_DATE, copy_unchecked_book

SMALL_POLICY = Path(__file__).parents[1] / "policy" / "small_policy"
NEEDED_TABLES = {
    "account_managers": "training_thresholds.csv",
    "training": "training_thresholds.csv",
    "early_warning": "watch_lists.csv",
    "connected_parties": "watch_lists.csv",
}


@pytest.fixture(scope="module")
def small_policy_book(tmp_path_factory):
    path = copy_unchecked_book(tmp_path_factory)
    with book.open_for_writing(path) as con:
        snapshot_check.judge_snapshot(con, snapshot_check.load_policy(str(SMALL_POLICY)), SNAPSHOT_DATE)
    return path


@pytest.fixture
def small_policy(small_policy_book, tmp_path, monkeypatch):
    folder = tmp_path / "tables"
    shutil.copytree(SMALL_POLICY, folder)
    monkeypatch.setenv("LOANLIGHT_BOOK", str(small_policy_book))
    monkeypatch.setenv("LOANLIGHT_TABLES", str(folder))
    return folder


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", [*page_frame.PAGES, *page_frame.HIDDEN_PAGES])
def test_a_page_with_a_small_policy(small_policy, open_page, page, lang):
    app = open_page(page, lang, quiet=False, loan="L1")
    assert not app.exception
    errors = " ".join(element.value for element in (*app.error, *(app.code if app.error else ())))
    if page in NEEDED_TABLES:
        assert not errors or NEEDED_TABLES[page] in errors
    else:
        assert not errors


def test_the_what_if_page_says_that_no_rule_is_about_extensions(small_policy, open_page):
    question = {"loan": "L1", "to": "2027-05-05", "applied": "2026-10-01", "consent": "all"}
    app = open_page("extension_what_if", "zh", quiet=False, **question)
    assert not app.exception and not app.success
    assert any("没有关于展期的规则" in box.value for box in app.info)


def test_clauses_are_grouped_by_their_own_document(small_policy, open_page):
    app = open_page("policy_tables", "en")
    options = [option for box in app.multiselect for option in box.options]
    assert any("Riverbank manual" in option for option in options)
