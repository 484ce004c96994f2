"""Facts of the bank, its branches, groups, staff and training, each computed by hand for a book of a few rows."""

from datetime import date
from decimal import Decimal

import pytest
from ledger import AS_OF, Ledger

BEFORE, EARLIER = date(2026, 9, 30), date(2026, 8, 31)


def stock(ledger: Ledger) -> None:
    """Four running loans in yuan: 100 normal, 50 substandard, 30 special mention, 20 without a class."""
    common = {"currency": "CNY", "status": "normal", "extension_count": 0, "officer_id": "O1"}
    ledger.loan(
        "L1",
        {"balance": 100, "classification": "normal", "days_past_due": 0, "provision": 1},
        branch_id="01",
        borrower_id="B1",
        industry_code="C1511",
        guarantee_type="credit",
        product_code="working_capital",
        **common,
    )
    ledger.loan(
        "L2",
        {"balance": 50, "classification": "substandard", "days_past_due": 95, "provision": 10},
        branch_id="01",
        borrower_id="B2",
        industry_code="K7010",
        guarantee_type="mortgage",
        product_code="project",
        **common,
    )
    ledger.loan(
        "L3",
        {"balance": 30, "classification": "special_mention", "days_past_due": 12, "provision": 2},
        branch_id="02",
        borrower_id="B1",
        guarantee_type="mortgage",
        product_code="home_mortgage",
        **common | {"extension_count": 1},
    )
    ledger.loan("L4", {"balance": 20, "days_past_due": 31}, branch_id="02", borrower_id="B4", **common)
    ledger.loan("GONE", {"balance": 9, "classification": "loss"}, branch_id="02", **common | {"status": "settled"})
    ledger.loan("USD", {"balance": 5000, "classification": "loss"}, branch_id="02", **common | {"currency": "USD"})


def test_the_bank_and_its_branches_add_up(ledger: Ledger) -> None:
    stock(ledger)
    ledger.build()
    bank, first, second = ledger.fact("portfolio", "bank"), ledger.fact("branch", "01"), ledger.fact("branch", "02")
    assert (bank["running_loans"], bank["borrowers"], bank["balance"]) == (4, 3, 200)
    assert (bank["classified_balance"], bank["npl_balance"], bank["special_mention_balance"]) == (180, 50, 30)
    assert (bank["loans_without_class"], bank["loans_without_provision"], bank["provision_held"]) == (1, 1, None)
    assert (bank["dated_balance"], bank["overdue_balance"], bank["par30_balance"]) == (200, 100, 70)
    assert (bank["par60_balance"], bank["par90_balance"]) == (50, 50)
    assert (bank["restructured_balance"], bank["extended_balance"], bank["termed_balance"]) == (30, 30, 200)
    assert (bank["real_estate_balance"], bank["home_mortgage_balance"], bank["segmented_loans"]) == (80, 30, 2)
    assert (first["balance"], second["balance"], first["provision_held"]) == (150, 50, 11)
    assert (first["npl_balance"], second["npl_balance"], second["par30_balance"]) == (50, 0, 20)
    money = [name for name, value in first.items() if name.endswith("_balance") and isinstance(value, Decimal)]
    own = {"largest_borrower_balance", "top10_balance"}
    assert [n for n in money if n not in own and first[n] + second[n] != bank[n]] == []


def test_shares_and_largest_borrowers(ledger: Ledger) -> None:
    stock(ledger)
    ledger.build()
    bank, first = ledger.fact("portfolio", "bank"), ledger.fact("branch", "01")
    # Borrowers owe 130, 50 and 20 of 200; sectors known are C 100 and K 50.
    assert (bank["largest_borrower_balance"], bank["top10_balance"]) == (130, 200)
    assert bank["borrower_hhi"] == round(Decimal(130**2 + 50**2 + 20**2) / 200**2, 6)
    assert bank["industry_hhi"] == first["borrower_hhi"] == round(Decimal(100**2 + 50**2) / 150**2, 6)
    assert bank["security_hhi"] == round(Decimal(100**2 + 80**2) / 180**2, 6)


