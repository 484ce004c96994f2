"""Facts that come from the registers: security, inspections, notices, borrowers and documents."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from tests.data.facts_book import AS_OF, FactsBook


def test_security(facts_book: FactsBook) -> None:
    facts_book.insert_loan(contract_no="C1", guarantee_type="mortgage")
    mortgage = {"kind": "mortgage", "appraised_value": 100, "valuation_date": date(2026, 1, 1)}
    facts_book.insert("guarantees", guarantee_id="G1", loan_id="L1", prior_lien=30, **mortgage)
    facts_book.insert(
        "guarantees", guarantee_id="G2", contract_no="C1", status="active", **mortgage | {"appraised_value": 50}
    )
    facts_book.insert("guarantees", guarantee_id="G3", loan_id="OTHER", contract_no="C1", **mortgage)
    facts_book.insert("guarantees", guarantee_id="G4", loan_id="L1", status="released", **mortgage)
    facts_book.insert("guarantees", guarantee_id="G5", loan_id="L1", kind="guarantee", end=date(2027, 1, 1))
    facts_book.insert(
        "guarantees",
        guarantee_id="G6",
        loan_id="L1",
        kind="pledge",
        appraised_value=10,
        pledge_maturity=AS_OF,
        valuation_date=date(2025, 1, 1),
        registration_date=date(2026, 2, 1),
    )
    facts_book.insert("guarantees", guarantee_id="G7", loan_id="L1", provider_id="P7")
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    assert (fact["guarantor_count"], fact["mortgage_count"], fact["pledge_count"]) == (1, 2, 1)
    assert (fact["unregistered_mortgages"], fact["collateral_net_value"]) == (2, Decimal(130))
    assert (fact["oldest_valuation"], fact["last_registration_date"]) == (date(2025, 1, 1), date(2026, 2, 1))
    assert (fact["earliest_guarantee_end"], fact["earliest_pledge_maturity"]) == (date(2027, 1, 1), AS_OF)
    rows = facts_book.con.execute("SELECT guarantee_id, loan_id, kind, net_value FROM facts_collateral ORDER BY ALL")
    assert rows.fetchall() == [
        ("G1", "L1", "mortgage", 70),
        ("G2", "L1", "mortgage", 50),
        ("G5", "L1", "guarantee", None),
        ("G6", "L1", "pledge", 10),
        ("G7", "L1", None, None),
    ]
    assert facts_book.read_facts("collateral", "G2")["loan_contract_no"] == "C1"


def test_a_kind_left_open_follows_the_loan_when_the_row_shows_it(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", guarantee_type="pledge")
    facts_book.insert_loan("L2", guarantee_type="guarantee")
    facts_book.insert_loan("L3")
    facts_book.insert("guarantees", guarantee_id="G1", loan_id="L1", collateral_type="deposit_receipt")
    facts_book.insert("guarantees", guarantee_id="G2", loan_id="L2", provider_name="甲")
    facts_book.insert("guarantees", guarantee_id="G3", loan_id="L3", collateral_type="vehicle")
    facts_book.build_facts()
    assert facts_book.con.execute("SELECT kind FROM facts_collateral ORDER BY guarantee_id").fetchall() == [
        ("pledge",),
        ("guarantee",),
        (None,),
    ]


def test_one_unknown_value_leaves_the_sum_unknown(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    known = {"loan_id": "L1", "kind": "mortgage", "appraised_value": 10, "valuation_date": AS_OF}
    facts_book.insert("guarantees", guarantee_id="G1", **known)
    facts_book.insert("guarantees", guarantee_id="G2", **known | {"appraised_value": None, "valuation_date": None})
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    assert (fact["collateral_net_value"], fact["oldest_valuation"], fact["mortgage_count"]) == (None, None, 2)


def test_inspections(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", borrower_id="B", branch_id="01", officer_id="O")
    for number, (loan, day, text) in enumerate(
        [
            ("L1", date(2026, 3, 1), "same"),
            ("L1", date(2026, 6, 1), "own"),
            ("L1", date(2026, 12, 1), None),
            ("GONE", date(2026, 3, 1), "same"),
        ]
    ):
        facts_book.insert(
            "inspections",
            inspection_id=f"I{number}",
            loan_id=loan,
            inspection_date=day,
            text_hash=text,
            inspector_id="O",
            created_at=datetime(2026, 3, 5, 23),
        )
    assert facts_book.build_facts()["inspection"] == 3
    fact = facts_book.read_facts("loan", "L1")
    assert (fact["inspection_count"], fact["first_inspection_date"]) == (3, date(2026, 3, 1))
    assert fact["last_inspection_date"] == fact["last_check_date"] == date(2026, 6, 1)
    first, second, third = (facts_book.read_facts("inspection", f"I{n}") for n in range(3))
    assert (first["same_text_count"], second["same_text_count"], third["same_text_count"]) == (1, 0, None)
    assert (first["same_day_count"], second["same_day_count"]) == (2, 1)
    assert (first["entered_on"], first["borrower_id"], first["branch_id"]) == (date(2026, 3, 5), "B", "01")


def test_notices(facts_book: FactsBook) -> None:
    facts_book.insert_loan(
        disbursed_on=date(2024, 1, 1),
        original_maturity=date(2026, 6, 1),
        current_maturity=date(2026, 12, 1),
        snapshot={"first_overdue_date": date(2026, 8, 1)},
    )
    for kind, day, party in [
        ("maturity", date(2026, 5, 1), "borrower"),
        ("maturity", date(2026, 10, 20), "guarantor"),
        ("maturity", date(2026, 10, 25), "borrower"),
        ("collection", date(2026, 7, 1), "borrower"),
        ("collection", date(2026, 8, 3), None),
    ]:
        facts_book.insert("notices", loan_id="L1", kind=kind, notice_date=day, party=party)
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    assert (fact["notice_count"], fact["maturity_notice_date"]) == (5, date(2026, 10, 25))
    assert fact["first_collection_notice_date"] == date(2026, 8, 3)


def test_borrowers(facts_book: FactsBook) -> None:
    for loan, branch, balance, status in [("L1", "01", 5, None), ("L2", "02", 9, None), ("L3", "03", 99, "settled")]:
        facts_book.insert_loan(
            loan,
            borrower_id="B",
            branch_id=branch,
            status=status,
            disbursed_on=date(2025, 1, balance % 28 + 1),
            snapshot={"balance": balance},
        )
    facts_book.insert("borrowers", borrower_id="B", name="甲", borrower_type="P", total_assets=10, total_liab=4)
    facts_book.insert("borrowers", borrower_id="WITHOUT LOANS")
    assert facts_book.build_facts()["borrower"] == 1
    fact = facts_book.read_facts("borrower", "B")
    assert (fact["balance"], fact["running_loans"], fact["branch_id"], fact["name"]) == (14, 2, "02", "甲")
    assert (fact["first_disbursed_on"], fact["last_disbursed_on"]) == (date(2025, 1, 6), date(2025, 1, 16))
    loan = facts_book.read_facts("loan", "L1")
    assert (loan["borrower_balance"], loan["net_assets"], loan["borrower_type"]) == (14, 6, "P")


def test_documents(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", borrower_id="B")
    facts_book.insert_loan("L2", borrower_id="C")
    papers = [
        ("D1", "L1", None, "contract", "x"),
        ("D2", "L1", None, "contract", "x"),
        ("D3", "L2", None, "title", "x"),
        ("D4", None, "B", "id_card", None),
        ("D5", None, "GONE", "id_card", "z"),
    ]
    for doc, loan, borrower, kind, sha256 in papers:
        facts_book.insert("documents", doc_id=doc, loan_id=loan, borrower_id=borrower, doc_type=kind, sha256=sha256)
    facts_book.insert("documents", doc_id="D6", loan_id="L1", doc_type="title", received_date=AS_OF + timedelta(1))
    assert facts_book.build_facts()["document"] == 5
    assert facts_book.read_facts("loan", "L1")["document_types"] == ["contract", "id_card"]
    uses = [facts_book.read_facts("document", doc)["uses_elsewhere"] for doc in ("D1", "D2", "D3", "D4")]
    assert uses == [1, 1, 2, None]


def test_of_collateral_worth_the_same_the_first_is_always_the_main_one(facts_book: FactsBook) -> None:
    facts_book.insert_loan(contract_no="C1", guarantee_type="mortgage")
    same = {"kind": "mortgage", "appraised_value": 100, "loan_id": "L1"}
    facts_book.insert("guarantees", guarantee_id="G3", collateral_type="machinery", **same)
    facts_book.insert("guarantees", guarantee_id="G2", collateral_type="commercial_property", **same)
    facts_book.insert("guarantees", guarantee_id="G1", collateral_type="vehicle", **same | {"appraised_value": None})
    assert facts_book.read_loan_fact("main_collateral_type") == "commercial_property"
    facts_book.con.execute("CREATE OR REPLACE TABLE turned AS FROM guarantees ORDER BY guarantee_id")
    facts_book.con.execute("DELETE FROM guarantees")
    facts_book.con.execute("INSERT INTO guarantees FROM turned")
    assert facts_book.read_loan_fact("main_collateral_type") == "commercial_property"
