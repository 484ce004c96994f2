"""The linter says table, row, column, what is wrong and what to do; and the shipped policy has no error."""

from datetime import date

import pytest

from policy.__main__ import main
from policy.authoring import examples, lint
from policy.model import table_folder
from tests.policy import policy_builder
from tests.shipped_policy import POLICY

MONTHS_COLUMNS = [("original_term_months", "key", "integer", "months"), ("days", "limit", "integer", "days")]
DAYS_RULE = {"measure": "days_past_due", "limit": "terms.days", "unit": "days"}


def _terms_table(*rows: dict[str, str]) -> dict:
    return {"terms": ("unique", MONTHS_COLUMNS, list(rows))}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ({"measure": "balanse"}, "rules/test.csv, row 2, column measure: R: unknown field 'balanse'; near it: balance"),
        ({"limit": "'x'"}, "column limit: R: compares a number in yuan with a text"),
        ({"scope": "balance"}, "column scope: R: gives a number"),
        ({"comparator": "=>"}, "column comparator"),
        ({"severity": "huge"}, "column severity: 'huge' is not in the vocabulary"),
        ({"subject": "lone"}, "'lone' is not an allowed value; near it: loan"),
        ({"clause_id": "C9"}, "unknown clause 'C9'"),
        ({"clause_id": ""}, "no clause is named"),
        ({"effective_from": "2024-02-30"}, "'2024-02-30' is not a date"),
        ({"effective_to": "1999-01-01"}, "ends on or before the day it starts"),
        ({"effective_from": "0204-01-01"}, "cannot be meant"),
        ({"act_date": "balance"}, "'balance' is not a date"),
        ({"title_zh": ""}, "column title_zh: is empty"),
        ({"rule_id": "a b"}, "'a b' is not a valid rule id"),
        ({"measure": "balance > 1", "comparator": "<", "limit": "true"}, "only be compared by ="),
    ],
)
def test_rule_errors(rule: dict[str, str], says: str) -> None:
    found = policy_builder.lint_errors([rule])
    assert any(says in problem for problem in found), found


def test_overlap_has_a_witness() -> None:
    found = policy_builder.lint_errors(
        [DAYS_RULE],
        _terms_table(
            {"original_term_months": "<= 12", "days": "10"}, {"original_term_months": "[12..60]", "days": "20"}
        ),
    )
    assert len(found) == 1 and "row 3" in found[0] and "original_term_months = 12" in found[0]


def test_overlap_needs_all_keys_and_dates_at_once() -> None:
    apart = [
        {"original_term_months": "<= 12", "days": "10", "effective_to": "2020-01-01"},
        {"original_term_months": "<= 12", "days": "9", "effective_from": "2020-01-01"},
    ]
    assert policy_builder.lint_errors([DAYS_RULE], _terms_table(*apart)) == []
    apart[1]["effective_from"] = "2019-12-31"
    assert "in force = 2019-12-31" in policy_builder.lint_errors([DAYS_RULE], _terms_table(*apart))[0]


def test_gap_has_exact_bounds() -> None:
    rows = _terms_table({"original_term_months": "< 12", "days": "10"}, {"original_term_months": "> 12", "days": "20"})
    _, problems = lint.lint_tables(policy_builder.policy_texts([DAYS_RULE], rows))
    assert ["original_term_months = 12" in str(p) for p in problems if "no row matches" in str(p)] == [True]
    whole = _terms_table(
        {"original_term_months": "<= 12", "days": "10"}, {"original_term_months": ">= 13", "days": "20"}
    )
    assert not [
        p for p in lint.lint_tables(policy_builder.policy_texts([DAYS_RULE], whole))[1] if "no row matches" in str(p)
    ]


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("12 months", "'12 months' is not a number"),
        ("[60..12]", "contains no value"),
        ("1,,2", "an empty part"),
        ("< ", "is not a number"),
    ],
)
def test_key_cells_that_cannot_be_read(cell: str, says: str) -> None:
    found = policy_builder.lint_errors([DAYS_RULE], _terms_table({"original_term_months": cell, "days": "1"}))
    assert any(
        "limits/terms.csv, row 2, column original_term_months" in problem and says in problem for problem in found
    ), found


