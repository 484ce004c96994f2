"""Facts of the bank, its branches, groups, staff and training, each computed by hand for a book of a few rows."""

from datetime import date
from decimal import Decimal

import pytest

from tests.data.facts_book import AS_OF, FactsBook

BEFORE, EARLIER = date(2026, 9, 30), date(2026, 8, 31)


def insert_four_loans(facts_book: FactsBook) -> None:
    """Four running loans in yuan: 100 normal, 50 substandard, 30 special mention, 20 without a class."""
    common = {"currency": "CNY", "status": "normal", "extension_count": 0, "officer_id": "O1"}
    facts_book.insert_loan(
        "L1",
        {"balance": 100, "classification": "normal", "days_past_due": 0, "provision": 1},
        branch_id="01",
        borrower_id="B1",
        industry_code="C1511",
        guarantee_type="credit",
        product_code="working_capital",
        **common,
    )
    facts_book.insert_loan(
        "L2",
        {"balance": 50, "classification": "substandard", "days_past_due": 95, "provision": 10},
        branch_id="01",
        borrower_id="B2",
        industry_code="K7010",
        guarantee_type="mortgage",
        product_code="project",
        **common,
    )
    facts_book.insert_loan(
        "L3",
        {"balance": 30, "classification": "special_mention", "days_past_due": 12, "provision": 2},
        branch_id="02",
        borrower_id="B1",
        guarantee_type="mortgage",
        product_code="home_mortgage",
        **common | {"extension_count": 1},
    )
    facts_book.insert_loan("L4", {"balance": 20, "days_past_due": 31}, branch_id="02", borrower_id="B4", **common)
    facts_book.insert_loan(
        "GONE", {"balance": 9, "classification": "loss"}, branch_id="02", **common | {"status": "settled"}
    )
    facts_book.insert_loan(
        "USD", {"balance": 5000, "classification": "loss"}, branch_id="02", **common | {"currency": "USD"}
    )


def test_the_bank_and_its_branches_add_up(facts_book: FactsBook) -> None:
    insert_four_loans(facts_book)
    facts_book.build_facts()
    bank, first, second = (
        facts_book.read_facts("portfolio", "bank"),
        facts_book.read_facts("branch", "01"),
        facts_book.read_facts("branch", "02"),
    )
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


def test_shares_and_largest_borrowers(facts_book: FactsBook) -> None:
    insert_four_loans(facts_book)
    facts_book.build_facts()
    bank, first = facts_book.read_facts("portfolio", "bank"), facts_book.read_facts("branch", "01")
    # Borrowers owe 130, 50 and 20 of 200; sectors known are C 100 and K 50.
    assert (bank["largest_borrower_balance"], bank["top10_balance"]) == (130, 200)
    assert bank["borrower_hhi"] == round(Decimal(130**2 + 50**2 + 20**2) / 200**2, 6)
    assert bank["industry_hhi"] == first["borrower_hhi"] == round(Decimal(100**2 + 50**2) / 150**2, 6)
    assert bank["security_hhi"] == round(Decimal(100**2 + 80**2) / 180**2, 6)


def test_ten_largest_are_ten(facts_book: FactsBook) -> None:
    for n in range(12):
        facts_book.insert_loan(f"L{n}", {"balance": 10 + n}, borrower_id=f"B{n}", status="normal", currency="CNY")
    facts_book.build_facts()
    assert facts_book.read_facts("portfolio", "bank")["top10_balance"] == sum(range(12, 22))


