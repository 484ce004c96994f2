"""Threshold curves: each point is what a policy with that limit would say, and the scan is one."""

import json
from datetime import date
from decimal import Decimal

import pytest

from data.errors import InputError
from data.storage import book
from policy.__main__ import main
from policy.authoring import threshold_curve
from policy.runs import snapshot_check
from tests.policy import policy_builder, sample_books
from tests.policy.snapshot_histories import write_tables

RATIO_RULE = {"rule_id": "RATIO", "measure": "balance / principal", "limit": "0.5", "unit": "ratio"}
DATE_RULE = {
    "rule_id": "DAY",
    "measure": "disbursed_on",
    "comparator": ">=",
    "limit": "DATE '2024-01-01'",
    "unit": "date",
}
OLD_VERSION = {"rule_id": "V", "act_date": "disbursed_on", "limit": "1", "effective_to": "2024-03-01"}
NEW_VERSION = {
    "rule_id": "V",
    "act_date": "disbursed_on",
    "limit": "2",
    "effective_from": "2024-03-01",
    "scope": "principal > 3",
}
GUARANTEES_RULE = {"rule_id": "G", "subject": "borrower", "measure": "guarantees_given", "limit": "100"}
RULES = [
    RATIO_RULE,
    DATE_RULE,
    OLD_VERSION,
    NEW_VERSION,
    GUARANTEES_RULE,
    {"rule_id": "BOOL", "measure": "is_running", "comparator": "=", "limit": "true"},
]


@pytest.fixture
def path(tmp_path):
    loans = {
        f"L{n:02}": {
            "balance": n,
            "principal": None if n == 7 else (n % 4) * 10,
            "borrower_id": f"C{n % 3}",
            "disbursed_on": date(2024, 1 + n % 6, 15),
        }
        for n in range(20)
    }
    others = [("borrowers", {"borrower_id": f"C{n}", "guarantees_given": n * 100}) for n in range(3)]
    return sample_books.make_book(tmp_path / "b.duckdb", loans, others)


@pytest.mark.parametrize(
    ("rule_id", "over", "cell"),
    [
        ("RATIO", "0.1,0.25,0.5,0.9,2", "{}"),
        ("DAY", "2024-01-15..2024-05-15/30", "DATE '{}'"),
        ("V", "0..19/1", "{}"),
        ("G", "-1,0,99.99,100", "{}"),
    ],
)
def test_each_point_is_a_check_with_that_limit(path, rule_id, over, cell) -> None:
    values = threshold_curve.parse_values(over)
    with book.open_for_reading(path) as con:
        points = threshold_curve.compute_points(
            con, policy_builder.build_policy(RULES), rule_id, values, sample_books.AS_OF, today=False
        )
    assert [point.limit for point in points] == ["as it is", *map(str, values)]
    for point in points:
        rows = [
            r | ({"limit": cell.format(point.limit)} if r["rule_id"] == rule_id and point is not points[0] else {})
            for r in RULES
        ]
        with book.open_for_writing(path) as con:
            run = snapshot_check.judge_snapshot(con, policy_builder.build_policy(rows), sample_books.AS_OF)
            caught = con.execute(
                """SELECT count(*), coalesce(sum(balance), 0) FROM facts_loan f WHERE EXISTS (FROM violations v
                WHERE run_id = ? AND rule_id = ? AND (v.loan_id = f.loan_id
                    OR (v.loan_id IS NULL AND v.borrower_id = f.borrower_id)))""",
                [run.run_id, rule_id],
            ).fetchall()[0]
        assert point.counts == next(r.counts for r in run.rules if r.rule_id == rule_id), point.limit
        assert (point.loans, point.yuan) == caught


def test_values_and_ranges() -> None:
    assert threshold_curve.parse_values("0.5, 0.6") == [Decimal("0.5"), Decimal("0.6")]
    assert threshold_curve.parse_values("0.5..0.65/0.05") == [
        Decimal("0.5"),
        Decimal("0.55"),
        Decimal("0.60"),
        Decimal("0.65"),
    ]
    assert threshold_curve.parse_values("2024-01-30..2024-02-02/1")[-1] == date(2024, 2, 2)
    assert threshold_curve.parse_values("-5,10..30/10") == [-5, 10, 20, 30]


@pytest.mark.parametrize(
    ("over", "says"),
    [
        ("abc", "neither a number nor a date"),
        ("NaN", "neither a number"),
        ("1..5", "not a range"),
        ("1..5/0", "not a range"),
        ("1..5/-1", "not a range"),
        ("1..2024-01-01/1", "not a range"),
        ("2024-01-01..2024-02-01/0.5", "whole days"),
        ("1,2024-01-01", "one kind"),
        ("0..1/0.0000001", "more than 200"),
        ("", "neither a number"),
    ],
)
def test_values_that_cannot_be_meant(over, says) -> None:
    with pytest.raises(InputError, match=says):
        threshold_curve.parse_values(over)


def test_rules_without_such_a_limit_are_refused(path, capsys) -> None:
    with book.open_for_reading(path) as con:
        for rule_id, over, says in (
            ("BOOL", "1", "measures a boolean"),
            ("DAY", "1", "gives number"),
            ("RATIOS", "1", "near it: RATIO"),
        ):
            with pytest.raises(InputError, match=says):
                threshold_curve.compute_points(
                    con,
                    policy_builder.build_policy(RULES),
                    rule_id,
                    threshold_curve.parse_values(over),
                    sample_books.AS_OF,
                    today=False,
                )


def test_the_command(path, tmp_path, capsys) -> None:
    tables = write_tables(tmp_path / "tables", policy_builder.policy_texts(RULES))
    command = ["curve", "--tables", str(tables), "--book", str(path), "--over"]
    assert main([*command, "1", "BOOL"]) == 1 and "boolean" in capsys.readouterr().err
    assert main([*command, "1..3/1", "RATIO", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [point["limit"] for point in said["limits"]] == ["as it is", "1", "2", "3"]
    assert all(
        sum(p[v] for v in ("pass", "violation", "not_applicable", "not_assessable")) == 20 for p in said["limits"]
    )
