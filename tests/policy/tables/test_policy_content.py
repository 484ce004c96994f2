"""The shipped policy tables as content: complete in both languages, sourced, and each rule shown by examples."""

import csv
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from policy.authoring import examples
from policy.model import csv_reader, table_folder
from policy.model.records import Policy

TABLES = table_folder.SHIPPED_TABLES
CJK_CHARACTERS = re.compile(r"[\u4e00-\u9fff]")
EVIDENCE = {
    "source document",
    "official text",
    "secondary",
    "core practice",
    "from memory",
    "bank default",
    "inferred reading",
}
STAGES = {"pre_loan", "disbursement", "post_loan", "request", "decision", "training", "portfolio"}
BILINGUAL = ("title", "gist", "document", "remedy")
Row = dict[str, str]


@cache
def _load_policy() -> Policy:
    policy, problems = csv_reader.read_policy(table_folder.read_texts(TABLES))
    assert not problems
    return policy


def _read_rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _read_rules() -> list[Row]:
    return [row for path in sorted((TABLES / "rules").glob("*.csv")) for row in _read_rows(path)]


def _read_limit_rows() -> list[Row]:
    return [row for path in sorted((TABLES / "limits").glob("*.csv")) for row in _read_rows(path)]


def _ids_in(rows: list[Row], column: str) -> list[str]:
    return [row[column] for row in rows]


@pytest.mark.parametrize("path", sorted(TABLES.rglob("*.csv")), ids=lambda path: path.relative_to(TABLES).as_posix())
def test_every_line_has_the_cells_of_its_header(path: Path) -> None:
    assert "\r" not in path.read_bytes().decode("utf-8")
    with path.open(encoding="utf-8", newline="") as file:
        header, *lines = list(csv.reader(file))
    assert len(set(header)) == len(header)
    assert [line for line in lines if len(line) != len(header)] == []
    assert [cell for line in lines for cell in line if cell != cell.strip()] == []


def test_ids_are_unique() -> None:
    for ids in (
        _ids_in(_read_rules(), "rule_id"),
        _ids_in(_read_limit_rows(), "row_id"),
        _ids_in(_read_rows(TABLES / "clauses.csv"), "clause_id"),
        [example.example_id for example in _load_policy().examples],
    ):
        assert sorted(ids) == sorted(set(ids))


def test_both_languages_are_filled() -> None:
    for row in [*_read_rules(), *_read_rows(TABLES / "clauses.csv")]:
        for name in (name for name in BILINGUAL if f"{name}_zh" in row):
            assert CJK_CHARACTERS.search(row[f"{name}_zh"]), row
            assert row[f"{name}_en"], row
            assert not CJK_CHARACTERS.search(row[f"{name}_en"]), row


def test_readings_stand_in_both_languages() -> None:
    for row in [*_read_limit_rows(), *_read_rows(TABLES / "clauses.csv")]:
        assert bool(row["reading_zh"]) == bool(row["reading_en"]), row


def test_columns_and_derived_fields_are_named_in_both_languages() -> None:
    for row in [*_read_rows(TABLES / "limit_columns.csv"), *_read_rows(TABLES / "derived.csv")]:
        assert CJK_CHARACTERS.search(row["zh"]), row
        assert row["en"], row


def test_every_clause_that_is_cited_exists() -> None:
    known = set(_ids_in(_read_rows(TABLES / "clauses.csv"), "clause_id"))
    for row in [*_read_rules(), *_read_limit_rows()]:
        cited = row["clause_id"].split("|")
        assert set(cited) <= known, row


def test_evidence_and_stage_are_of_the_known_kinds() -> None:
    assert {row["evidence"] for row in [*_read_rules(), *_read_limit_rows()]} <= EVIDENCE
    assert {row["stage"] for row in _read_rules()} <= STAGES


def test_what_only_the_bank_says_is_called_a_bank_default() -> None:
    """A row that cites nothing but bank defaults cannot have better evidence than that, or than trade practice."""
    for row in [*_read_rules(), *_read_limit_rows()]:
        if all(clause.startswith("BANK.") for clause in row["clause_id"].split("|")):
            assert row["evidence"] in {"bank default", "core practice"}, row


@cache
def _example_outcomes() -> dict[str, list[examples.ExampleResult]]:
    found = defaultdict(list)
    for outcome in examples.run(_load_policy()):
        found[outcome.example.rule_id].append(outcome)
    return dict(found)


@pytest.mark.parametrize("rule_id", [row["rule_id"] for row in _read_rules()])
def test_every_rule_is_shown_by_a_pass_a_violation_its_boundary_and_a_missing_input(rule_id: str) -> None:
    shown = _example_outcomes()[rule_id]
    rule = _load_policy().rules[rule_id]
    assert [outcome.example.example_id for outcome in shown if not outcome.agrees] == []
    assert {"pass", "violation", "not_assessable"} <= {outcome.verdict for outcome in shown}
    if rule.comparator in ("<=", ">=", "<", ">"):
        at_the_limit = {o.verdict for o in shown if o.measured is not None and o.measured == o.limit}
        assert ("pass" if "=" in rule.comparator else "violation") in at_the_limit


def test_the_worked_dates_of_the_extension_limits_are_all_examples() -> None:
    lines = ["G1", "G2", "G4", "G5", "G6", "G7", "G9", "G10", "G4-second"]
    for rule_id in ("EXT-LENGTH", "EXT-LEAD-TIME"):
        shown = {outcome.example.example_id: outcome.verdict for outcome in _example_outcomes()[rule_id]}
        for line in lines:
            assert shown[f"{rule_id}.boundary-{line}"] == "pass"
            assert shown[f"{rule_id}.boundary-after-{line}"] == "violation"
