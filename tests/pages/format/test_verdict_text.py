"""What a rule measures and what it is held against, in words: no code of a list reaches the reader."""

import polars as pl
import pytest

from data import dictionary
from pages.ui.format import measure_type, values, verdict_text
from pages.ui.i18n import language
from tests.shipped_policy import POLICY

CODED = [rule for rule in POLICY.rules.values() if measure_type.resolve_measure_type(POLICY, rule).code_list]


def test_rules_that_measure_codes_are_known():
    assert {"ARC-PROFILE", "POST-NOTICE-RECEIPTS", "PRO-APPROVED-SECURITY", "ELI-TERM-CLASS"} <= {
        rule.rule_id for rule in CODED
    }


@pytest.mark.parametrize("rule", CODED, ids=lambda rule: rule.rule_id)
def test_codes_are_told_by_their_names(rule):
    labels = dictionary.codes_of_list(measure_type.resolve_measure_type(POLICY, rule).code_list)
    first = next(iter(labels))
    for lang in ("zh", "en"):
        with language.use_language(lang):
            assert getattr(labels[first], lang) in verdict_text.format_rule_value(POLICY, rule.rule_id, first)


def test_what_is_lacking_is_said():
    rule = "ARC-PROFILE"
    with language.use_language("zh"):
        assert verdict_text.format_rule_value(POLICY, rule, "id_card, hukou") == "缺 身份证、户口簿"
        assert verdict_text.format_rule_value(POLICY, rule, "id_card/hukou") == "缺 身份证/户口簿"
        assert verdict_text.format_rule_value(POLICY, rule, "") == "不缺项"
    with language.use_language("en"):
        assert verdict_text.format_rule_value(POLICY, rule, "id_card") == "missing: Identity card"


def test_a_fact_of_several_codes_is_told_by_their_names():
    with language.use_language("zh"):
        assert values.format_field_value(POLICY, "loan", "document_types", "hukou, id_card") == "户口簿、身份证"
        assert values.format_field_value(POLICY, "loan", "guarantee_type", "mortgage") == "抵押"
        assert values.format_field_value(POLICY, "loan", "balance", "1000") == "1,000.00"
        assert values.format_field_value(POLICY, "loan", "guarantee_type", None) == "—"


def test_numbers_and_dates_have_their_units_and_unknown_rules_are_written_as_they_are():
    with language.use_language("en"):
        assert verdict_text.format_rule_value(POLICY, "EXT-LENGTH", "2027-05-04") == "4 May 2027"
        assert verdict_text.format_rule_value(POLICY, "no such rule", "1") == "1"
        assert verdict_text.format_rule_value(POLICY, "ARC-PROFILE", None) == "—"


def test_a_column_of_codes_is_worded_and_numbers_stay():
    rows = pl.DataFrame(
        {
            "rule_id": ["ARC-PROFILE", "COL-RATIO", "ARC-PROFILE", "ARC-PROFILE"],
            "measured": ["id_card", "0.75", None, "id_card"],
        }
    )
    with language.use_language("en"):
        worded = verdict_text.label_codes(POLICY, rows, "measured")
    assert worded["measured"].to_list() == ["missing: Identity card", "0.75", None, "missing: Identity card"]
    assert worded["rule_id"].equals(rows["rule_id"])