def test_ten_largest_are_ten(ledger: Ledger) -> None:
    for n in range(12):
        ledger.loan(f"L{n}", {"balance": 10 + n}, borrower_id=f"B{n}", status="normal", currency="CNY")
    ledger.build()
    assert ledger.fact("portfolio", "bank")["top10_balance"] == sum(range(12, 22))


def test_bank_parameters_are_those_in_force(ledger: Ledger) -> None:
    ledger.loan()
    for day, amount in ((date(2026, 3, 31), 900), (date(2026, 6, 30), 1000), (date(2026, 12, 31), 2000)):
        ledger.put("bank_parameters", parameter="net_capital", effective_date=day, amount=amount)
    ledger.put("bank_parameters", parameter="funding_cost", effective_date=AS_OF, rate=2)
    ledger.put("bank_parameters", parameter="bank_tier", effective_date=AS_OF, grade="village")
    ledger.build()
    bank = ledger.fact("portfolio", "bank")
    assert (bank["net_capital"], bank["capital_date"], bank["tier1_capital"]) == (1000, date(2026, 6, 30), None)
    assert (bank["funding_cost_pct"], bank["bank_tier"], bank["lpr_1y_pct"]) == (2, "village", None)


def test_provisions_of_the_register_come_before_those_on_loans(ledger: Ledger) -> None:
    ledger.loan("L1", {"balance": 100, "provision": 3}, status="normal")
    ledger.build()
    assert ledger.fact("portfolio", "bank")["provision_held"] == 3
    ledger.put("bank_parameters", parameter="loan_loss_provision", effective_date=AS_OF, amount=7)
    ledger.build()
    assert ledger.fact("portfolio", "bank")["provision_held"] == 7


def test_what_became_of_the_opening_stock(ledger: Ledger) -> None:
    """Normal: 100 became 80 special mention, 40 grew to 60, 50 was repaid, 30 has lost its class."""
    moves = {
        "WORSE": ((100, "normal", 0), (80, "special_mention", 5)),
        "GROWN": ((40, "normal", 0), (60, "normal", 0)),
        "UNKNOWN": ((30, "normal", 10), (30, None, 40)),
        "BETTER": ((20, "substandard", 95), (20, "special_mention", 0)),
    }
    for loan_id, ((was, before, days), (now, after, late)) in moves.items():
        ledger.loan(
            loan_id,
            {"balance": now, "classification": after, "days_past_due": late},
            status="normal",
            as_of=BEFORE,
            branch_id="01",
        )
        ledger.con.execute(
            "UPDATE snapshots SET snapshot_date = ?, as_of = ? WHERE loan_id = ?", [AS_OF, AS_OF, loan_id]
        )
        ledger.put(
            "snapshots",
            loan_id=loan_id,
            snapshot_date=BEFORE,
            as_of=BEFORE,
            balance=was,
            classification=before,
            days_past_due=days,
        )
    ledger.loan(
        "REPAID",
        {"balance": 50, "classification": "normal", "days_past_due": 0},
        status="normal",
        as_of=BEFORE,
        branch_id="01",
    )
    ledger.build()
    for fact in (ledger.fact("portfolio", "bank"), ledger.fact("branch", "01")):
        assert (fact["opening_normal_remaining"], fact["opening_normal_worsened"]) == (80 + 40 + 30, 80)
        assert (fact["opening_substandard_remaining"], fact["opening_substandard_worsened"]) == (20, 0)
        assert (fact["opening_loans"], fact["opening_loans_unknown"]) == (5, 1)
        assert (fact["opening_current_balance"], fact["opening_days_1_30_balance"]) == (190, 30)
        assert (fact["days_1_30_balance"], fact["days_31_60_balance"]) == (80, 30)


def test_without_an_earlier_snapshot_the_opening_is_unknown(ledger: Ledger) -> None:
    ledger.loan(status="normal", branch_id="01")
    ledger.build()
    assert ledger.fact("portfolio", "bank")["opening_loans"] is None
    assert ledger.fact("branch", "01")["opening_normal_remaining"] is None


def test_an_empty_book_has_a_bank_of_nothing(ledger: Ledger) -> None:
    counts = ledger.build()
    assert (counts["portfolio"], counts["branch"], counts["group"], counts["staff"]) == (1, 0, 0, 0)
    assert ledger.fact("portfolio", "bank")["running_loans"] == 0


