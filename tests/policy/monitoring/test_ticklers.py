"""What will break, and when: the same as judging every day of the coming quarter."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from data import dictionary
from data.storage import book
from policy import __main__ as command_line
from policy.engine.compiler import compile_subject_cached
from policy.engine.single_record import coded_rules_sql, fetch_records
from policy.engine.verdict_codes import NOT_APPLICABLE, PASS, VIOLATION
from policy.monitoring import ticklers
from tests.policy.sample_books import AS_OF, make_book
from tests.shipped_policy import POLICY

HORIZON_DAYS = 90
LOAN = {
    "borrower_id": "B1",
    "product_code": "working_capital",
    "guarantee_type": "mortgage",
    "principal": 1000,
    "balance": 60,
    "disbursed_on": date(2023, 7, 10),
    "original_maturity": date(2025, 7, 10),
    "extension_count": 0,
    "branch_id": "BR",
    "current_maturity": date(2025, 7, 10),
    "classification": "normal",
    "days_past_due": 0,
    "officer_id": "O1",
}
LOANS = {
    "long": LOAN,
    "matures": LOAN | {"original_maturity": date(2024, 8, 15), "current_maturity": date(2024, 8, 15)},
    "late": LOAN | {"days_past_due": 88, "classification": "special_mention"},
    "new": LOAN
    | {
        "disbursed_on": date(2024, 6, 20),
        "original_maturity": date(2026, 6, 20),
        "current_maturity": date(2026, 6, 20),
    },
}
OTHERS = [
    (
        "guarantees",
        {
            "guarantee_id": f"G-{loan}",
            "loan_id": loan,
            "kind": "mortgage",
            "rank": 1,
            "appraised_value": 100,
            "collateral_type": "residential_property",
            "registration_date": date(2023, 7, 1),
            "valuation_date": date(2023, 8, 1),
        },
    )
    for loan in LOANS
] + [
    (
        "inspections",
        {"inspection_id": "I1", "loan_id": "long", "inspection_date": date(2024, 5, 20), "kind": "routine"},
    ),
    ("notices", {"loan_id": "late", "kind": "collection", "notice_date": date(2024, 4, 10)}),
    ("borrowers", {"borrower_id": "B1", "borrower_type": "E", "name": "甲", "licence_valid_to": date(2024, 8, 31)}),
]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_book(tmp_path_factory.mktemp("ticklers") / "book.duckdb", LOANS, OTHERS)


def _codes_by_day(path: Path, subject: str) -> dict[tuple[str, str], list[int]]:
    """The code of every day ahead, by facts that are moved to that day by hand."""
    with book.open_for_reading(path) as con:
        con.execute(
            f"""CREATE TEMP TABLE moved AS SELECT * FROM facts_{subject}
            CROSS JOIN (SELECT CAST(unnest(range({HORIZON_DAYS} + 1)) AS INTEGER) AS ahead) WHERE as_of = $as_of""",
            {"as_of": AS_OF},
        )
        con.execute("UPDATE moved SET as_of = as_of + ahead")
        if subject == "loan":
            con.execute(
                """UPDATE moved SET days_to_maturity = current_maturity - as_of, days_past_due = CASE
                    WHEN days_past_due > 0 THEN days_past_due + ahead
                    WHEN is_running AND balance > 0 AND as_of > current_maturity THEN as_of - current_maturity
                    ELSE days_past_due END"""
            )
        judged = compile_subject_cached(POLICY, subject)
        key = dictionary.load_subjects()[subject].id
        shown = ", ".join(f"code{n}" for n in range(len(judged.rules)))
        text = f"{coded_rules_sql(judged, '(SELECT * FROM moved)')} SELECT {key} AS id, {shown} FROM coded ORDER BY id, ahead"
        rows = fetch_records(con, text, {"as_of": AS_OF})
    found: dict[tuple[str, str], list[int]] = {}
    for row in rows:
        for n, rule in enumerate(judged.rules):
            found.setdefault((row["id"], rule.rule_id), []).append(row[f"code{n}"])
    return found


@pytest.mark.parametrize("subject", ["loan", "collateral", "borrower"])
def test_every_day_ahead_judged_by_itself_says_the_same(path, subject) -> None:
    with book.open_for_reading(path) as con:
        found = ticklers.find_upcoming_violations(con, POLICY, AS_OF, HORIZON_DAYS).filter(subject=subject)
    breaks = {(row["subject_id"], row["rule_id"]): row["days_left"] for row in found.to_dicts()}
    brute = {
        key: codes.index(VIOLATION)
        for key, codes in _codes_by_day(path, subject).items()
        if codes[0] in (PASS, NOT_APPLICABLE) and VIOLATION in codes
    }
    assert brute == breaks
    assert breaks


def test_the_days_that_an_officer_expects(path) -> None:
    with book.open_for_reading(path) as con:
        found = ticklers.find_upcoming_violations(con, POLICY, AS_OF, HORIZON_DAYS)
    days = {(row["subject_id"], row["rule_id"]): row["breaks_on"] for row in found.to_dicts()}
    assert days["G-long", "COL-VALUATION-AGE"] == date(2024, 8, 2), "valued 2023-08-01, good for twelve months"
    assert days["late", "CLS-DPD"] == AS_OF + timedelta(3), "the 91st day past due"
    assert days["B1", "ELI-LICENCE"] == date(2024, 9, 1), "the licence holds to 2024-08-31"
    assert days["matures", "POST-NOTICE"] <= date(2024, 8, 15)


def test_what_cannot_move_is_not_asked(path) -> None:
    judged = compile_subject_cached(POLICY, "loan")
    by_id = {rule.rule_id: rule for rule in judged.rules}
    assert ticklers.can_verdict_change(judged, by_id["POST-V5"], AS_OF, AS_OF + timedelta(90))
    assert not ticklers.can_verdict_change(judged, by_id["COL-RATIO"], AS_OF, AS_OF + timedelta(90))


def test_command_line(path, capsys) -> None:
    base = ["ticklers", "--book", str(path), "--branch", "BR"]
    assert command_line.main([*base, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["within"]["90"] == len(found["ticklers"]) > 0
    assert all(row["remedy_zh"] and row["remedy_en"] for row in found["ticklers"])
    assert command_line.main([*base, "--within", "3"]) == 0
    assert "CLS-DPD" in capsys.readouterr().out
    assert command_line.main(["ticklers", "--book", str(path), "--branch", "none", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ticklers"] == []
    with pytest.raises(SystemExit):
        command_line.main([*base, "--within", "0"])
