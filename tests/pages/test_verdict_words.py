"""What a rule measures and what it is held against, in words: no code of a list reaches the reader."""

import polars as pl
import pytest

from data import dictionary
from pages.ui.format import expression_text, values, verdict_text
from pages.ui.i18n import language
from policy.runs import snapshot_check

POLICY = snapshot_check.load()
CODED = [rule for rule in POLICY.rules.values() if expression_text.result(POLICY, rule).code_list]


def test_rules_that_measure_codes_are_known():
    assert {"ARC-PROFILE", "POST-NOTICE-RECEIPTS", "PRO-APPROVED-SECURITY", "ELI-TERM-CLASS"} <= {
        rule.rule_id for rule in CODED
    }


@pytest.mark.parametrize("rule", CODED, ids=lambda rule: rule.rule_id)
def test_codes_are_told_by_their_names(rule):
    labels = dictionary.codes(expression_text.result(POLICY, rule).code_list)
    first = next(iter(labels))
    for lang in ("zh", "en"):
        with language.speaking(lang):
            assert getattr(labels[first], lang) in verdict_text.result(POLICY, rule.rule_id, first)


def test_what_is_lacking_is_said():
    rule = "ARC-PROFILE"
    with language.speaking("zh"):
        assert verdict_text.result(POLICY, rule, "id_card, hukou") == "缺 身份证、户口簿"
        assert verdict_text.result(POLICY, rule, "id_card/hukou") == "缺 身份证/户口簿"
        assert verdict_text.result(POLICY, rule, "") == "不缺项"
    with language.speaking("en"):
        assert verdict_text.result(POLICY, rule, "id_card") == "missing: Identity card"


def test_a_fact_of_several_codes_is_told_by_their_names():
    with language.speaking("zh"):
        assert values.field_text(POLICY, "loan", "document_types", "hukou, id_card") == "户口簿、身份证"
        assert values.field_text(POLICY, "loan", "guarantee_type", "mortgage") == "抵押"
        assert values.field_text(POLICY, "loan", "balance", "1000") == "1,000.00"
        assert values.field_text(POLICY, "loan", "guarantee_type", None) == "—"


def test_numbers_and_dates_have_their_units_and_unknown_rules_are_written_as_they_are():
    with language.speaking("en"):
        assert verdict_text.result(POLICY, "EXT-LENGTH", "2027-05-04") == "4 May 2027"
        assert verdict_text.result(POLICY, "no such rule", "1") == "1"
        assert verdict_text.result(POLICY, "ARC-PROFILE", None) == "—"


def test_a_column_of_codes_is_worded_and_numbers_stay():
    rows = pl.DataFrame(
        {
            "rule_id": ["ARC-PROFILE", "COL-RATIO", "ARC-PROFILE", "ARC-PROFILE"],
            "measured": ["id_card", "0.75", None, "id_card"],
        }
    )
    with language.speaking("en"):
        worded = verdict_text.coded(POLICY, rows, "measured")
    assert worded["measured"].to_list() == ["missing: Identity card", "0.75", None, "missing: Identity card"]
    assert worded["rule_id"].equals(rows["rule_id"])