def backs(ledger: Ledger, *pairs: tuple[str, str], **row: object) -> None:
    """(giver, taker): the giver guarantees the one loan of the taker."""
    for number, (giver, taker) in enumerate(pairs):
        ledger.put(
            "guarantees",
            guarantee_id=f"{giver}{taker}{number}",
            loan_id=f"L{taker}",
            kind="guarantee",
            provider_id=giver,
            **row,
        )


def circle(ledger: Ledger, borrower: str) -> tuple[object, object]:
    fact = ledger.fact("borrower", borrower)
    return fact["guarantee_circle"], fact["circle_members"]


def test_guarantee_circles(ledger: Ledger) -> None:
    for borrower in "ABCDEFGH":
        ledger.loan(f"L{borrower}", borrower_id=borrower, status="normal")
    backs(ledger, ("A", "B"), ("B", "A"), ("C", "D"), ("D", "E"), ("E", "C"), ("F", "G"), ("H", "H"), ("B", "C"))
    ledger.build()
    assert circle(ledger, "A") == (2, ["B"])
    assert circle(ledger, "B") == (2, ["A"])
    assert [circle(ledger, b) for b in "CDE"] == [(3, ["D", "E"]), (3, ["C", "E"]), (3, ["C", "D"])]
    assert [circle(ledger, b) for b in "FGH"] == [(0, [])] * 3


def test_a_circle_needs_live_guarantees_of_running_loans(ledger: Ledger) -> None:
    for borrower in "ABCD":
        ledger.loan(f"L{borrower}", borrower_id=borrower, status="settled" if borrower == "D" else "normal")
    backs(ledger, ("A", "B"), ("C", "D"), ("D", "C"))
    backs(ledger, ("B", "A"), status="released")
    ledger.build()
    assert [circle(ledger, b)[0] for b in "ABCD"] == [0, 0, 0, 0]


@pytest.mark.parametrize(("length", "found"), [(6, 6), (7, 0)])
def test_circles_of_up_to_six_are_found(ledger: Ledger, length: int, found: int) -> None:
    names = "ABCDEFG"[:length]
    for borrower in names:
        ledger.loan(f"L{borrower}", borrower_id=borrower, status="normal")
    backs(ledger, *zip(names, names[1:] + names[0], strict=True))
    ledger.build()
    assert {circle(ledger, b)[0] for b in names} == {found}


def test_a_guarantor_of_everybody_makes_no_circle(ledger: Ledger) -> None:
    """A star, and a ring of three among 300: the search is bounded by those who both give and take."""
    for n in range(300):
        ledger.loan(f"L{n}", borrower_id=str(n), status="normal")
    backs(ledger, *(("0", str(n)) for n in range(1, 300)), ("1", "2"), ("2", "3"), ("3", "1"))
    ledger.build()
    rows = ledger.con.execute("SELECT borrower_id FROM facts_borrower WHERE guarantee_circle > 0 ORDER BY 1").fetchall()
    assert rows == [("1",), ("2",), ("3",)]


def test_without_guarantees_nobody_knows(ledger: Ledger) -> None:
    ledger.loan(borrower_id="A")
    ledger.build()
    assert circle(ledger, "A") == (None, None)


def test_loans_behind_one_guarantor(ledger: Ledger) -> None:
    for borrower in "ABC":
        ledger.loan(f"L{borrower}", borrower_id=borrower, status="settled" if borrower == "C" else "normal")
    backs(ledger, ("X", "A"), ("X", "B"), ("X", "C"), ("Y", "A"))
    ledger.build()
    rows = ledger.con.execute("SELECT provider_id, provider_loans FROM facts_collateral ORDER BY ALL").fetchall()
    assert rows == [("X", 2), ("X", 2), ("X", 2), ("Y", 1)]


