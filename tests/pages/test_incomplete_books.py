"""Books that lack something: the page says what, and what to do."""

import shutil

import pytest
from streamlit.testing.v1 import AppTest

from data.storage import book
from tests.pages.conftest import DASHBOARD, RUN_TIMEOUT
from tests.pages.seven_loan_book import build_book

PAGES = ["portfolio_health", "violations", "upcoming_maturities", "extension_what_if"]


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("lang", "said"), [("zh", "还没有贷款台账"), ("en", "There is no loan book yet")])
def test_no_book(no_book, open_page, name, lang, said):
    app = open_page(name, lang)
    assert said in app.info[0].value
    assert "python -m data import" in app.code[0].value


@pytest.mark.parametrize("name", PAGES)
def test_empty_book(empty_book, open_page, name):
    assert "There are no loans in the book yet" in open_page(name, "en").info[0].value


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "尚未检查"), ("en", "not been checked yet. Run python -m policy check")]
)
def test_a_book_without_a_run(unchecked_book, monkeypatch, open_page, name, lang, said):
    monkeypatch.setenv("LOANLIGHT_BOOK", str(unchecked_book))
    app = open_page(name, lang)
    assert said in app.warning[0].value
    assert ("7 loaded (not checked)" if lang == "en" else "已入账 7（未检查）") in app.caption[0].value


@pytest.mark.parametrize("name", PAGES)
def test_rows_add_up(seven_loan_book, open_page, name):
    app = open_page(name, "en")
    assert "10 rows read = 7 checked + 2 quarantined + 1 skipped" in app.caption[0].value
    assert not [warning for warning in app.warning if "add up" in warning.value]


def test_rows_that_do_not_add_up_are_said(checked_book, no_book, open_page):
    shutil.copyfile(checked_book, no_book)
    with book.open_for_writing(no_book) as con:
        con.execute("UPDATE batch_tables SET rows_in = rows_in + 4 WHERE table_name = 'snapshots'")
    app = open_page("portfolio_health", "en")
    assert "14 rows read = 7 checked + 2 quarantined" in app.caption[0].value
    assert "4 rows are unaccounted for" in app.warning[0].value


def test_no_classification_at_all_is_no_ratio_of_zero(no_book, open_page):
    build_book(no_book, classified=False)
    app = open_page("portfolio_health", "en")
    values = {card.label.replace("\\", "").split("] ")[-1]: card.value for card in app.metric}
    assert values["NPL ratio"] == values["Special-mention ratio"] == "Too many loans without the data"
    assert values["Overdue ratio"] == "46.67%"
    assert "Missing in 5 of 5: five\\-category class" in app.caption[1].value


def test_no_balance_at_all_is_no_sum_of_zero(no_book, open_page):
    build_book(no_book, valued=False)
    app = open_page("portfolio_health", "en")
    assert app.metric[0].value == "Too many loans without the data"
    assert "Balance: Missing in 5 of 5: balance of the loans" in app.caption[1].value
    assert [info.value for info in app.info if "Map the balance field and import again" in info.value]
    windows = open_page("upcoming_maturities", "en").metric
    assert [(card.value, card.delta) for card in windows][:2] == [("—", "Loans: 1"), ("—", "Loans: 1")]


def test_nothing_found_is_no_pass(seven_loan_book, open_page):
    app = open_page("violations", "en", severity="critical", branch_id="001")
    assert "could not be made is not a pass" in app.info[0].value
    app = open_page("violations", "en", severity="critical", show="unjudged")
    assert not app.dataframe[0].value.empty  # what could not be judged is listed all the same


@pytest.fixture
def incomplete_book(seven_loan_book, no_book, monkeypatch):
    """The book without what many files lack: account managers, days past due, names of branches."""
    shutil.copy(seven_loan_book, no_book)
    monkeypatch.setenv("LOANLIGHT_BOOK", str(no_book))
    with book.open_for_writing(no_book) as con:
        con.execute("UPDATE facts_loan SET officer_id = NULL, days_past_due = NULL, branch_name = branch_id")
        con.execute("UPDATE summary_cells SET late = NULL")
    return no_book


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("account_managers", "No active loan in this snapshot has an account manager"),
        ("portfolio_health", "None of the 5 loans has a value for: Days past due. Map that field and import again."),
    ],
)
def test_a_field_that_no_loan_has_is_named(incomplete_book, open_page, name, said):
    assert any(said in info.value for info in open_page(name, "en").info)


def test_a_branch_without_a_name_is_its_number_once(incomplete_book, open_page):
    app = open_page("portfolio_health", "en")
    assert app.selectbox[1].options == ["Whole bank", "001", "002"]
    assert "Mainly: 002 −200K" in app.markdown[0].value.replace("\\", "")


def test_the_policy_can_be_read_without_a_book(empty_book, open_page):
    clauses, dates = (open_page("policy_tables", "en", view=view) for view in ("clauses", "dates"))
    assert "clauses, rules and effective dates" in clauses.info[0].value
    table = clauses.dataframe[0].value
    assert len(table) > 100
    assert "violations" not in table.columns, "nothing was judged"
    assert len(dates.get("vega_lite_chart")) == 1


@pytest.mark.parametrize("name", PAGES)
def test_a_damaged_book_is_one_plain_message(no_book, open_page, name):
    no_book.write_bytes(b"no book at all" * 500)
    app = open_page(name, "en", quiet=False)
    assert [error.value for error in app.error] == ["This page cannot be shown"]
    assert "is damaged" in app.code[0].value
    assert not app.exception
    assert "已损坏" in open_page(name, "zh", quiet=False).code[0].value


@pytest.mark.parametrize(
    ("locale", "title"), [("zh-CN", "资产质量"), ("en-US", "Portfolio health"), ("fr-FR", "Portfolio health")]
)
def test_the_browser_says_which_language_comes_first(seven_loan_book, locale, title):
    app = AppTest.from_file(DASHBOARD, default_timeout=RUN_TIMEOUT)
    app.context["locale"] = locale
    app.run()
    assert app.title[0].value == title


def test_the_language_switch_changes_page_and_address(seven_loan_book, open_page):
    app = open_page("upcoming_maturities", "zh")
    app.sidebar.segmented_control[0].set_value("en").run()
    assert app.title[0].value == "Upcoming maturities"
    assert app.query_params["lang"] == "en"
