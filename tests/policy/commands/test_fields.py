"""python -m policy fields: the facts that rules may read."""

import json

from data import dictionary
from policy.__main__ import main
from tests.shipped_policy import POLICY


def _list_fields(capsys, *words: str) -> list[dict[str, str]]:
    assert main(["fields", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)["fields"]


def test_every_fact_of_every_subject_is_listed_with_its_meaning(capsys):
    found = _list_fields(capsys)
    names = {(field["subject"], field["name"]) for field in found}
    for subject in dictionary.load_subjects():
        assert {(subject, name) for name in dictionary.facts_of_subject(subject)} <= names
    assert {(derived.subject, derived.name) for derived in POLICY.derived} <= names
    assert all(field["type"] and field["source"] and field["zh"] and field["en"] for field in found)


def test_a_word_in_either_language_finds_facts(capsys):
    balance = {"subject": "loan", "name": "balance", "type": "money", "unit": "yuan"}
    for word in ("balance", "余额"):
        assert any(balance.items() <= field.items() for field in _list_fields(capsys, word)), word
    assert "derived.csv" in {field["source"] for field in _list_fields(capsys, "term_class")}
    assert "loans" in {field["source"] for field in _list_fields(capsys, "contract_no")}


def test_the_text_has_a_line_for_each_fact(capsys):
    assert main(["fields", "as_of"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= len(dictionary.load_subjects())
    assert any(line.startswith("loan") and "judgement" in line and "判定日" in line for line in lines)


def test_a_word_that_finds_nothing_is_an_error_in_both_languages(capsys):
    assert main(["fields", "balanse-x"]) == 1
    message = capsys.readouterr().err
    assert "balanse-x" in message and "没有" in message
