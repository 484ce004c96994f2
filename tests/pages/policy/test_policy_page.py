"""Policy page: rules in plain words, clauses to search, hits that equal the book's, a limit tried out, versions."""

import re

import pytest

from data.storage import book
from pages.ui.format import expression_text
from pages.ui.i18n import language
from pages.ui.policy import impact_view
from policy.authoring import impact, lint
from tests.pages.seven_loan_book import SNAPSHOT_DATE
from tests.shipped_policy import POLICY

NPL_TABLE = "limits/npl_limits.csv"


def _query_book(path, sql: str, *values):
    with book.open_for_reading(path) as cursor:
        return cursor.execute(sql, list(values)).fetchall()


@pytest.fixture(params=["zh", "en"])
def lang(request):
    token = language._language.set(request.param)
    yield request.param
    language._language.reset(token)


def test_every_rule_reads_as_plain_words(lang):
    for rule in POLICY.rules.values():
        for text in (expression_text.format_scope(POLICY, rule), expression_text.format_requirement(POLICY, rule)):
            assert text
            assert not re.search(r"[a-z]_[a-z]|<>|[<>]=|\b(and|or|not|is|null|lacking|has)\(", text), rule.rule_id


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("balance <= 100", "贷款余额 不超过 100.00", "Balance is at most 100.00"),
        ("current_maturity >= disbursed_on", "到期日 不早于 发放日期", "is no earlier than"),
        ("guarantee_type in ('credit', 'mortgage')", "担保方式 属于 信用、抵押", "is one of"),
        ("officer_id is not null", "有记录", "is on record"),
        ("is_running or not (is_running and balance > 0)", "或", " or "),
        ("add_days(disbursed_on, -10) = current_maturity", "之前 10 天", "10 days before"),
    ],
)
def test_an_expression_in_words(lang, text, zh, en):
    assert (zh if lang == "zh" else en) in expression_text.format_expression(POLICY, "loan", text)


def _listed_clauses(app) -> list[str]:
    return app.dataframe[0].value.iloc[:, 0].to_list()


@pytest.mark.parametrize("view", ["clauses", "limits", "dates", "versions"])
@pytest.mark.parametrize("code", ["zh", "en"])
def test_every_view_opens(seven_loan_book, open_page, view, code):
    app = open_page("policy_tables", code, view=view)
    assert app.title[0].value == ("制度" if code == "zh" else "Policy")


def test_clauses_are_found_in_either_language(seven_loan_book, open_page):
    every = _listed_clauses(open_page("policy_tables", "en"))
    assert sorted(every) == sorted(POLICY.clauses)
    chinese, english = (
        _listed_clauses(open_page("policy_tables", code, words=words))
        for code, words in (("en", "不良"), ("zh", "NPL ratio"))
    )
    assert "KPI2005" in chinese and len(chinese) < len(every)
    assert english and set(english) < set(every)
    assert open_page("policy_tables", "en", words="no such word").info[0].value.startswith("No clause")


def test_a_clause_shows_its_rule_limit_examples_and_hits(seven_loan_book, open_page):
    app = open_page("policy_tables", "en", clause="KPI2005", rule="BNK-NPL")
    said = [text.value for text in app.text]
    clause, rule = POLICY.clauses["KPI2005"], POLICY.rules["BNK-NPL"]
    assert {clause.gist_zh} <= set(said)
    assert any("Non-performing balance ÷" in text and "is at most" in text for text in said)
    counts = dict(
        _query_book(
            seven_loan_book,
            "SELECT verdict, sum(subjects) FROM run_counts WHERE rule_id = ? AND run_id IN "
            "(SELECT run_id FROM runs WHERE as_of = ?) GROUP BY ALL",
            "BNK-NPL",
            SNAPSHOT_DATE,
        )
    )
    assert {m.label: m.value for m in app.metric} == {"Violation": str(counts["violation"]), "Pass": "0"}
    limits, examples = app.dataframe[1].value, app.dataframe[2].value
    assert "5.00%" in limits["allows"][0] and limits["records"][0] == 1
    assert len(examples) == sum(example.rule_id == rule.rule_id for example in POLICY.examples)
    assert not any("not as expected" in cell for cell in examples["said"])
    assert set(examples["expected_verdict"]) == set(examples["said"])


def _edit_limit(app, cell: str):
    """The page with a limit changed, as the editor leaves it in the session."""
    text = POLICY.texts[NPL_TABLE].replace("NL-1,0.05", f"NL-1,{cell}")
    app.session_state["policy_edits"] = (POLICY.version, {NPL_TABLE: text})
    app.session_state["policy_base"] = ("", "")
    return app.run(), POLICY.texts | {NPL_TABLE: text}


def test_a_changed_limit_shows_what_it_does_to_the_book(seven_loan_book, open_page):
    app, texts = _edit_limit(open_page("policy_tables", "en", view="limits", table="npl_limits"), "0.99")
    after, problems = lint.lint_tables(texts)
    with book.open_for_reading(seven_loan_book) as con:
        found = impact.compare_policies(con, POLICY, after, SNAPSHOT_DATE, today=False)
    totals = {row["kind"]: row["records"] for row in found.totals.to_dicts()}
    assert totals == {"removed": 1} and not problems
    assert not app.exception
    assert [m.value for m in app.metric] == ["0", "1", "0", "0"]
    assert any("5.00% → 99.00%" in str(table.value.to_numpy()) for table in app.dataframe)
    assert any(button.label == r"Download npl\_limits\.csv" for button in app.get("download_button"))


def test_a_limit_that_cannot_be_meant_is_said_with_table_row_and_remedy(seven_loan_book, open_page):
    app, _ = _edit_limit(open_page("policy_tables", "en", view="limits", table="npl_limits"), "5")
    assert app.error[0].value == "Validation found 1 error and 0 warnings"
    row = next(table.value for table in app.dataframe if "cannot be meant" in str(table.value.to_numpy())).iloc[0]
    assert row.to_list()[1:4] == [NPL_TABLE, 2, "max_ratio"]
    assert not app.metric
    assert "policy_trial" not in app.session_state


def test_findings_are_in_the_language_of_the_page(seven_loan_book, open_page):
    app, _ = _edit_limit(open_page("policy_tables", "zh", view="limits", table="npl_limits"), "5")
    row = next(table.value for table in app.dataframe if "不合常理" in str(table.value.to_numpy())).iloc[0]
    assert row["problem"] == "5 比率 不合常理，合理范围为 0 至 2。"
    assert not re.search("[A-Za-z]{6}", row["what_to_do"])


def test_a_large_book_is_judged_when_asked(seven_loan_book, open_page, monkeypatch):
    monkeypatch.setattr(impact_view, "is_small_book", lambda _: False)
    app, _ = _edit_limit(open_page("policy_tables", "en", view="limits", table="npl_limits"), "0.99")
    assert "policy_trial" not in app.session_state
    next(button for button in app.button if button.label == "Compute impact")


def test_versions_are_compared_in_words(seven_loan_book, open_page):
    app, _ = _edit_limit(open_page("policy_tables", "zh", view="versions"), "0.08")
    cells = next(table.value for table in app.dataframe).iloc[0].to_list()
    assert cells[0] == "修改" and cells[3].endswith("5.00% → 8.00%") and cells[4] == "可能"
    assert len(app.metric) == 4
