"""Books that lack something: the page says what, and what to do."""

from pathlib import Path

import pytest
from hand_book import build
from streamlit.testing.v1 import AppTest

DASHBOARD = Path(__file__).parents[2] / "dashboard.py"
PAGES = ["portfolio_health", "violations", "upcoming_maturities", "extension_what_if"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("lang", "said"), [("zh", "还没有贷款台账"), ("en", "There is no loan book yet")])
def test_no_book(no_book, opened, page, lang, said):
    app = opened(page, lang)
    assert said in app.info[0].value
    assert "python -m data import" in app.code[0].value


@pytest.mark.parametrize("page", PAGES)
def test_empty_book(empty_book, opened, page):
    assert "The book has no loans yet" in opened(page, "en").info[0].value


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("lang", "said"), [("zh", "尚未检查"), ("en", "not checked yet: run python -m policy check")])
def test_a_book_without_a_run(no_book, opened, page, lang, said):
    build(no_book, checked=False)
    app = opened(page, lang)
    assert said in app.warning[0].value
    assert ("7 loaded (not checked)" if lang == "en" else "已入账 7（未检查）") in app.caption[0].value


@pytest.mark.parametrize("page", PAGES)
def test_rows_add_up(hand_book, opened, page):
    app = opened(page, "en")
    assert "10 rows in = 7 judged + 2 quarantined + 1 ignored" in app.caption[0].value
    assert not [warning for warning in app.warning if "add up" in warning.value]


def test_rows_that_do_not_add_up_are_said(no_book, opened):
    build(no_book, lost=4)
    app = opened("portfolio_health", "en")
    assert "14 rows in = 7 judged + 2 quarantined" in app.caption[0].value
    assert "4 are unaccounted for" in app.warning[0].value


def test_no_classification_at_all_is_no_ratio_of_zero(no_book, opened):
    build(no_book, classified=False)
    app = opened("portfolio_health", "en")
    values = {card.label.replace("\\", "").split("] ")[-1]: card.value for card in app.metric}
    assert values["NPL ratio"] == values["Special-mention ratio"] == "—"
    assert values["Overdue ratio"] == "51.22%"
    assert "5 of 5 lack: five\\-category class" in app.caption[1].value


def test_no_balance_at_all_is_no_sum_of_zero(no_book, opened):
    build(no_book, valued=False)
    app = opened("portfolio_health", "en")
    assert app.metric[0].value == "—"
    assert "Balance: 5 of 5 lack: balance of the loans" in app.caption[1].value
    assert "No loan states a balance, so there is nothing to draw. Map the field of the balance and import again." in [info.value for info in app.info]
    windows = opened("upcoming_maturities", "en").metric
    assert [(card.value, card.delta) for card in windows][:2] == [("—", "Loans: 1"), ("—", "Loans: 1")]


def test_nothing_found_is_no_pass(hand_book, opened):
    app = opened("violations", "en", severity="critical", branch_id="001")
    assert "could not be judged is no pass" in app.info[0].value
    app = opened("violations", "en", severity="critical", show="unjudged")
    assert not app.dataframe[0].value.empty  # what could not be judged is listed all the same


@pytest.mark.parametrize("page", PAGES)
def test_a_damaged_book_is_one_plain_message(no_book, opened, page):
    no_book.write_bytes(b"no book at all" * 500)
    app = opened(page, "en", quiet=False)
    assert [error.value for error in app.error] == ["This cannot be shown"]
    assert "is damaged" in app.code[0].value
    assert not app.exception


@pytest.mark.parametrize(
    ("locale", "title"), [("zh-CN", "资产质量"), ("en-US", "Portfolio health"), ("fr-FR", "Portfolio health")]
)
def test_the_browser_says_which_language_comes_first(hand_book, locale, title):
    app = AppTest.from_file(DASHBOARD, default_timeout=30)
    app.context["locale"] = locale
    app.run()
    assert app.title[0].value == title


def test_the_language_switch_changes_page_and_address(hand_book, opened):
    app = opened("upcoming_maturities", "zh")
    app.sidebar.segmented_control[0].set_value("en").run()
    assert app.title[0].value == "Upcoming maturities"
    assert app.query_params["lang"] == "en"
