"""The words of the interface: both languages, none missing, none left over."""

import ast
import csv
import io
import re
import string
from pathlib import Path

import pytest

from data import dictionary
from pages.ui.app import page_frame
from pages.ui.extension import request_form
from pages.ui.format import citations
from pages.ui.i18n import language
from pages.ui.loan import search, verdict_list
from pages.ui.maturities import windows
from policy.engine.verdict_codes import REASONS
from policy.runs import snapshot_check

PAGES = Path(__file__).parents[3] / "pages"
POLICY = snapshot_check.load_policy()


def _requested_keys() -> set[str]:
    """Every key a page asks for; the changing part of a key is a star."""
    found = set()
    for file in PAGES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == "t":
                for key in (
                    [node.args[0].body, node.args[0].orelse] if isinstance(node.args[0], ast.IfExp) else node.args[:1]
                ):
                    found.add(_key_pattern(key))
    return found


def _key_pattern(key: ast.expr) -> str:
    if isinstance(key, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "*" for part in key.values)
    return key.value if isinstance(key, ast.Constant) else "*"


@pytest.mark.parametrize("key", sorted(language.load_texts()))
def test_both_languages(key):
    row = language.load_texts()[key]
    holes = [
        {name for _, name, _, _ in string.Formatter().parse(row[code]) if name is not None}
        for code in language.LANGUAGES
    ]
    assert all(row[code].strip() for code in language.LANGUAGES)
    assert holes[0] == holes[1]


def test_one_is_not_many():
    with language.use_language("en"):
        assert language.t("import.load", n="1") == "Load 1 row"
        assert language.t("import.load", n="1,001") == "Load 1,001 rows"


def test_no_key_stands_twice():
    tables = [table.read_text("utf-8") for table in sorted(language.TEXTS_FOLDER.glob("*.csv"))]
    keys = [row["key"] for text in tables for row in csv.DictReader(io.StringIO(text))]
    assert sorted(keys) == sorted(language.load_texts())


def test_no_word_is_missing():
    plain = {key for key in _requested_keys() if "*" not in key}
    assert plain - set(language.load_texts()) == set()


def test_no_word_is_left_over():
    said = _requested_keys() - {"*"}
    starts = {key.split("*")[0] for key in said if "*" in key}
    named = (
        "consent.",
        "mark.",
        "decision_short.",
        "unit_of_one.",
        "circle_kind.",
        "cell_type.",
        "citation_word.",
        "reason.",
        "subject.",
        "whatif.",
        "bad.",
        "part_of_policy.",
    )
    left = [key for key in language.load_texts() if key not in said and not key.startswith((*starts, *named))]
    assert left == []


@pytest.mark.parametrize("part", ["family", "stage", "severity", "subject"])
def test_everything_a_rule_says_has_words(part):
    assert {getattr(rule, part) for rule in POLICY.rules.values()} - set(language.labels_of_kind(part)) == set()


def test_every_grade_of_evidence_and_every_reason_has_words():
    rows = [row for table in POLICY.limit_tables.values() for row in table.rows]
    grades = {item.evidence for item in (*POLICY.rules.values(), *rows)}
    assert grades - set(language.labels_of_kind("grade")) == set()
    assert {*REASONS.values(), "missing_field"} - set(language.labels_of_kind("reason")) == set()


def test_every_column_shown_has_a_name():
    shown = {*windows.COLUMNS, *request_form.LINE_COLUMNS, *search.MATCHES, *verdict_list.COLUMNS}
    assert {f"col.{name}" for name in shown} - set(language.load_texts()) == set()


def test_a_page_file_is_layout_only():
    assert [file.name for file in PAGES.glob("*.py") if len(file.read_text().splitlines()) > 120] == []


def test_dictionary_covers_what_pages_label():
    loan = dictionary.facts_of_subject("loan")
    assert [name for name in request_form.LOAN_FACTS if name not in loan and name != "borrower_name"] == []


@pytest.mark.parametrize(
    ("section", "english"),
    [("第五篇 七3", "part 5, 7.3"), ("第12条", "art. 12"), ("第五篇", "part 5"), ("逾期天数条款", "")],
)
def test_a_clause_is_cited_in_the_language(section, english):
    with language.use_language("en"):
        assert citations.format_section(section) == english
    with language.use_language("zh"):
        assert citations.format_section(section) == section


def test_every_citation_in_english_is_english():
    with language.use_language("en"):
        cited = {citations.cite_clauses(POLICY, rule.clause_id) for rule in POLICY.versions}
    assert [text for text in cited if re.search(r"[\u4e00-\u9fff]", text)] == []


CODES = {
    code
    for _, code, *_ in dictionary.list_code_rows()
    if re.fullmatch(r"[a-z]+(_[a-z0-9]+)*|[A-Z]+(_[A-Z0-9]+)+", code)
}
FIELDS = {
    name for subject in dictionary.load_subjects() for name in dictionary.facts_of_subject(subject) if "_" in name
}
PAGE_STATES = [
    *((name, {}) for name in page_frame.PAGES),
    *(("violations", {"show": show}) for show in ("by", "trend", "unjudged", "quality")),
    ("upcoming_maturities", {"show": "duties"}),
    ("extension_what_if", {"loan": "L2"}),
    ("loan", {"loan": "L1"}),
    ("loan", {"loan": "L7"}),
    ("account_managers", {"officer": "O001"}),
    *(("policy_tables", {"view": view}) for view in ("dates", "versions")),  # the editor words codes in the browser
    ("policy_tables", {"clause": "S5.2a.1"}),
]


@pytest.mark.parametrize(("name", "choices"), PAGE_STATES, ids=[f"{name} {choices}" for name, choices in PAGE_STATES])
def test_no_code_and_no_name_of_a_field_reaches_the_reader(seven_loan_book, open_page, name, choices):
    app = open_page(name, "zh", quiet=False, **choices)
    assert not app.exception
    cells = [
        cell
        for table in app.dataframe
        for column in table.value
        for cell in table.value[column]
        if isinstance(cell, str)
    ]
    said = [element.value for kind in (app.markdown, app.text, app.caption) for element in kind]
    found = {text for text in cells if {*re.split(r"[ ,/、:;：；()（）]+", text)} & (CODES | FIELDS)}
    found |= {text for text in said if {w for w in re.split(r"[^A-Za-z0-9_]+", text) if "_" in w} & (CODES | FIELDS)}
    assert found == set()
