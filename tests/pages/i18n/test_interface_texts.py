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
from tests.shipped_policy import POLICY

ROOT = Path(__file__).parents[3]
PAGES, PACKAGES = ROOT / "pages", ("data", "policy", "pages")


def _parse_pages() -> list[ast.AST]:
    return [node for file in PAGES.rglob("*.py") for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]


NODES = _parse_pages()
LITERALS = {node.value for node in NODES if isinstance(node, ast.Constant) and isinstance(node.value, str)}
CALLS = [
    (getattr(node.func, "id", getattr(node.func, "attr", "")), node) for node in NODES if isinstance(node, ast.Call)
]


def _requested_keys() -> set[str]:
    """Every key a page asks for by itself: t("frame.as_of"), t("a.b" if … else "a.c")."""
    asked = [part for name, call in CALLS if name == "t" and call.args for part in _alternatives(call.args[0])]
    return {part.value for part in asked if isinstance(part, ast.Constant)}


def _alternatives(key: ast.expr) -> list[ast.expr]:
    return [key.body, key.orelse] if isinstance(key, ast.IfExp) else [key]


def _key_patterns() -> set[str]:
    """Every key a page asks for with a part that varies, t(f"page.{name}"), as a regular expression."""
    asked = [part for name, call in CALLS if name == "t" and call.args for part in _alternatives(call.args[0])]
    return {
        "".join(re.escape(part.value) if isinstance(part, ast.Constant) else r"(\w+)" for part in key.values)
        for key in asked
        if isinstance(key, ast.JoinedStr)
    }


def _requested_kinds() -> set[str]:
    """The kinds of keys whose labels a page asks for together, labels_of_kind("duty"); the policy has some of them."""
    asked = [call.args[0] for name, call in CALLS if name == "labels_of_kind"]
    return {kind.value for kind in asked if isinstance(kind, ast.Constant)} - set(language.VOCABULARY_LISTS)


def _known_words() -> set[str]:
    """Every word of the code and of the tables: what a varying part of a key can be."""
    texts = [
        path.read_text(encoding="utf-8") for folder in ("data", "policy") for path in (ROOT / folder).rglob("*.*v")
    ]
    code = [path.read_text(encoding="utf-8") for folder in PACKAGES for path in (ROOT / folder).rglob("*.py")]
    return set(re.findall(r"\w+", " ".join(texts + code)))


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


def test_every_key_used_exists():
    texts = language.load_texts()
    assert _requested_keys() - set(texts) == set()
    assert [pattern for pattern in _key_patterns() if not any(re.fullmatch(pattern, key) for key in texts)] == []
    assert _requested_kinds() - {key.split(".")[0] for key in texts} == set()


def test_every_key_is_used():
    """By itself, as one of a kind, or by a pattern whose varying part is a word of the code or of a table."""
    words, kinds, patterns = _known_words(), _requested_kinds(), [re.compile(pattern) for pattern in _key_patterns()]
    others = [key for key in language.load_texts() if key not in LITERALS and key.split(".")[0] not in kinds]
    matches = {key: [found.groups() for p in patterns if (found := p.fullmatch(key))] for key in others}
    unused = [key for key, found in matches.items() if not any(_can_vary(parts, words) for parts in found)]
    assert unused == []


def _can_vary(parts: tuple[str, ...], words: set[str]) -> bool:
    """Whether each part is a word; that of a function with its number of arguments (`if3`) without the number."""
    return all(part in words or part.rstrip("23") in words for part in parts)


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
