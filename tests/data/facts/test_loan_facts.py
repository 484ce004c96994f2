"""Facts of loans and registers against hand-made rows, with expectations read off in plain Python."""

import calendar
from datetime import date, datetime, timedelta

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import dictionary
from data.facts import derivation
from tests.data.facts_book import AS_OF, FactsBook

GOLDEN = [  # worked dates: disbursed, original maturity, months, days
    (date(2024, 1, 31), date(2025, 1, 31), 12, 366),
    (date(2024, 3, 15), date(2024, 9, 15), 6, 184),
    (date(2022, 6, 10), date(2025, 6, 10), 36, 1096),
    (date(2022, 6, 10), date(2024, 12, 10), 30, 914),
    (date(2022, 6, 10), date(2025, 7, 10), 37, 1126),
    (date(2020, 5, 20), date(2025, 5, 20), 60, 1826),
    (date(2019, 4, 1), date(2029, 4, 1), 120, 3653),
    (date(2024, 2, 29), date(2025, 2, 28), 12, 365),
    (date(2024, 1, 31), date(2024, 2, 29), 1, 29),
    (date(2024, 1, 31), date(2024, 3, 1), 2, 30),
    (date(2024, 1, 31), date(2024, 2, 1), 1, 1),
]


@pytest.fixture(scope="module")
def with_macros(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    derivation.derive_facts(con, AS_OF)
    return con


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_between(start: date, end: date) -> int:
    n = 0
    while add_months(start, n) < end:
        n += 1
    return n


def test_columns_are_the_dictionarys(facts_book: FactsBook) -> None:
    facts_book.build_facts()
    for subject in dictionary.load_subjects():
        columns = facts_book.con.execute(f"SELECT column_name, column_type FROM (DESCRIBE facts_{subject})").fetchall()
        assert columns == [(name, field.sql_type) for name, field in dictionary.facts_of_subject(subject).items()]


def test_terms(facts_book: FactsBook) -> None:
    for start, end, _, _ in GOLDEN:
        facts_book.insert_loan(
            f"{start} {end}", disbursed_on=start, original_maturity=end, current_maturity=add_months(end, 6)
        )
    facts_book.build_facts()
    for start, end, months, days in GOLDEN:
        fact = facts_book.read_facts("loan", f"{start} {end}")
        assert (fact["original_term_months"], fact["original_term_days"]) == (months, days)
        assert fact["total_term_months"] == months_between(start, add_months(end, 6))
        assert fact["extension_days_used"] == (add_months(end, 6) - end).days
        assert fact["days_to_maturity"] == (add_months(end, 6) - AS_OF).days


@settings(max_examples=200, deadline=None)
@given(start=st.dates(date(1990, 1, 1), date(2030, 1, 1)), days=st.integers(1, 8000))
def test_terms_agree_with_counting_up(with_macros: duckdb.DuckDBPyConnection, start: date, days: int) -> None:
    end = start + timedelta(days)
    found = with_macros.execute(
        "SELECT term_months($start, $end), term_days($start, $end)", {"start": start, "end": end}
    )
    assert found.fetchone() == (months_between(start, end), days)


def test_terms_are_unknown_without_both_dates_in_order(facts_book: FactsBook) -> None:
    facts_book.insert_loan("A", disbursed_on=date(2025, 1, 1))
    facts_book.insert_loan("B", original_maturity=date(2025, 1, 1))
    facts_book.insert_loan("C", disbursed_on=date(2025, 1, 1), original_maturity=date(2025, 1, 1))
    facts_book.build_facts()
    for loan in "ABC":
        assert facts_book.read_facts("loan", loan)["original_term_months"] is None
        assert facts_book.read_facts("loan", loan)["original_term_days"] is None


def test_running(facts_book: FactsBook) -> None:
    cases = [
        ("normal", 0, True),
        ("overdue", None, True),
        ("settled", 5, False),
        ("not_disbursed", None, False),
        (None, 5, True),
        (None, 0, False),
        (None, None, None),
    ]
    for status, balance, _ in cases:
        facts_book.insert_loan(
            f"{status} {balance}", status=status, snapshot={"balance": balance, "classification": "doubtful"}
        )
    facts_book.build_facts()
    for status, balance, running in cases:
        fact = facts_book.read_facts("loan", f"{status} {balance}")
        assert (fact["is_running"], fact["classification_rank"]) == (running, 4)


def test_only_rows_current_at_as_of_count(facts_book: FactsBook) -> None:
    early = date(2026, 9, 30)
    facts_book.insert_loan(row_valid_from=early, row_valid_to=AS_OF, current_maturity=date(2026, 12, 1))
    facts_book.insert_loan(current_maturity=date(2027, 12, 1))
    facts_book.insert_loan("GONE", row_valid_from=early)
    facts_book.insert("loans", loan_id="REPLACED", row_valid_from=AS_OF, row_valid_to=AS_OF)
    facts_book.insert("staff", staff_id="S", row_valid_from=AS_OF + timedelta(1))
    assert facts_book.build_facts(early)["loan"] == 2
    assert facts_book.build_facts()["loan"] == 1
    assert facts_book.build_facts()["loan"] == 1
    assert facts_book.read_facts("loan", "L1", early)["current_maturity"] == date(2026, 12, 1)
    assert facts_book.read_facts("loan", "L1")["current_maturity"] == date(2027, 12, 1)
    assert (
        derivation.list_as_of_dates(facts_book.con)
        == derivation.list_dates_with_facts(facts_book.con)
        == [early, AS_OF]
    )


def test_an_empty_book_has_no_dates(facts_book: FactsBook) -> None:
    assert (derivation.list_as_of_dates(facts_book.con), derivation.list_dates_with_facts(facts_book.con)) == ([], [])


def test_registers_not_loaded_leave_counts_unknown(facts_book: FactsBook) -> None:
    facts_book.insert_loan(disbursed_on=date(2026, 1, 1), snapshot={"days_past_due": 0})
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    counts = ["inspection_count", "notice_count", "guarantor_count", "mortgage_count", "pledge_count"]
    for name in [*counts, "unregistered_mortgages", "document_types", "events_loaded", "last_check_date"]:
        assert fact[name] is None, name


def test_registers_loaded_without_a_row_for_the_loan_count_none(facts_book: FactsBook) -> None:
    facts_book.insert_loan(disbursed_on=date(2026, 1, 1))
    for table in ("guarantees", "inspections", "notices", "documents", "events"):
        facts_book.insert(table, loan_id="OTHER")
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    for name in ("inspection_count", "notice_count", "guarantor_count", "mortgage_count", "pledge_count"):
        assert fact[name] == 0, name
    assert (fact["unregistered_mortgages"], fact["document_types"], fact["events_loaded"]) == (0, [], None)
    assert fact["last_check_date"] == date(2026, 1, 1)
    assert fact["collateral_net_value"] is None


def test_other_arrears(facts_book: FactsBook) -> None:
    cases = [
        ({"principal_overdue": 5, "interest_overdue_off": 2}, 7),
        ({"days_past_due": 0}, 0),
        ({"days_past_due": 40}, None),
        ({}, None),
        ({"days_past_due": 0, "interest_overdue_on": 3}, 3),
    ]
    for number, (other, _) in enumerate(cases):
        facts_book.insert_loan(f"L{number}", borrower_id=f"B{number}")
        facts_book.insert_loan(f"M{number}", borrower_id=f"B{number}", status="normal", snapshot=other)
        facts_book.insert_loan(f"N{number}", borrower_id=f"B{number}", status="settled")
    facts_book.insert_loan("ALONE", borrower_id="ALONE")
    facts_book.insert_loan("NOBODY")
    facts_book.build_facts()
    assert [facts_book.read_facts("loan", f"L{n}")["other_arrears"] for n in range(len(cases))] == [
        case[1] for case in cases
    ]
    assert facts_book.read_facts("loan", "ALONE")["other_arrears"] == 0
    assert facts_book.read_facts("loan", "NOBODY")["other_arrears"] is None


def test_process_dates(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    facts_book.insert("staff", staff_id="S7", authority_amount=900)
    for number, (step, day, staff, amount) in enumerate(
        [
            ("1", 1, None, None),
            ("2", 3, None, None),
            ("2", 4, None, None),
            ("4", 5, "S4", None),
            ("4", 6, "S9", None),
            ("4r", 7, None, 10),
            ("4r", 8, None, 20),
            ("5", 8, "S5", None),
            ("7", 10, "S7", 30),
            ("9", 12, None, None),
            ("10", 25, None, None),
        ]
    ):
        facts_book.insert(
            "events",
            event_id=f"E{number}",
            loan_id="L1",
            step_code=step,
            event_date=date(2026, 1, day),
            staff_id=staff,
            amount=amount,
            created_at=datetime(2026, 1, day + 1, 9) if step == "9" else None,
        )
    facts_book.insert("events", event_id="X", loan_id="L1", request_id="R", step_code="3", event_date=date(2026, 1, 2))
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    expected = {
        "events_loaded": 11,
        "relationship_date": date(2026, 1, 1),
        "application_date": date(2026, 1, 3),
        "acceptance_date": None,
        "investigation_date": date(2026, 1, 5),
        "committee_date": None,
        "investigation_report_date": date(2026, 1, 8),
        "approval_date": date(2026, 1, 10),
        "investigator_id": "S4",
        "reviewer_id": "S5",
        "approver_id": "S7",
        "approved_amount": 30,
        "recommended_amount": 20,
        "approver_authority": 900,
        "disbursement_event_date": date(2026, 1, 12),
        "system_entry_date": date(2026, 1, 13),
        "latest_event_date": date(2026, 1, 25),
        "weekend_events": 2,  # a holiday and a Saturday; the Sunday of the 4th is worked
    }
    assert {name: fact[name] for name in expected} == expected
    facts_book.insert("events", event_id="E99", loan_id="L1", step_code="9e", event_date=date(2026, 1, 20))
    assert facts_book.read_loan_fact("system_entry_date") == date(2026, 1, 20)


def test_a_step_without_a_date_keeps_its_person(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    facts_book.insert("events", event_id="E1", loan_id="L1", step_code="7", staff_id="S7", amount=30)
    facts_book.insert("events", event_id="E2", loan_id="L1", step_code="5", staff_id="S1")
    facts_book.insert("events", event_id="E3", loan_id="L1", step_code="5", staff_id="S2", event_date=date(2026, 1, 5))
    facts_book.build_facts()
    fact = facts_book.read_facts("loan", "L1")
    assert (fact["approval_date"], fact["approver_id"], fact["approved_amount"]) == (None, "S7", 30)
    assert (fact["review_date"], fact["reviewer_id"]) == (date(2026, 1, 5), "S2")


def test_facts_of_an_earlier_dictionary_are_replaced(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    facts_book.build_facts()
    facts_book.con.execute("ALTER TABLE facts_loan DROP COLUMN rating")
    assert derivation.list_dates_with_facts(facts_book.con) == []
    facts_book.build_facts()
    assert derivation.list_dates_with_facts(facts_book.con) == [AS_OF]
