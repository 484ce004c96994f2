"""Clause groups, measures and watch lists: complete for the shipped policy, and refused where they are wrong."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from data import dictionary
from data.errors import LoanlightError
from policy.model import supervision
from policy.model.records import split_clause_ids
from tests.shipped_policy import POLICY

SNAPSHOT_DATE = date(2026, 10, 31)


def edit_supervision(name: str, old: str, new: str):
    assert old in POLICY.texts[name]
    return replace(POLICY, texts=POLICY.texts | {name: POLICY.texts[name].replace(old, new)})


def test_every_clause_and_every_rule_has_a_group():
    assert [clause for clause in POLICY.clauses if supervision.find_clause_group(POLICY, clause) is None] == []
    assert set(supervision.clause_groups_by_rule(POLICY)) == set(POLICY.rules)


def test_every_group_is_used_and_no_pattern_is_idle():
    assert set(supervision.clause_groups_by_rule(POLICY).values()) == {
        g.clause_group for g in supervision.load_clause_groups(POLICY)
    }
    for group in supervision.load_clause_groups(POLICY):
        for entry in group.clauses.split("|"):
            fits = [c for c in POLICY.clauses if c == entry or (entry.endswith("*") and c.startswith(entry[:-1]))]
            assert fits, f"{group.clause_group}: {entry}"


def test_the_four_taught_topics_have_groups():
    taught = {group.topic for group in supervision.load_clause_groups(POLICY)} - {""}
    assert taught == set(dictionary.codes_of_list(supervision.TOPICS)) - {"OTHER"}
    everything = supervision.taught_rules(POLICY)
    parts = [supervision.taught_rules(POLICY, topic) for topic in taught]
    assert sum(len(part) for part in parts) == len(everything)
    assert "training" not in everything.values()


@pytest.mark.parametrize(
    ("clause", "group"),
    [
        ("S5.1.E09", "guarantee"),
        ("S5.1.E01", "process"),
        ("S5.2b.C7c", "guarantee"),
        ("S5.2b.C6", "eligibility"),
        ("S5.2a.4b", "eligibility"),
        ("S5.2a.1", "archive"),
        ("S5.6.7", "archive"),
        ("S5.6.5a", "post_loan"),
        ("NO.SUCH", None),
    ],
)
def test_an_exact_entry_beats_a_prefix_and_a_long_prefix_a_short_one(clause, group):
    found = supervision.find_clause_group(POLICY, clause)
    assert (found.clause_group if found else None) == group


def test_a_list_is_the_rules_that_cite_its_clause():
    for subject in ("loan", "borrower", "group", "collateral"):
        for name, clause in (("early_warning", "S3.1.6"), ("connected", "S3.2.7")):
            cited = {
                r.rule_id
                for r in POLICY.rules.values()
                if r.subject == subject and clause in split_clause_ids(r.clause_id)
            }
            assert set(supervision.rules_of_watch_list(POLICY, name, subject)) == cited
    assert len(supervision.rules_of_watch_list(POLICY, "early_warning", "loan")) == 5
    assert supervision.rules_of_watch_list(POLICY, "connected", "borrower")


def test_every_watched_rule_has_a_name_as_a_signal():
    watched = {
        rule
        for name in ("early_warning", "connected")
        for subject in ("loan", "borrower", "group", "collateral")
        for rule in supervision.rules_of_watch_list(POLICY, name, subject)
    }
    assert set(supervision.signals_by_rule(POLICY)) == watched


def test_a_reference_is_the_limit_in_force():
    assert supervision.reference_limit(POLICY, "connected", SNAPSHOT_DATE) == Decimal("0.2")
    assert supervision.reference_limit(POLICY, "connected", date(1990, 1, 1)) is None
    assert supervision.reference_limit(POLICY, "early_warning", SNAPSHOT_DATE) is None


def test_measures_cite_a_clause_and_are_numbers():
    for row in supervision._load_table(POLICY, supervision.MEASURES, supervision.TrainingThreshold):
        assert supervision.require_threshold(POLICY, row.measure) > 0
        assert set(split_clause_ids(row.clause_id)) <= set(POLICY.clauses)
        assert row.evidence == "bank default"


@pytest.mark.parametrize(
    ("table", "old", "new", "asked", "said"),
    [
        (
            "clause_groups.csv",
            "extension,POST_LOAN",
            "extension,NO_TOPIC",
            supervision.load_clause_groups,
            "'NO_TOPIC' is not a training topic",
        ),
        (
            "training_thresholds.csv",
            "thin_loans,30",
            "thin_loans,few",
            lambda p: supervision.require_threshold(p, "thin_loans"),
            "'few' is not a number",
        ),
        (
            "training_thresholds.csv",
            "thin_loans",
            "thick_loans",
            lambda p: supervision.require_threshold(p, "thin_loans"),
            "no measure 'thin_loans'",
        ),
        (
            "watch_lists.csv",
            "connected,",
            "other,",
            lambda p: supervision.rules_of_watch_list(p, "connected", "group"),
            "no list 'connected'",
        ),
        ("signals.csv", "EW-DAYS", "EW-NONE", supervision.signals_by_rule, "no rule 'EW-NONE'"),
        ("signals.csv", "rule_id,zh", "rule,zh", supervision.signals_by_rule, "the column is missing"),
    ],
)
def test_what_a_table_gets_wrong_is_said(table, old, new, asked, said):
    with pytest.raises(LoanlightError, match=said):
        asked(edit_supervision(table, old, new))


def test_a_missing_table_is_said():
    without = replace(
        POLICY, texts={name: text for name, text in POLICY.texts.items() if name != "training_thresholds.csv"}
    )
    with pytest.raises(LoanlightError, match=r"no training_thresholds\.csv"):
        supervision.require_threshold(without, "due_days")