def test_groups_and_one_controller(ledger: Ledger) -> None:
    ledger.put("bank_parameters", parameter="net_capital", effective_date=AS_OF, amount=1000)
    for borrower, group, controller in (("A", "G", "甲"), ("B", "G", "甲"), ("C", None, "甲"), ("D", None, "乙")):
        ledger.put("borrowers", borrower_id=borrower, group_id=group, controller=controller, related_party=False)
        ledger.loan(
            f"L{borrower}",
            {"balance": 100, "classification": "loss" if borrower == "B" else "normal"},
            borrower_id=borrower,
            status="normal",
            branch_id="01",
        )
    ledger.con.execute("UPDATE borrowers SET related_party = true WHERE borrower_id = 'D'")
    ledger.build()
    group = ledger.fact("group", "G")
    assert (group["members"], group["balance"], group["npl_balance"], group["controllers"]) == (2, 200, 100, 1)
    assert (group["net_capital"], group["branch_id"]) == (1000, "01")
    found = {b: ledger.fact("borrower", b) for b in "ABCD"}
    assert {b: fact["ungrouped_connected"] for b, fact in found.items()} == {"A": 1, "B": 1, "C": 2, "D": 0}
    assert {b: fact["performing_loans"] for b, fact in found.items()} == {"A": 1, "B": 0, "C": 1, "D": 1}
    bank = ledger.fact("portfolio", "bank")
    assert (bank["largest_group_balance"], bank["related_party_balance"]) == (200, 100)


def test_margin_needs_the_cost_of_funds(ledger: Ledger) -> None:
    ledger.loan("L1", {"balance": 1000, "provision": 10}, borrower_id="A", status="normal", annual_rate_pct=5)
    ledger.build()
    assert ledger.fact("borrower", "A")["risk_adjusted_margin"] is None
    ledger.put("bank_parameters", parameter="funding_cost", effective_date=AS_OF, rate=2)
    ledger.build()
    assert ledger.fact("borrower", "A")["risk_adjusted_margin"] == 1000 * 3 / 100 - 10


def history(ledger: Ledger, *days_past_due: int | None, loan_id: str = "L1") -> None:
    """Snapshots of 120, 110, … before the last one, the latest first."""
    for turn, (day, late) in enumerate(zip((BEFORE, EARLIER), days_past_due, strict=False)):
        ledger.put(
            "snapshots", loan_id=loan_id, snapshot_date=day, as_of=day, balance=120 - 10 * turn, days_past_due=late
        )


@pytest.mark.parametrize(
    ("earlier", "now", "periods"),
    [((0, 0), 0, 0), ((5, 0), 3, 2), ((5, 9), 3, 3), ((None, 0), 3, None), ((5,), 3, None)],
)
def test_late_periods(ledger: Ledger, earlier: tuple, now: int, periods: int | None) -> None:
    ledger.loan("L1", {"balance": 100, "days_past_due": now})
    history(ledger, *earlier)
    ledger.build()
    fact = ledger.fact("loan", "L1")
    assert (fact["late_periods"], fact["balance_before"]) == (periods, 120)


def test_first_due_date(ledger: Ledger) -> None:
    day = {"disbursed_on": date(2026, 1, 31), "original_maturity": date(2027, 1, 31)}
    arrears = {
        "MISSED": ("monthly", date(2026, 3, 1)),
        "LATER": ("monthly", date(2026, 3, 31)),
        "NEVER": ("monthly", None),
        "BULLET": ("bullet", None),
        "OPEN": ("interest_only", None),
        "QUARTER": ("quarterly", date(2026, 7, 30)),
    }
    for loan_id, (method, first) in arrears.items():
        ledger.loan(
            loan_id,
            {"balance": 1, "days_past_due": 9 if first else 0, "first_overdue_date": first},
            repayment_method=method,
            **day,
        )
    ledger.build()
    found = {loan_id: ledger.fact("loan", loan_id) for loan_id in arrears}
    assert {k: (f["first_due_date"], f["first_due_missed"]) for k, f in found.items()} == {
        "MISSED": (date(2026, 2, 28), True),
        "LATER": (date(2026, 2, 28), False),
        "NEVER": (date(2026, 2, 28), False),
        "BULLET": (date(2027, 1, 31), None),
        "OPEN": (None, None),
        "QUARTER": (date(2026, 4, 30), True),
    }


