"""What findings and errors say: every sentence of the code has its Chinese, with the same values in it."""

import ast
import csv
import string
from pathlib import Path

from data.ingest.profiles.profile_keys import load_profile_keys
from data.language import expressions
from data.messages import catalogue

ROOT = Path(__file__).parents[3]
KINDS = {"number", "date", "timestamp", "boolean", "list", "text"}
UNITS = {"ratio", "percent", "yuan", "days", "months", "years", "year", "count", "points", "rank", "unit"}
PROFILE_TYPES = {key.type for key in load_profile_keys()}
WORDS = {*KINDS, *UNITS, *PROFILE_TYPES, "measure", "limit", "a plain number"}  # that stand in sentences, by `word`


def _message_keys() -> set[str]:
    """The keys of texts that the code of data, policy and pages asks for."""
    found = set()
    for path in (file for package in ("data", "policy", "pages") for file in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "bilingual":
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}: a key is a literal"
                found.add(node.args[0].value)
    return found


def test_every_kind_and_unit_of_the_tables_has_a_word():
    with (ROOT / "policy/tables/plausible_ranges.csv").open(encoding="utf-8", newline="") as file:
        units = {row["unit"] for row in csv.DictReader(file)}
    assert set(expressions.KINDS.values()) <= KINDS
    assert units <= UNITS


def _placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def _note_keys() -> set[str]:
    """The keys of what a batch report says, which other tables name too."""
    with (catalogue.TEXTS / "data.ingest.notes.csv").open(encoding="utf-8", newline="") as file:
        return {row["key"] for row in csv.DictReader(file)}


def test_every_key_has_its_row_and_no_row_is_left_over():
    terms = {"term." + word.replace(" ", "_") for word in WORDS}
    assert _message_keys() | terms | _note_keys() == set(catalogue.load_catalogue())


def test_every_note_of_a_report_is_used():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "data").rglob("*.py"))
    assert [key for key in _note_keys() if f'"{key}"' not in code and f"{key.split('_')[0]}_{{" not in code] == []


def test_both_languages_have_the_same_values():
    texts = catalogue.load_catalogue().items()
    unlike = [key for key, text in texts if _placeholders(text["en"]) != _placeholders(text["zh"]) or not text["zh"]]
    assert [key for key in unlike if key not in _note_keys()] == []


def test_values_that_are_sentences_are_told_in_their_language():
    near = catalogue.bilingual("language.did_you_mean", known="balance")
    told = catalogue.bilingual("language.unknown_field", name="balanse", near=near)
    assert told == "unknown field 'balanse'; near it: balance."
    assert told.zh == "没有字段“balanse”，相近的有：balance。"
    assert catalogue.to_chinese("balance") == "balance"
