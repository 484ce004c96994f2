"""The words of rules are rows of vocabulary.csv: a word that is not there is an error, and a bank adds its own."""

import pytest

from policy.authoring import lint
from policy.model.vocabulary import LISTS, parse_vocabulary
from tests.policy import policy_builder
from tests.shipped_policy import POLICY

HEADER = "list,code,zh,en,rank\n"
APPROVAL = HEADER + "stage,approval,审批,Approval,35\n"


def _errors(rule: dict[str, str], **tables: str) -> list[str]:
    texts = policy_builder.policy_texts([rule]) | {f"{name}.csv": text for name, text in tables.items()}
    return policy_builder.error_messages(lint.lint_tables(texts)[1])


@pytest.mark.parametrize("column", ["stage", "family", "unit", "evidence", "severity"])
def test_a_word_outside_the_vocabulary_is_an_error_that_names_the_known_words(column):
    found = [message for message in _errors({column: "approval"}) if "not in the vocabulary" in message]
    assert len(found) == 1
    assert found[0].startswith(f"rules/test.csv, row 2, column {column}: 'approval' is not in the vocabulary")
    assert all(code in found[0] for code in parse_vocabulary()[column])


def test_a_bank_adds_words_to_the_shipped_ones():
    assert _errors({"stage": "approval"}, vocabulary=APPROVAL) == []
    words = parse_vocabulary(APPROVAL)["stage"]
    assert [*words][-1] == "approval"
    assert words["approval"].zh == "审批"
    assert set(parse_vocabulary()["stage"]) < set(words)


def test_a_bank_words_a_shipped_code_its_own_way():
    words = parse_vocabulary(HEADER + "stage,pre_loan,调查,Investigation,1\n")["stage"]
    assert (words["pre_loan"].zh, len(words)) == ("调查", len(parse_vocabulary()["stage"]))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("stages,approval,审批,Approval,1", "'stages' is not an allowed value; near it: stage"),
        ("stage,approval,审批,Approval,first", "'first' is not a rank"),
        ("stage,approval,,Approval,1", "column zh: is empty"),
        ("stage,,审批,Approval,1", "column code: is empty"),
        ("stage,a,审,A,1\nstage,a,审,A,1", "'stage a' is already in row 2"),
    ],
)
def test_the_vocabulary_is_linted(row, message):
    found = _errors({}, vocabulary=HEADER + row + "\n")
    assert [each for each in found if each.startswith("vocabulary.csv") and message in each], found


def test_every_severity_needs_an_effect_and_ranks_rules():
    found = _errors({}, vocabulary=HEADER + "severity,fatal,致命,Fatal,0\n")
    assert any("severity_effects.csv" in each and "'fatal'" in each for each in found), found
    policy, _ = lint.lint_tables(
        policy_builder.policy_texts([{}]) | {"vocabulary.csv": HEADER + "severity,fatal,致命,Fatal,0\n"}
    )
    assert policy.severities == ("fatal", "critical", "high", "medium", "low", "info")


def test_the_shipped_policy_uses_words_of_each_list():
    assert set(POLICY.vocabulary) == set(LISTS)
    for name in LISTS:
        assert {getattr(rule, name) for rule in POLICY.versions} - {""} <= set(POLICY.vocabulary[name])