def test_interest_and_the_last_demand(ledger: Ledger) -> None:
    ledger.loan("L1", {"balance": 1, "interest_overdue_on": 2, "interest_overdue_off": None})
    ledger.loan("L2")
    for day in (date(2026, 5, 1), date(2026, 8, 1), date(2026, 12, 1)):
        ledger.put("notices", loan_id="L1", kind="collection", notice_date=day)
    ledger.put("notices", loan_id="L1", kind="maturity", notice_date=date(2026, 9, 1))
    ledger.build()
    assert (ledger.fact("loan", "L1")["interest_overdue"], ledger.fact("loan", "L2")["interest_overdue"]) == (2, None)
    assert ledger.fact("loan", "L1")["last_demand_date"] == date(2026, 8, 1)


def test_staff(ledger: Ledger) -> None:
    ledger.put("staff", staff_id="O1", branch_id="01", role="客户经理", hire_date=date(2020, 1, 1))
    ledger.put("staff", staff_id="H", branch_id="01", authority_amount=50, left_date=date(2026, 5, 1))
    ledger.loan("L1", {"balance": 100, "days_past_due": 3}, officer_id="O1", status="normal")
    ledger.loan("L2", officer_id="O1", status="settled")
    for step, who in (("4", "O1"), ("5", "O1"), ("7", "H")):
        ledger.put("events", event_id=step, loan_id="L1", step_code=step, event_date=AS_OF, staff_id=who, amount=80)
    ledger.put(
        "training_needs", need_id="N", staff_id="O1", found_on=date(2026, 2, 1), current_level=5, required_level=9
    )
    ledger.build()
    officer, head = ledger.fact("staff", "O1"), ledger.fact("staff", "H")
    assert (officer["managed_loans"], officer["balance"], officer["overdue_balance"]) == (1, 100, 100)
    assert (officer["mixed_duties"], officer["own_approvals"], officer["is_employed"]) == (1, 0, True)
    assert (head["approvals"], head["approvals_beyond_authority"], head["is_employed"]) == (1, 1, False)
    assert (officer["has_needs"], officer["need_gaps"], head["has_needs"]) == (True, 1, False)
    assert (officer["topics_taken"], officer["officer_id"], officer["branch_id"]) == (None, "O1", "01")


def test_training(ledger: Ledger) -> None:
    ledger.loan("L1")
    ledger.put("staff", staff_id="O1", branch_id="01", role="客户经理")
    ledger.put("training_plans", plan_id="P", approved_date=date(2026, 1, 1))
    ledger.put("training_plan_topics", plan_id="P", seq=1, course="初级")
    ledger.put("training_plan_topics", plan_id="P", seq=2, course="高级", prerequisite="初级")
    ledger.put("courses", course="高级", days=2, topic="LEGAL")
    for number, (course, day) in enumerate((("初级", date(2026, 3, 1)), ("高级", date(2026, 4, 1)))):
        ledger.put(
            "training",
            training_id=f"T{number}",
            staff_id="O1",
            course=course,
            date=day,
            plan_id="P",
            days=2,
            clause_group="LEGAL",
            method="case",
            trainer_type="internal",
        )
    for number, day in enumerate((date(2026, 4, 2), date(2026, 4, 3))):
        ledger.put("inspections", inspection_id=f"I{number}", loan_id="L1", inspector_id="O1", inspection_date=day)
    ledger.build()
    first, second = ledger.fact("training", "T0"), ledger.fact("training", "T1")
    assert (second["has_prerequisite"], second["prerequisite_date"], first["has_prerequisite"]) == (
        True,
        date(2026, 3, 1),
        False,
    )
    assert (second["plan_approved_date"], second["in_plan"], second["staff_role"]) == (
        date(2026, 1, 1),
        True,
        "客户经理",
    )
    assert (second["course_days"], second["in_catalogue"], first["in_catalogue"]) == (2, True, False)
    assert (second["inspections_that_day"], first["inspections_that_day"]) == (1, 0)
    assert second["need_found"] is None
    assert ledger.fact("staff", "O1")["topics_taken"] == ["LEGAL"]
    bank = ledger.fact("portfolio", "bank")
    assert (bank["sessions_in_a_year"], bank["internal_sessions"], bank["practice_sessions"]) == (2, 2, 2)
