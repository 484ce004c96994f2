"""What cures a violation is exactly enough: one step less is not."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data import dictionary
from data.facts import derivation
from data.storage import book
from policy import __main__ as command_line
from policy.engine import verdict_evidence
from policy.model.records import RemediationAction
from policy.monitoring import headroom, remedies
from policy.monitoring.remedies import Remedy
from tests.policy.policy_builder import build_policy as small_policy
from tests.policy.sample_books import AS_OF, make_book
from tests.shipped_policy import POLICY

LOAN = {
    "borrower_id": "B",
    "product_code": "working_capital",
    "guarantee_type": "mortgage",
    "principal": 1000,
    "disbursed_on": date(2023, 7, 10),
    "original_maturity": date(2025, 7, 10),
    "extension_count": 0,
    "current_maturity": date(2025, 7, 10),
    "classification": "normal",
    "days_past_due": 0,
}
HOUSE_COLLATERAL = {
    "kind": "mortgage",
    "collateral_type": "residential_property",
    "registration_date": date(2023, 7, 1),
    "valuation_date": date(2024, 6, 1),
    "rank": 1,
}
BALANCES = {"over": "80.01", "at": "70.00", "under": "69.99", "far": "123456789012.34"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    guarantees = [
        ("guarantees", HOUSE_COLLATERAL | {"guarantee_id": f"G-{loan}", "loan_id": loan, "appraised_value": 100})
        for loan in BALANCES
    ]
    return make_book(
        tmp_path / "book.duckdb", {n: LOAN | {"balance": Decimal(b)} for n, b in BALANCES.items()}, guarantees
    )


def _read_verdict(path: Path, loan_id: str) -> str:
    with book.open_for_reading(path) as con:
        found = verdict_evidence.verdicts_of_loan(con, POLICY, AS_OF, loan_id)
    return next(v.verdict for v in found if v.rule_id == "COL-RATIO")


def _compute_remedies(path: Path) -> list[Remedy]:
    with book.open_for_reading(path) as con:
        return remedies.compute_remedies(con, POLICY, AS_OF, "loan", ("COL-RATIO",))


def _verdict_after(path: Path, change: str, **values: object) -> str:
    with book.open_for_writing(path) as con:
        con.execute(change, values)
        derivation.derive_facts(con, AS_OF)
    return _read_verdict(path, str(values["loan"]))


@pytest.mark.parametrize("loan_id", ["over", "far"])
def test_repaying_the_amount_cures_and_one_fen_less_does_not(path, loan_id) -> None:
    amount = next(r.amount for r in _compute_remedies(path) if r.subject_id == loan_id and r.cure.action == "repay")
    assert amount == Decimal(BALANCES[loan_id]) - 70
    pay = "UPDATE snapshots SET balance = balance - $paid WHERE loan_id = $loan"
    assert _verdict_after(path, pay, loan=loan_id, paid=amount - Decimal("0.01")) == "violation"
    assert _verdict_after(path, pay, loan=loan_id, paid=Decimal("0.01")) == "pass"


def test_collateral_of_each_type_is_worth_its_ratio(path) -> None:
    remedy = next(r for r in _compute_remedies(path) if r.subject_id == "over" and r.cure.action == "add_collateral")
    rows = {row.row_id: row.cells for row in POLICY.limit_tables["collateral_ratios"].rows}
    for row_id, value in remedy.options.items():
        share = Decimal(rows[row_id]["max_ratio"])
        assert value * share >= Decimal("10.01") > (value - Decimal("0.01")) * share
    flat = next(row_id for row_id, cells in rows.items() if cells["collateral_type"] == "residential_property")
    add = "UPDATE guarantees SET appraised_value = appraised_value + $more WHERE loan_id = $loan"
    assert _verdict_after(path, add, loan="over", more=remedy.options[flat] - Decimal("0.01")) == "violation"
    assert _verdict_after(path, add, loan="over", more=Decimal("0.01")) == "pass"


def test_what_passes_needs_no_cure_and_stands_so_far_from_the_limit(path) -> None:
    assert {r.subject_id for r in _compute_remedies(path)} == {"over", "far"}
    with book.open_for_reading(path) as con:
        found = headroom.compute_distances(con, POLICY, AS_OF, "loan", ("COL-RATIO",))
    assert dict(found.select("subject_id", "distance").iter_rows()) == {
        name: 70 - Decimal(balance) for name, balance in BALANCES.items()
    }
    assert set(found.filter("violated")["subject_id"]) == {"over", "far"}


def test_days_count_for_rules_on_dates_and_a_strict_limit_takes_one_step_more(tmp_path) -> None:
    path = make_book(tmp_path / "b.duckdb", {"L": LOAN | {"balance": 100}})
    rules = [
        {"rule_id": "D", "measure": "current_maturity", "limit": "DATE '2025-07-01'", "unit": "date"},
        {"rule_id": "S", "measure": "balance", "comparator": "<", "limit": "70", "unit": "yuan"},
        {"rule_id": "T", "measure": "balance / principal", "limit": "0.03", "unit": "ratio"},
        {"rule_id": "B", "measure": "is_running", "comparator": "=", "limit": "true", "unit": ""},
    ]
    policy = small_policy(rules)
    place = policy.versions[0].place
    cure = RemediationAction("repay", "loan", "S|T", "balance -1", "0.01", "", "还", "Repay {amount}", place)
    policy = replace(policy, remediation_actions=(cure,))
    with book.open_for_reading(path) as con:
        found = headroom.compute_distances(con, policy, AS_OF, "loan")
        cures = remedies.compute_remedies(con, policy, AS_OF, "loan")
    assert dict(found.select("rule_id", "distance").iter_rows()) == {
        "D": Decimal(-9),
        "S": Decimal(-30),
        "T": Decimal("-0.07"),
    }
    assert {r.rule_id: r.amount for r in cures} == {"S": Decimal("30.01"), "T": Decimal("70.00")}
    assert remedies.format_remedy(policy, cures[0], "en") == ["Repay 30.01"]


def test_command_line(path, capsys) -> None:
    base = ["headroom", "--book", str(path), "--rule", "COL-RATIO"]
    assert command_line.main([*base, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["distances"]) == 4
    assert {c["subject_id"] for c in found["cures"]} == {"over", "far"}
    assert command_line.main(["headroom", "--book", str(path), "--loan", "over"]) == 0
    said = capsys.readouterr().out
    assert "Repay 10.01 yuan" in said
    assert (
        f"Add {dictionary.codes_of_list('collateral_type')['residential_property'].en} with a net value of at least"
        in said
    )
    assert command_line.main(["headroom", "--book", str(path), "--rule", "NONE"]) == 1
    assert "No rule 'NONE'" in capsys.readouterr().err
