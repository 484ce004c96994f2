"""What findings and errors say: every sentence of the code has its Chinese, with the same values in it."""

import ast
import csv
import string
from pathlib import Path

from data.messages import bilingual
from policy.language import expressions

ROOT = Path(__file__).parents[2]
KINDS = {"number", "date", "timestamp", "boolean", "list", "text"}
UNITS = {"ratio", "percent", "yuan", "days", "months", "years", "year", "count", "points", "rank", "unit"}
WORDS = {*KINDS, *UNITS, "measure", "limit", "a plain number"}  # that stand in sentences, by `word`


def _told() -> set[str]:
    found = set()
    for path in (file for package in ("data", "policy") for file in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tell":
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}: the sentence is the row's key"
                found.add(node.args[0].value)
    return found


def test_every_kind_and_unit_of_the_tables_has_a_word():
    with (ROOT / "policy/tables/plausible.csv").open(encoding="utf-8", newline="") as file:
        units = {row["unit"] for row in csv.DictReader(file)}
    assert set(expressions.KINDS.values()) <= KINDS
    assert units <= UNITS


def _values(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def test_every_sentence_has_its_row_and_no_row_is_left_over():
    assert _told() | WORDS == set(bilingual.sentences())


def test_both_languages_have_the_same_values():
    assert [en for en, zh in bilingual.sentences().items() if _values(en) != _values(zh) or not zh] == []


def test_values_that_are_sentences_are_told_in_their_language():
    near = bilingual.tell("; near it: {known}", known="balance")
    told = bilingual.tell("unknown field '{name}'{near}.", name="balanse", near=near)
    assert told == "unknown field 'balanse'; near it: balance."
    assert told.zh == "没有字段“balanse”，相近的有：balance。"
    assert bilingual.chinese("balance") == "balance"