def test_limit_cells_and_structure() -> None:
    assert any(
        "'ten' is not of type integer" in p
        for p in policy_builder.lint_errors([DAYS_RULE], _terms_table({"original_term_months": "-", "days": "ten"}))
    )
    texts = policy_builder.policy_texts([{}])
    assert any(
        "the table is missing" in p
        for p in policy_builder.error_messages(
            lint.lint_tables({k: v for k, v in texts.items() if k != "severity_effects.csv"})[1]
        )
    )
    assert any(
        "cells under" in p
        for p in policy_builder.error_messages(
            lint.lint_tables(texts | {"derived.csv": texts["derived.csv"] + "a,b\n"})[1]
        )
    )
    assert any(
        "unknown or repeated column" in p
        for p in policy_builder.error_messages(
            lint.lint_tables(texts | {"severity_effects.csv": "x," + texts["severity_effects.csv"]})[1]
        )
    )


def test_an_unknown_effect_is_an_error_and_never_allows() -> None:
    texts = policy_builder.policy_texts([{}])
    for old, new in (("critical,blocked,", "critical,maybe,"), ("high,blocked,not_assessable", "high,blocked,blocked")):
        found = policy_builder.error_messages(
            lint.lint_tables(texts | {"severity_effects.csv": texts["severity_effects.csv"].replace(old, new)})[1]
        )
        assert len(found) == 1 and "is not an allowed value" in found[0]
    twice = texts["severity_effects.csv"] + "low,noted,noted\n"
    assert any(
        "is already in row 5" in p
        for p in policy_builder.error_messages(lint.lint_tables(texts | {"severity_effects.csv": twice})[1])
    )


def test_broken_dates_and_undeclared_tables_are_reported() -> None:
    broken = {"original_term_months": "-", "days": "10", "effective_from": "2024/31/01"}
    found = policy_builder.lint_errors([DAYS_RULE], _terms_table(broken))
    assert len(found) == 1 and "'2024/31/01' is not a date" in found[0]
    stray = policy_builder.policy_texts([{}]) | {"limits/stray.csv": "row_id\n"}
    assert any("does not declare this table" in p for p in policy_builder.error_messages(lint.lint_tables(stray)[1]))


def test_two_versions_in_force_at_once_are_an_error() -> None:
    assert any(
        "in force twice from 2010-01-01" in p
        for p in policy_builder.lint_errors([{}, {"effective_from": "2010-01-01"}])
    )
    assert policy_builder.lint_errors([{"effective_to": "2010-01-01"}, {"effective_from": "2010-01-01"}]) == []


def test_rows_about_to_expire_are_warned_of() -> None:
    texts = policy_builder.policy_texts([{"effective_to": "2024-09-01"}])
    said = [str(p) for p in lint.lint_tables(texts, date(2024, 6, 30))[1] if "ends on" in p.message]
    assert len(said) == 1
    assert not [p for p in lint.lint_tables(texts, date(2024, 1, 1))[1] if "ends on" in p.message]


def test_shipped_policy_has_no_error_and_every_example_agrees() -> None:
    _, problems = lint.lint_tables(table_folder.read_texts(table_folder.SHIPPED_TABLES))
    assert policy_builder.error_messages(problems) == []
    outcomes = examples.run(POLICY)
    assert len(outcomes) > 400
    assert [outcome.example.example_id for outcome in outcomes if not outcome.agrees] == []


def test_an_example_that_disagrees_is_found() -> None:
    text = "example_id,rule_id,as_of,inputs,verdict,measured,limit,title\nE1,R,2024-01-01,balance=100.01,pass,,,x\nE2,R,2024-01-01,balanse=1,pass,,,x\n"
    policy, _ = lint.lint_tables(policy_builder.policy_texts([{}]) | {"examples/test.csv": text})
    outcomes = examples.run(policy)
    assert [(o.agrees, o.verdict, o.error) for o in outcomes] == [
        (False, "violation", ""),
        (False, "", "unknown input 'balanse'"),
    ]


def test_version_is_the_content_and_nothing_else() -> None:
    texts = policy_builder.policy_texts([{}])
    same = {name: text.replace("\n", "\r\n") for name, text in texts.items()}
    changed = texts | {"rules/test.csv": texts["rules/test.csv"].replace('"100"', '"101"')}
    assert (
        table_folder.compute_version(texts)
        == table_folder.compute_version(same)
        != table_folder.compute_version(changed)
    )


@pytest.mark.parametrize("command", ["lint", "check"])
def test_command_line_on_a_broken_table(tmp_path, capsys, command: str) -> None:
    for name, text in policy_builder.policy_texts([{"measure": "balanse"}]).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert main([command, "--tables", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "rules/test.csv, row 2, column measure" in said.out + said.err
    assert main([command, "--tables", str(tmp_path / "nowhere")]) == 1
    assert "does not exist" in capsys.readouterr().err
