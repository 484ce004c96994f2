"""Facts that the rules of article 5 read: papers, contract, verification, notices, grave matters, attestations."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from tests.data.facts_book import AS_OF, FactsBook

DAY = timedelta(1)


def insert_event(facts_book: FactsBook, step: str, day: date, loan: str = "L1", **row: object) -> None:
    row = {"event_id": f"{loan}-{step}-{day}-{len(row)}-{row.get('staff_id')}", **row}
    facts_book.insert("events", loan_id=loan, step_code=step, event_date=day, **row)


# Attestations


def insert_attestation(
    facts_book: FactsBook, clause: str, outcome: str, day: date | None, judge: str | None = "S", **about: str
) -> None:
    number = facts_book.con.execute("SELECT count(*) FROM attestations").fetchall()[0][0]
    facts_book.insert(
        "attestations",
        attestation_id=f"A{number}",
        clause_id=clause,
        outcome=outcome,
        judged_on=day,
        judged_by=judge,
        **about,
    )


def test_the_latest_attestation_of_a_clause_counts(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", borrower_id="B")
    insert_attestation(facts_book, "X", "broken", AS_OF - DAY, loan_id="L1")
    insert_attestation(facts_book, "X", "kept", AS_OF, loan_id="L1")
    insert_attestation(facts_book, "Y", "kept", AS_OF, loan_id="L1")
    insert_attestation(facts_book, "Y", "broken", AS_OF, loan_id="L1")
    insert_attestation(facts_book, "A", "kept", AS_OF - DAY, loan_id="L1", borrower_id="B")
    insert_attestation(facts_book, "Z", "broken", AS_OF, borrower_id="B")
    facts_book.build_facts()
    loan, borrower = facts_book.read_facts("loan", "L1"), facts_book.read_facts("borrower", "B")
    assert (loan["attested_kept"], loan["attested_broken"]) == (["A", "X"], ["Y"])
    assert (borrower["attested_kept"], borrower["attested_broken"]) == ([], ["Z"])


@pytest.mark.parametrize(
    ("outcome", "day", "judge"),
    [("kept", AS_OF + DAY, "S"), ("kept", None, "S"), ("kept", AS_OF, None), (None, AS_OF, "S")],
)
def test_an_attestation_needs_a_judge_a_day_and_an_outcome(
    facts_book: FactsBook, outcome: str, day: date | None, judge: str | None
) -> None:
    facts_book.insert_loan()
    insert_attestation(facts_book, "X", outcome, day, judge, loan_id="L1")
    assert facts_book.read_loan_fact("attested_kept") is None
    assert facts_book.read_loan_fact("attested_broken") is None


# Papers


def test_papers_of_a_provider_are_not_the_borrowers(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", borrower_id="B")
    facts_book.insert("guarantees", guarantee_id="G1", loan_id="L1", kind="guarantee", provider_id="P")
    facts_book.insert("guarantees", guarantee_id="G2", loan_id="L1", kind="mortgage", provider_id="B")
    for number, (kind, provider) in enumerate([("id_card", "P"), ("title", "P"), ("licence", None), ("hukou", "P")]):
        received = AS_OF + DAY if kind == "hukou" else AS_OF
        facts_book.insert(
            "documents", doc_id=f"D{number}", loan_id="L1", doc_type=kind, provider_id=provider, received_date=received
        )
    facts_book.build_facts()
    assert facts_book.read_facts("loan", "L1")["document_types"] == ["licence", "title"]
    guarantor, own = facts_book.read_facts("collateral", "G1"), facts_book.read_facts("collateral", "G2")
    assert (guarantor["provider_papers"], own["provider_papers"]) == (["id_card", "title"], [])
    assert (guarantor["is_third_party"], own["is_third_party"]) == (True, False)
    assert facts_book.read_facts("loan", "L1")["third_party_providers"] == 1


def test_provider_papers_are_unknown_where_no_paper_names_a_provider(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", borrower_id="B")
    facts_book.insert("guarantees", guarantee_id="G1", loan_id="L1", kind="guarantee", provider_id="P")
    facts_book.insert("documents", doc_id="D", loan_id="L1", doc_type="id_card")
    facts_book.build_facts()
    assert facts_book.read_facts("collateral", "G1")["provider_papers"] is None


def test_contents_are_codes_whatever_parts_them(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", guarantee_type="mortgage")
    for number, text in enumerate(["金额; 期限；rate", "Amount、自写项", None]):
        facts_book.insert("documents", doc_id=f"D{number}", loan_id="L1", doc_type="contract", contents=text)
    facts_book.build_facts()
    listed = [facts_book.read_facts("document", f"D{n}")["contents_listed"] for n in range(3)]
    assert listed == [["amount", "rate", "term"], ["amount", "自写项"], None]
    assert facts_book.read_facts("document", "D0")["guarantee_type"] == "mortgage"


FLAG_SOURCES = [
    ("is_verified", "verified_by", "S"),
    ("is_analysed", "analysed_on", AS_OF),
    ("is_form_stated", "form_code", "JK01"),
    ("is_on_site", "onsite_date", AS_OF),
    ("has_custodian", "custodian", "S"),
]


@pytest.mark.parametrize(("fact", "column", "value"), FLAG_SOURCES)
def test_a_blank_is_missing_only_where_the_register_fills_the_column(
    facts_book: FactsBook, fact: str, column: str, value: object
) -> None:
    facts_book.insert_loan()
    facts_book.insert("documents", doc_id="D1", loan_id="L1", doc_type="licence")
    facts_book.build_facts()
    assert facts_book.read_facts("document", "D1")[fact] is None
    facts_book.insert("documents", doc_id="D2", loan_id="L1", doc_type="licence", **{column: value})
    facts_book.build_facts()
    assert [facts_book.read_facts("document", doc)[fact] for doc in ("D1", "D2")] == [False, True]


def test_statements_of_the_three_years_before_the_application(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", borrower_id="B", disbursed_on=date(2026, 3, 1))
    facts_book.insert_loan("L2", borrower_id="NONE", disbursed_on=date(2026, 3, 1))
    facts_book.insert_loan("L3", borrower_id="B")
    insert_event(facts_book, "2", date(2025, 12, 30))
    for number, end in enumerate(
        [
            date(2021, 12, 31),
            date(2022, 12, 31),
            date(2024, 12, 31),
            date(2024, 12, 31),
            date(2025, 12, 31),
            date(2024, 6, 30),
            date(2023, 12, 31),
        ]
    ):
        own = {"borrower_id": "B"} if number else {"loan_id": "L1"}
        own |= {"provider_id": "P"} if end.year == 2023 else {}
        facts_book.insert("documents", doc_id=f"D{number}", doc_type="financials", period_end=end, **own)
    facts_book.build_facts()
    # Applied for in 2025: the years 2022 to 2024, of which 2023 is only a guarantor's.
    assert [facts_book.read_facts("loan", loan)["annual_statements"] for loan in ("L1", "L2", "L3")] == [2, 0, None]
    borrower = facts_book.read_facts("borrower", "B")
    assert (borrower["statements_received"], borrower["last_statement_end"]) == (6, date(2025, 12, 31))
    assert facts_book.read_facts("borrower", "NONE")["statements_received"] == 0


def test_statements_are_unknown_without_periods(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", borrower_id="B", disbursed_on=date(2026, 3, 1))
    facts_book.insert("documents", doc_id="D", borrower_id="B", doc_type="financials")
    facts_book.build_facts()
    assert facts_book.read_facts("loan", "L1")["annual_statements"] is None
    assert facts_book.read_facts("borrower", "B")["statements_received"] is None


def test_identity_is_valid_by_the_register_else_by_the_papers(facts_book: FactsBook) -> None:
    for loan, borrower in [("L1", "B"), ("L2", "C"), ("L3", "D")]:
        facts_book.insert_loan(loan, borrower_id=borrower)
    facts_book.insert("borrowers", borrower_id="B", id_valid_to=date(2030, 1, 1))
    for number, (borrower, kind, end) in enumerate(
        [
            ("B", "id_card", date(2029, 1, 1)),
            ("C", "id_card", date(2027, 1, 1)),
            ("C", "legal_rep_id", date(2028, 1, 1)),
            ("C", "licence", date(2040, 1, 1)),
        ]
    ):
        facts_book.insert("documents", doc_id=f"D{number}", borrower_id=borrower, doc_type=kind, valid_to=end)
    facts_book.build_facts()
    found = [facts_book.read_facts("loan", loan)["id_valid_to"] for loan in ("L1", "L2", "L3")]
    assert found == [date(2030, 1, 1), date(2028, 1, 1), None]


# Customer and purpose


def test_the_service_area_is_by_the_beginning_of_the_region(facts_book: FactsBook) -> None:
    facts_book.insert("branches", branch_id="01", regions="9901; 990205")
    facts_book.insert("branches", branch_id="02")
    cases = [
        ("01", "990101", True),
        ("01", "990205", True),
        ("01", "990206", False),
        ("02", "990101", None),
        ("03", "990101", None),
        ("01", None, None),
    ]
    for number, (branch, region, _) in enumerate(cases):
        facts_book.insert_loan(f"L{number}", borrower_id=f"B{number}", branch_id=branch)
        facts_book.insert("borrowers", borrower_id=f"B{number}", region_code=region)
    facts_book.build_facts()
    assert [facts_book.read_facts("loan", f"L{n}")["in_service_area"] for n in range(len(cases))] == [
        c[2] for c in cases
    ]


def test_a_new_customer_has_his_first_loan_in_the_book(facts_book: FactsBook) -> None:
    facts_book.insert(
        "loans",
        loan_id="OLD",
        borrower_id="B",
        disbursed_on=date(2024, 1, 1),
        row_valid_from=date(2026, 9, 30),
        row_valid_to=AS_OF,
    )
    facts_book.insert_loan("L1", borrower_id="B", disbursed_on=date(2025, 1, 1))
    facts_book.insert_loan("L2", borrower_id="C", disbursed_on=date(2025, 1, 1))
    facts_book.insert_loan("L3", disbursed_on=date(2025, 1, 1))
    facts_book.build_facts()
    assert [facts_book.read_facts("loan", loan)["is_new_customer"] for loan in ("L1", "L2", "L3")] == [
        False,
        True,
        None,
    ]


def test_a_source_of_repayment_is_missing_only_where_the_export_has_some(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1")
    assert facts_book.read_loan_fact("repayment_source_stated") is None
    facts_book.insert_loan("L2", repayment_source="销售收入")
    assert facts_book.read_loan_fact("repayment_source_stated") is False
    assert facts_book.read_facts("loan", "L2")["repayment_source_stated"] is True


def test_the_figures_of_the_period_before(facts_book: FactsBook) -> None:
    early, middle = date(2025, 6, 30), date(2026, 6, 30)
    facts_book.insert_loan(borrower_id="B")
    facts_book.insert_loan("L2", borrower_id="C")
    facts_book.insert(
        "borrowers",
        borrower_id="B",
        total_assets=1,
        total_liab=2,
        annual_income=3,
        row_valid_from=early,
        row_valid_to=middle,
    )
    facts_book.insert(
        "borrowers", borrower_id="B", total_assets=10, total_liab=20, row_valid_from=middle, row_valid_to=AS_OF
    )
    facts_book.insert(
        "borrowers", borrower_id="B", total_assets=100, curr_assets=5, inventory=1, curr_liab=4, total_liab=7
    )
    facts_book.insert("borrowers", borrower_id="C", total_assets=9, curr_assets=5)
    facts_book.build_facts()
    fact, other = facts_book.read_facts("borrower", "B"), facts_book.read_facts("borrower", "C")
    assert (fact["prior_total_assets"], fact["prior_total_liab"], fact["prior_annual_income"]) == (10, 20, None)
    assert (fact["total_assets"], fact["ratios_known"]) == (100, True)
    assert (other["prior_total_assets"], other["ratios_known"]) == (None, False)


# Process


def test_what_was_recommended_and_approved(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    insert_event(
        facts_book, "4r", date(2026, 1, 5), amount=100, term_months=12, rate=4, created_at=datetime(2026, 1, 7, 9)
    )
    insert_event(
        facts_book, "7", date(2026, 1, 9), amount=90, term_months=6, rate=5, purpose="周转", guarantee_type="credit"
    )
    insert_event(
        facts_book,
        "7",
        date(2026, 1, 10),
        term_months=36,
        rate=9,
        purpose="其他",
        guarantee_type="pledge",
        staff_id="S",
    )
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    assert (fact["approved_term_months"], fact["approved_rate"]) == (6, Decimal(5))
    assert (fact["approved_purpose"], fact["approved_guarantee_type"]) == ("周转", "credit")
    assert (fact["recommendation_complete"], fact["report_entry_date"]) == (True, date(2026, 1, 7))


def test_a_recommendation_may_be_incomplete_or_not_recorded(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1")
    facts_book.insert_loan("L2")
    insert_event(facts_book, "4r", date(2026, 1, 5), amount=100, term_months=12)
    assert facts_book.read_loan_fact("recommendation_complete") is None
    insert_event(facts_book, "4r", date(2026, 1, 5), loan="L2", term_months=12, rate=4)
    facts_book.build_facts()
    assert [facts_book.read_facts("loan", loan)["recommendation_complete"] for loan in ("L1", "L2")] == [False, False]


def test_verifiers(facts_book: FactsBook) -> None:
    for loan in ("L1", "L2", "L3", "L4"):
        facts_book.insert_loan(loan)
    for loan in ("L1", "L2", "L3"):
        insert_event(facts_book, "8", date(2026, 1, 5), loan=loan)
    insert_event(facts_book, "8v", date(2026, 1, 5))
    assert facts_book.read_loan_fact("verifier_count") is None
    for loan, staff in [("L1", "S"), ("L1", "S"), ("L1", "T"), ("L2", "S"), ("L2", "S")]:
        insert_event(facts_book, "8v", date(2026, 1, 5), loan=loan, staff_id=staff)
    facts_book.build_facts()
    assert [facts_book.read_facts("loan", f"L{n}")["verifier_count"] for n in (1, 2, 3, 4)] == [2, 1, 0, None]


def test_times_are_compared_within_a_day(facts_book: FactsBook) -> None:
    day, next_day = date(2026, 1, 5), date(2026, 1, 6)
    for loan in ("L1", "L2", "L3"):
        facts_book.insert_loan(loan)
    for step, at, stamp in [("2", day, 9), ("3", day, 8), ("4", day, 10), ("5", next_day, 7), ("7", next_day, 7)]:
        insert_event(facts_book, step, at, event_ts=datetime(2026, 1, at.day, stamp))
    # The day before is for the rules of dates; a step without a time is left out.
    insert_event(facts_book, "2", next_day, loan="L2", event_ts=datetime(2026, 1, 6, 9))
    insert_event(facts_book, "3", day, loan="L2", event_ts=datetime(2026, 1, 5, 10))
    insert_event(facts_book, "2", day, loan="L3")
    facts_book.build_facts()
    assert [facts_book.read_facts("loan", f"L{n}")["timestamps_reversed"] for n in (1, 2, 3)] == [1, 0, None]


def test_grave_matters(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1")
    facts_book.insert_loan("L2")
    assert facts_book.read_loan_fact("grave_matters") is None
    insert_event(facts_book, "10g", AS_OF - 10 * DAY, action_date=AS_OF - 8 * DAY, created_at=datetime(2026, 10, 22, 9))
    insert_event(facts_book, "10g", AS_OF - 3 * DAY, staff_id="S")
    insert_event(facts_book, "10g", AS_OF + DAY, staff_id="T")
    facts_book.build_facts()
    fact, other = facts_book.read_facts("loan", "L1"), facts_book.read_facts("loan", "L2")
    # Two days until the first was acted on, three since the second without any; the first was entered after a day.
    assert (fact["grave_matters"], fact["grave_action_days"], fact["grave_entry_days"]) == (2, 3, 3)
    assert (other["grave_matters"], other["grave_action_days"]) == (0, None)


# Security


def test_what_the_security_contract_cites_and_the_provider_can_bear(facts_book: FactsBook) -> None:
    common = {"borrower_id": "B", "principal": 500, "original_maturity": date(2027, 1, 1)}
    facts_book.insert_loan("L1", **common)
    facts_book.insert_loan("L2", **common)
    facts_book.insert_loan("L3", status="settled", **common)
    facts_book.insert("borrowers", borrower_id="B", name="甲")
    facts_book.insert("borrowers", borrower_id="P", total_assets=90, total_liab=20)
    for number, (loan, amount) in enumerate([("L1", 30), ("L2", 40), ("L3", 99)]):
        facts_book.insert(
            "guarantees", guarantee_id=f"G{number}", loan_id=loan, kind="guarantee", provider_id="P", amount=amount
        )
    facts_book.insert(
        "guarantees", guarantee_id="M", loan_id="L1", kind="mortgage", provider_id="B", registration_date=AS_OF + DAY
    )
    facts_book.insert(
        "guarantees", guarantee_id="N", loan_id="L1", kind="mortgage", provider_id="B", registration_no="R1"
    )
    facts_book.build_facts()
    fact = facts_book.read_facts("collateral", "G0")
    assert (fact["borrower_name"], fact["principal"], fact["original_maturity"]) == ("甲", 500, date(2027, 1, 1))
    assert (fact["provider_capacity"], fact["provider_guaranteed"]) == (70, 70)
    assert [facts_book.read_facts("collateral", key)["is_registered"] for key in ("M", "N")] == [False, True]


def test_registration_is_unknown_where_none_is_recorded(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    facts_book.insert("guarantees", guarantee_id="M", loan_id="L1", kind="mortgage", provider_net_assets=5)
    facts_book.build_facts()
    fact = facts_book.read_facts("collateral", "M")
    assert (fact["is_registered"], fact["provider_capacity"], fact["is_third_party"]) == (None, 5, None)


def test_the_main_type_of_collateral_is_that_of_the_greatest_value(facts_book: FactsBook) -> None:
    for loan in ("L1", "L2", "L3"):
        facts_book.insert_loan(loan)
    items = [
        ("L1", "vehicle", 5),
        ("L1", "machinery", 9),
        ("L2", "vehicle", None),
        ("L2", "vehicle", None),
        ("L3", "vehicle", None),
        ("L3", "machinery", None),
    ]
    for number, (loan, kind, value) in enumerate(items):
        facts_book.insert(
            "guarantees",
            guarantee_id=f"G{number}",
            loan_id=loan,
            kind="mortgage",
            collateral_type=kind,
            appraised_value=value,
        )
    facts_book.build_facts()
    found = [facts_book.read_facts("loan", loan)["main_collateral_type"] for loan in ("L1", "L2", "L3")]
    assert found == ["machinery", "vehicle", None]


# After lending


def test_receipts_of_the_notice_for_the_current_maturity(facts_book: FactsBook) -> None:
    dates = {
        "disbursed_on": date(2024, 1, 1),
        "original_maturity": date(2026, 12, 1),
        "current_maturity": date(2026, 12, 1),
    }
    facts_book.insert_loan("L1", **dates)
    facts_book.insert_loan("L2", **dates)
    facts_book.insert_loan("L3", **dates)
    facts_book.insert(
        "notices", loan_id="L2", kind="maturity", notice_date=AS_OF - DAY, party="borrower", copy_kept=False
    )
    assert facts_book.read_loan_fact("notice_receipts", "L2") is None
    for party, day, receipt in [
        ("borrower", AS_OF - 9 * DAY, AS_OF),
        ("guarantor", AS_OF - 9 * DAY, AS_OF + DAY),
        ("guarantor", date(2025, 1, 1), date(2025, 1, 2)),
    ]:
        facts_book.insert(
            "notices",
            loan_id="L1",
            kind="maturity",
            notice_date=day,
            party=party,
            receipt_date=receipt,
            copy_kept=party == "borrower",
        )
    facts_book.build_facts()
    first, second, third = (facts_book.read_facts("loan", loan) for loan in ("L1", "L2", "L3"))
    assert (first["notice_receipts"], first["notice_copy_kept"]) == (["borrower"], True)
    assert (second["notice_receipts"], second["notice_copy_kept"]) == ([], False)
    assert (third["notice_receipts"], third["notice_copy_kept"]) == ([], None)


def test_inspected_items(facts_book: FactsBook) -> None:
    facts_book.insert_loan("L1", guarantee_type="pledge")
    for number, items in enumerate(["经营,财务|business", None]):
        facts_book.insert("inspections", inspection_id=f"I{number}", loan_id="L1", inspection_date=AS_OF, items=items)
    facts_book.build_facts()
    first, second = facts_book.read_facts("inspection", "I0"), facts_book.read_facts("inspection", "I1")
    assert (first["items_listed"], first["guarantee_type"]) == (["business", "finances"], "pledge")
    assert second["items_listed"] is None


def test_the_last_extension_or_restructuring(facts_book: FactsBook) -> None:
    for loan, origin in [("L1", "new"), ("L2", "restructured"), ("L3", "new")]:
        facts_book.insert_loan(loan, origin_type=origin, disbursed_on=date(2025, 1, 1))
    old = {"decision": "approved", "agreement_date": date(2026, 1, 1), "start_date": date(2026, 1, 5)}
    facts_book.insert("extensions", request_id="X1", loan_id="L1", seq=1, new_rate=5, **old)
    facts_book.insert(
        "extensions", request_id="X2", loan_id="L1", seq=2, decision="approved", agreement_date=date(2026, 6, 1)
    )
    facts_book.insert(
        "extensions", request_id="X3", loan_id="L1", seq=3, decision="approved", agreement_date=AS_OF + DAY
    )
    facts_book.insert(
        "extensions", request_id="X4", loan_id="L3", seq=1, decision="rejected", agreement_date=date(2026, 6, 1)
    )
    facts_book.build_facts()
    facts = [facts_book.read_facts("loan", loan) for loan in ("L1", "L2", "L3")]
    assert [fact["restructured_on"] for fact in facts] == [date(2026, 6, 1), date(2025, 1, 1), None]
    assert [fact["extension_rate_stated"] for fact in facts] == [False, None, None]


def test_the_officer_is_in_office(facts_book: FactsBook) -> None:
    for number, officer in enumerate(["A", "B", "C", "GONE", None]):
        facts_book.insert_loan(f"L{number}", officer_id=officer)
    facts_book.insert("staff", staff_id="A")
    facts_book.insert("staff", staff_id="B", left_date=AS_OF)
    facts_book.insert("staff", staff_id="C", left_date=AS_OF + DAY)
    facts_book.build_facts()
    found = [facts_book.read_facts("loan", f"L{n}")["officer_is_active"] for n in range(5)]
    assert found == [True, False, True, None, None]


def test_off_balance_is_missing_only_where_some_are_booked(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    facts_book.insert("guarantees", guarantee_id="G1", loan_id="L1", kind="mortgage")
    facts_book.build_facts()
    assert facts_book.read_facts("collateral", "G1")["is_off_balance"] is None
    facts_book.insert("guarantees", guarantee_id="G2", loan_id="L1", kind="mortgage", off_balance_date=AS_OF)
    facts_book.build_facts()
    assert [facts_book.read_facts("collateral", key)["is_off_balance"] for key in ("G1", "G2")] == [False, True]


def test_sector_and_employees(facts_book: FactsBook) -> None:
    for borrower in "BCD":
        facts_book.insert_loan(f"L{borrower}", borrower_id=borrower)
    facts_book.insert("borrowers", borrower_id="B", industry_code="C1311")
    facts_book.insert("borrowers", borrower_id="C", name="乙")
    facts_book.build_facts()
    facts = [facts_book.read_facts("borrower", borrower) for borrower in "BCD"]
    assert [fact["industry_stated"] for fact in facts] == [True, False, False]
    assert [fact["employees_stated"] for fact in facts] == [None, None, None]


def test_who_investigated_and_reviewed_an_extension(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    facts_book.insert("extensions", request_id="X", loan_id="L1", seq=1, application_date=date(2026, 5, 1))
    for step, day, staff in [("4", 2, "A"), ("4", 3, "B"), ("5", 4, "C"), ("7", 5, "D")]:
        insert_event(facts_book, step, date(2026, 5, day), request_id="X", staff_id=staff)
    insert_event(facts_book, "5", date(2026, 5, 1), staff_id="OTHER")
    facts_book.build_facts()
    fact = facts_book.read_facts("extension", "X")
    assert (fact["investigator_id"], fact["reviewer_id"], fact["approver_id"]) == ("A", "C", "D")