def test_bank_parameters_are_those_in_force(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    for day, amount in ((date(2026, 3, 31), 900), (date(2026, 6, 30), 1000), (date(2026, 12, 31), 2000)):
        facts_book.insert("bank_parameters", parameter="net_capital", effective_date=day, amount=amount)
    facts_book.insert("bank_parameters", parameter="funding_cost", effective_date=AS_OF, rate=2)
    facts_book.insert("bank_parameters", parameter="bank_tier", effective_date=AS_OF, grade="village")
    facts_book.build_facts()
    bank = facts_book.read_facts("portfolio", "bank")
    assert (bank["net_capital"], bank["capital_date"], bank["tier1_capital"]) == (1000, date(2026, 6, 30), None)
    assert (bank["funding_cost_pct"], bank["bank_tier"], bank["lpr_1y_pct"]) == (2, "village", None)


def test_provisions_of_the_register_come_before_those_on_loans(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", {"balance": 100, "provision": 3}, status="normal")
    facts_book.build_facts()
    assert facts_book.read_facts("portfolio", "bank")["provision_held"] == 3
    facts_book.insert("bank_parameters", parameter="loan_loss_provision", effective_date=AS_OF, amount=7)
    facts_book.build_facts()
    assert facts_book.read_facts("portfolio", "bank")["provision_held"] == 7


def test_what_became_of_the_opening_stock(facts_book: FactsBook) -> None:
    """Normal: 100 became 80 special mention, 40 grew to 60, 50 was repaid, 30 has lost its class."""
    moves = {
        "WORSE": ((100, "normal", 0), (80, "special_mention", 5)),
        "GROWN": ((40, "normal", 0), (60, "normal", 0)),
        "UNKNOWN": ((30, "normal", 10), (30, None, 40)),
        "BETTER": ((20, "substandard", 95), (20, "special_mention", 0)),
    }
    for loan_id, ((was, before, days), (now, after, late)) in moves.items():
        facts_book.insert_loan(
            loan_id,
            {"balance": now, "classification": after, "days_past_due": late},
            status="normal",
            row_valid_from=BEFORE,
            branch_id="01",
        )
        facts_book.con.execute(
            "UPDATE snapshots SET snapshot_date = ?, row_valid_from = ? WHERE loan_id = ?", [AS_OF, AS_OF, loan_id]
        )
        facts_book.insert(
            "snapshots",
            loan_id=loan_id,
            snapshot_date=BEFORE,
            row_valid_from=BEFORE,
            balance=was,
            classification=before,
            days_past_due=days,
        )
    facts_book.insert_loan(
        "REPAID",
        {"balance": 50, "classification": "normal", "days_past_due": 0},
        status="normal",
        row_valid_from=BEFORE,
        branch_id="01",
    )
    facts_book.build_facts()
    for fact in (facts_book.read_facts("portfolio", "bank"), facts_book.read_facts("branch", "01")):
        assert (fact["opening_normal_remaining"], fact["opening_normal_worsened"]) == (80 + 40 + 30, 80)
        assert (fact["opening_substandard_remaining"], fact["opening_substandard_worsened"]) == (20, 0)
        assert (fact["opening_loans"], fact["opening_loans_unknown"]) == (5, 1)
        assert (fact["opening_current_balance"], fact["opening_days_1_30_balance"]) == (190, 30)
        assert (fact["days_1_30_balance"], fact["days_31_60_balance"]) == (80, 30)


def test_without_an_earlier_snapshot_the_opening_is_unknown(facts_book: FactsBook) -> None:
    facts_book.insert_loan(status="normal", branch_id="01")
    facts_book.build_facts()
    assert facts_book.read_facts("portfolio", "bank")["opening_loans"] is None
    assert facts_book.read_facts("branch", "01")["opening_normal_remaining"] is None


def test_an_empty_book_has_a_bank_of_nothing(facts_book: FactsBook) -> None:
    counts = facts_book.build_facts()
    assert (counts["portfolio"], counts["branch"], counts["group"], counts["staff"]) == (1, 0, 0, 0)
    assert facts_book.read_facts("portfolio", "bank")["running_loans"] == 0


def insert_guarantees(facts_book: FactsBook, *pairs: tuple[str, str], **row: object) -> None:
    """(giver, taker): the giver guarantees the one loan of the taker."""
    for number, (giver, taker) in enumerate(pairs):
        facts_book.insert(
            "guarantees",
            guarantee_id=f"{giver}{taker}{number}",
            loan_id=f"L{taker}",
            kind="guarantee",
            provider_id=giver,
            **row,
        )


def circle_facts(facts_book: FactsBook, borrower: str) -> tuple[object, object]:
    fact = facts_book.read_facts("borrower", borrower)
    return fact["guarantee_circle"], fact["circle_members"]


def test_guarantee_circles(facts_book: FactsBook) -> None:
    for borrower in "ABCDEFGH":
        facts_book.insert_loan(f"L{borrower}", borrower_id=borrower, status="normal")
    insert_guarantees(
        facts_book, ("A", "B"), ("B", "A"), ("C", "D"), ("D", "E"), ("E", "C"), ("F", "G"), ("H", "H"), ("B", "C")
    )
    facts_book.build_facts()
    assert circle_facts(facts_book, "A") == (2, ["B"])
    assert circle_facts(facts_book, "B") == (2, ["A"])
    assert [circle_facts(facts_book, b) for b in "CDE"] == [(3, ["D", "E"]), (3, ["C", "E"]), (3, ["C", "D"])]
    assert [circle_facts(facts_book, b) for b in "FGH"] == [(0, [])] * 3


def test_a_circle_needs_live_guarantees_of_running_loans(facts_book: FactsBook) -> None:
    for borrower in "ABCD":
        facts_book.insert_loan(f"L{borrower}", borrower_id=borrower, status="settled" if borrower == "D" else "normal")
    insert_guarantees(facts_book, ("A", "B"), ("C", "D"), ("D", "C"))
    insert_guarantees(facts_book, ("B", "A"), status="released")
    facts_book.build_facts()
    assert [circle_facts(facts_book, b)[0] for b in "ABCD"] == [0, 0, 0, 0]


@pytest.mark.parametrize(("length", "found"), [(6, 6), (7, 0)])
def test_circles_of_up_to_six_are_found(facts_book: FactsBook, length: int, found: int) -> None:
    names = "ABCDEFG"[:length]
    for borrower in names:
        facts_book.insert_loan(f"L{borrower}", borrower_id=borrower, status="normal")
    insert_guarantees(facts_book, *zip(names, names[1:] + names[0], strict=True))
    facts_book.build_facts()
    assert {circle_facts(facts_book, b)[0] for b in names} == {found}


def test_a_guarantor_of_everybody_makes_no_circle(facts_book: FactsBook) -> None:
    """A star, and a ring of three among 300: the search is bounded by those who both give and take."""
    for n in range(300):
        facts_book.insert_loan(f"L{n}", borrower_id=str(n), status="normal")
    insert_guarantees(facts_book, *(("0", str(n)) for n in range(1, 300)), ("1", "2"), ("2", "3"), ("3", "1"))
    facts_book.build_facts()
    rows = facts_book.con.execute(
        "SELECT borrower_id FROM facts_borrower WHERE guarantee_circle > 0 ORDER BY 1"
    ).fetchall()
    assert rows == [("1",), ("2",), ("3",)]


def test_without_guarantees_nobody_knows(facts_book: FactsBook) -> None:
    facts_book.insert_loan(borrower_id="A")
    facts_book.build_facts()
    assert circle_facts(facts_book, "A") == (None, None)


def test_loans_behind_one_guarantor(facts_book: FactsBook) -> None:
    for borrower in "ABC":
        facts_book.insert_loan(f"L{borrower}", borrower_id=borrower, status="settled" if borrower == "C" else "normal")
    insert_guarantees(facts_book, ("X", "A"), ("X", "B"), ("X", "C"), ("Y", "A"))
    facts_book.build_facts()
    rows = facts_book.con.execute("SELECT provider_id, provider_loans FROM facts_collateral ORDER BY ALL").fetchall()
    assert rows == [("X", 2), ("X", 2), ("X", 2), ("Y", 1)]


def test_groups_and_one_controller(facts_book: FactsBook) -> None:
    facts_book.insert("bank_parameters", parameter="net_capital", effective_date=AS_OF, amount=1000)
    for borrower, group, controller in (("A", "G", "甲"), ("B", "G", "甲"), ("C", None, "甲"), ("D", None, "乙")):
        facts_book.insert("borrowers", borrower_id=borrower, group_id=group, controller=controller, related_party=False)
        facts_book.insert_loan(
            f"L{borrower}",
            {"balance": 100, "classification": "loss" if borrower == "B" else "normal"},
            borrower_id=borrower,
            status="normal",
            branch_id="01",
        )
    facts_book.con.execute("UPDATE borrowers SET related_party = true WHERE borrower_id = 'D'")
    facts_book.build_facts()
    group = facts_book.read_facts("group", "G")
    assert (group["members"], group["balance"], group["npl_balance"], group["controllers"]) == (2, 200, 100, 1)
    assert (group["net_capital"], group["branch_id"]) == (1000, "01")
    found = {b: facts_book.read_facts("borrower", b) for b in "ABCD"}
    assert {b: fact["ungrouped_connected"] for b, fact in found.items()} == {"A": 1, "B": 1, "C": 2, "D": 0}
    assert {b: fact["performing_loans"] for b, fact in found.items()} == {"A": 1, "B": 0, "C": 1, "D": 1}
    bank = facts_book.read_facts("portfolio", "bank")
    assert (bank["largest_group_balance"], bank["related_party_balance"]) == (200, 100)


def test_margin_needs_the_cost_of_funds(facts_book: FactsBook) -> None:
    facts_book.insert_loan(
        "L1", {"balance": 1000, "provision": 10}, borrower_id="A", status="normal", annual_rate_pct=5
    )
    facts_book.build_facts()
    assert facts_book.read_facts("borrower", "A")["risk_adjusted_margin"] is None
    facts_book.insert("bank_parameters", parameter="funding_cost", effective_date=AS_OF, rate=2)
    facts_book.build_facts()
    assert facts_book.read_facts("borrower", "A")["risk_adjusted_margin"] == 1000 * 3 / 100 - 10


def insert_history(facts_book: FactsBook, *days_past_due: int | None, loan_id: str = "L1") -> None:
    """Snapshots of 120, 110, … before the last one, the latest first."""
    for turn, (day, late) in enumerate(zip((BEFORE, EARLIER), days_past_due, strict=False)):
        facts_book.insert(
            "snapshots",
            loan_id=loan_id,
            snapshot_date=day,
            row_valid_from=day,
            balance=120 - 10 * turn,
            days_past_due=late,
        )


@pytest.mark.parametrize(
    ("earlier", "now", "periods"),
    [((0, 0), 0, 0), ((5, 0), 3, 2), ((5, 9), 3, 3), ((None, 0), 3, None), ((5,), 3, None)],
)
def test_late_periods(facts_book: FactsBook, earlier: tuple, now: int, periods: int | None) -> None:
    facts_book.insert_loan("L1", {"balance": 100, "days_past_due": now})
    insert_history(facts_book, *earlier)
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    assert (fact["late_periods"], fact["balance_before"]) == (periods, 120)


def test_first_due_date(facts_book: FactsBook) -> None:
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
        facts_book.insert_loan(
            loan_id,
            {"balance": 1, "days_past_due": 9 if first else 0, "first_overdue_date": first},
            repayment_method=method,
            **day,
        )
    facts_book.build_facts()
    found = {loan_id: facts_book.read_facts("loan", loan_id) for loan_id in arrears}
    assert {k: (f["first_due_date"], f["first_due_missed"]) for k, f in found.items()} == {
        "MISSED": (date(2026, 2, 28), True),
        "LATER": (date(2026, 2, 28), False),
        "NEVER": (date(2026, 2, 28), False),
        "BULLET": (date(2027, 1, 31), None),
        "OPEN": (None, None),
        "QUARTER": (date(2026, 4, 30), True),
    }


def test_interest_and_the_last_demand(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", {"balance": 1, "interest_overdue_on": 2, "interest_overdue_off": None})
    facts_book.insert_loan("L2")
    for day in (date(2026, 5, 1), date(2026, 8, 1), date(2026, 12, 1)):
        facts_book.insert("notices", loan_id="L1", kind="collection", notice_date=day)
    facts_book.insert("notices", loan_id="L1", kind="maturity", notice_date=date(2026, 9, 1))
    facts_book.build_facts()
    assert (
        facts_book.read_facts("loan", "L1")["interest_overdue"],
        facts_book.read_facts("loan", "L2")["interest_overdue"],
    ) == (2, None)
    assert facts_book.read_facts("loan", "L1")["last_demand_date"] == date(2026, 8, 1)


def test_staff(facts_book: FactsBook) -> None:
    facts_book.insert("staff", staff_id="O1", branch_id="01", role="客户经理", hire_date=date(2020, 1, 1))
    facts_book.insert("staff", staff_id="H", branch_id="01", authority_amount=50, left_date=date(2026, 5, 1))
    facts_book.insert_loan("L1", {"balance": 100, "days_past_due": 3}, officer_id="O1", status="normal")
    facts_book.insert_loan("L2", officer_id="O1", status="settled")
    for step, who in (("4", "O1"), ("5", "O1"), ("7", "H")):
        facts_book.insert(
            "events", event_id=step, loan_id="L1", step_code=step, event_date=AS_OF, staff_id=who, amount=80
        )
    facts_book.insert(
        "training_needs", need_id="N", staff_id="O1", found_on=date(2026, 2, 1), current_level=5, required_level=9
    )
    facts_book.build_facts()
    officer, head = facts_book.read_facts("staff", "O1"), facts_book.read_facts("staff", "H")
    assert (officer["managed_loans"], officer["balance"], officer["overdue_balance"]) == (1, 100, 100)
    assert (officer["mixed_duties"], officer["own_approvals"], officer["is_employed"]) == (1, 0, True)
    assert (head["approvals"], head["approvals_beyond_authority"], head["is_employed"]) == (1, 1, False)
    assert (officer["has_needs"], officer["need_gaps"], head["has_needs"]) == (True, 1, False)
    assert (officer["topics_taken"], officer["officer_id"], officer["branch_id"]) == (None, "O1", "01")


def test_training(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1")
    facts_book.insert("staff", staff_id="O1", branch_id="01", role="客户经理")
    facts_book.insert("training_plans", plan_id="P", approved_date=date(2026, 1, 1))
    facts_book.insert("training_plan_topics", plan_id="P", seq=1, course="初级")
    facts_book.insert("training_plan_topics", plan_id="P", seq=2, course="高级", prerequisite="初级")
    facts_book.insert("courses", course="高级", days=2, topic="LEGAL")
    for number, (course, day) in enumerate((("初级", date(2026, 3, 1)), ("高级", date(2026, 4, 1)))):
        facts_book.insert(
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
        facts_book.insert(
            "inspections", inspection_id=f"I{number}", loan_id="L1", inspector_id="O1", inspection_date=day
        )
    facts_book.build_facts()
    first, second = facts_book.read_facts("training", "T0"), facts_book.read_facts("training", "T1")
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
    assert facts_book.read_facts("staff", "O1")["topics_taken"] == ["LEGAL"]
    bank = facts_book.read_facts("portfolio", "bank")
    assert (bank["sessions_in_a_year"], bank["internal_sessions"], bank["practice_sessions"]) == (2, 2, 2)
