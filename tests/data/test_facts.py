"""Facts against hand-made rows, with expectations read off in plain Python."""

import calendar
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data import book, dictionary, facts, schema
from data.errors import BookError

AS_OF = date(2026, 10, 31)
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


class Desk:
    """Puts rows into a book and reads facts back."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con

    def put(self, table: str, **row: object) -> None:
        row = {"as_of": AS_OF, **row}
        columns = ", ".join(f'"{name}"' for name in row)
        self.con.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(row))})",
            list(row.values()),
        )

    def loan(self, loan_id: str = "L1", snapshot: dict | None = None, **row: object) -> None:
        day = row.get("as_of", AS_OF)
        self.put("loans", loan_id=loan_id, **row)
        self.put(
            "snapshots", **{"loan_id": loan_id, "snapshot_date": day, "as_of": day, "balance": 100} | (snapshot or {})
        )

    def build(self, as_of: date = AS_OF) -> dict[str, int]:
        return facts.build(self.con, as_of)

    def fact(self, subject: str, key: str, as_of: date = AS_OF) -> dict:
        identity = dictionary.subjects()[subject].id
        cursor = self.con.execute(f"FROM facts_{subject} WHERE as_of = ? AND {identity} = ?", [as_of, key])
        rows = cursor.fetchall()
        assert len(rows) == 1
        return dict(zip([column[0] for column in cursor.description], rows[0], strict=True))

    def loan_fact(self, name: str, loan_id: str = "L1") -> object:
        self.build()
        return self.fact("loan", loan_id)[name]

    def tried(self, *asked: tuple[str, str | None]) -> list[dict]:
        """Extension facts of what-if requests (loan_id, consent), in the order asked."""
        self.build()
        self.con.execute("CREATE OR REPLACE TEMP TABLE asked (request_id VARCHAR, loan_id VARCHAR, consent VARCHAR)")
        for number, (loan_id, consent) in enumerate(asked):
            self.con.execute("INSERT INTO asked VALUES (?, ?, ?)", [f"T{number:03}", loan_id, consent])
        self.con.execute(
            f"CREATE OR REPLACE TEMP VIEW tried AS SELECT *, DATE '{AS_OF}' AS application_date, "
            f"DATE '{AS_OF}' + 200 AS requested_maturity FROM asked"
        )
        cursor = self.con.execute(f"FROM {facts.hypothetical(self.con, AS_OF, 'tried')} ORDER BY request_id")
        rows = cursor.fetchall()
        return [dict(zip([column[0] for column in cursor.description], row, strict=True)) for row in rows]


@pytest.fixture(scope="module")
def empty_book() -> Iterator[duckdb.DuckDBPyConnection]:
    con = duckdb.connect()
    con.execute("SET TimeZone='Asia/Shanghai'")
    schema.create(con)
    yield con
    con.close()


@pytest.fixture(scope="module")
def with_macros(empty_book: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    facts.build(empty_book, AS_OF)
    return empty_book


@pytest.fixture
def desk(empty_book: duckdb.DuckDBPyConnection) -> Iterator[Desk]:
    empty_book.execute("BEGIN")
    yield Desk(empty_book)
    empty_book.execute("ROLLBACK")


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def months_of(start: date, end: date) -> int:
    n = 0
    while add_months(start, n) < end:
        n += 1
    return n


def test_columns_are_the_dictionarys(desk: Desk) -> None:
    desk.build()
    for subject in dictionary.subjects():
        columns = desk.con.execute(f"SELECT column_name, column_type FROM (DESCRIBE facts_{subject})").fetchall()
        assert columns == [(name, field.sql_type) for name, field in dictionary.facts(subject).items()]


def test_terms(desk: Desk) -> None:
    for start, end, _, _ in GOLDEN:
        desk.loan(f"{start} {end}", disbursed_on=start, original_maturity=end, current_maturity=add_months(end, 6))
    desk.build()
    for start, end, months, days in GOLDEN:
        fact = desk.fact("loan", f"{start} {end}")
        assert (fact["original_term_months"], fact["original_term_days"]) == (months, days)
        assert fact["total_term_months"] == months_of(start, add_months(end, 6))
        assert fact["extension_days_used"] == (add_months(end, 6) - end).days
        assert fact["days_to_maturity"] == (add_months(end, 6) - AS_OF).days


@settings(max_examples=200, deadline=None)
@given(start=st.dates(date(1990, 1, 1), date(2030, 1, 1)), days=st.integers(1, 8000))
def test_terms_agree_with_counting_up(with_macros: duckdb.DuckDBPyConnection, start: date, days: int) -> None:
    end = start + timedelta(days)
    found = with_macros.execute(
        "SELECT term_months($start, $end), term_days($start, $end)", {"start": start, "end": end}
    )
    assert found.fetchone() == (months_of(start, end), days)


def test_terms_are_unknown_without_both_dates_in_order(desk: Desk) -> None:
    desk.loan("A", disbursed_on=date(2025, 1, 1))
    desk.loan("B", original_maturity=date(2025, 1, 1))
    desk.loan("C", disbursed_on=date(2025, 1, 1), original_maturity=date(2025, 1, 1))
    desk.build()
    for loan in "ABC":
        assert desk.fact("loan", loan)["original_term_months"] is None
        assert desk.fact("loan", loan)["original_term_days"] is None


def test_running(desk: Desk) -> None:
    cases = [
        ("normal", 0, True), ("overdue", None, True), ("settled", 5, False), ("not_disbursed", None, False),
        (None, 5, True), (None, 0, False), (None, None, None),
    ]  # fmt: skip
    for status, balance, _ in cases:
        desk.loan(f"{status} {balance}", status=status, snapshot={"balance": balance, "classification": "doubtful"})
    desk.build()
    for status, balance, running in cases:
        fact = desk.fact("loan", f"{status} {balance}")
        assert (fact["is_running"], fact["classification_rank"]) == (running, 4)


def test_only_rows_current_at_as_of_count(desk: Desk) -> None:
    early = date(2026, 9, 30)
    desk.loan(as_of=early, until=AS_OF, current_maturity=date(2026, 12, 1))
    desk.loan(current_maturity=date(2027, 12, 1))
    desk.loan("GONE", as_of=early)
    desk.put("loans", loan_id="REPLACED", as_of=AS_OF, until=AS_OF)
    desk.put("staff", staff_id="S", as_of=AS_OF + timedelta(1))
    assert desk.build(early)["loan"] == 2
    assert desk.build()["loan"] == 1
    assert desk.build()["loan"] == 1
    assert desk.fact("loan", "L1", early)["current_maturity"] == date(2026, 12, 1)
    assert desk.fact("loan", "L1")["current_maturity"] == date(2027, 12, 1)
    assert facts.as_of_dates(desk.con) == facts.built_dates(desk.con) == [early, AS_OF]
    assert facts.latest_as_of(desk.con) == AS_OF


def test_an_empty_book_has_no_dates(desk: Desk) -> None:
    assert (facts.as_of_dates(desk.con), facts.latest_as_of(desk.con), facts.built_dates(desk.con)) == ([], None, [])


def test_registers_not_loaded_leave_counts_unknown(desk: Desk) -> None:
    desk.loan(disbursed_on=date(2026, 1, 1), snapshot={"days_past_due": 0})
    desk.build()
    fact = desk.fact("loan", "L1")
    counts = ["inspection_count", "notice_count", "guarantor_count", "mortgage_count", "pledge_count"]
    for name in [*counts, "unregistered_mortgages", "document_types", "events_loaded", "last_check_date"]:
        assert fact[name] is None, name


def test_registers_loaded_without_a_row_for_the_loan_count_none(desk: Desk) -> None:
    desk.loan(disbursed_on=date(2026, 1, 1))
    for table in ("guarantees", "inspections", "notices", "documents", "events"):
        desk.put(table, loan_id="OTHER")
    desk.build()
    fact = desk.fact("loan", "L1")
    for name in ("inspection_count", "notice_count", "guarantor_count", "mortgage_count", "pledge_count"):
        assert fact[name] == 0, name
    assert (fact["unregistered_mortgages"], fact["document_types"], fact["events_loaded"]) == (0, [], None)
    assert fact["last_check_date"] == date(2026, 1, 1)
    assert fact["collateral_net_value"] is None


def test_security(desk: Desk) -> None:
    desk.loan(contract_no="C1", guarantee_type="mortgage")
    mortgage = {"kind": "mortgage", "appraised_value": 100, "valuation_date": date(2026, 1, 1)}
    desk.put("guarantees", guarantee_id="G1", loan_id="L1", prior_lien=30, **mortgage)
    desk.put("guarantees", guarantee_id="G2", contract_no="C1", status="active", **mortgage | {"appraised_value": 50})
    desk.put("guarantees", guarantee_id="G3", loan_id="OTHER", contract_no="C1", **mortgage)
    desk.put("guarantees", guarantee_id="G4", loan_id="L1", status="released", **mortgage)
    desk.put("guarantees", guarantee_id="G5", loan_id="L1", kind="guarantee", end=date(2027, 1, 1))
    desk.put(
        "guarantees", guarantee_id="G6", loan_id="L1", kind="pledge", appraised_value=10, pledge_maturity=AS_OF,
        valuation_date=date(2025, 1, 1), registration_date=date(2026, 2, 1),
    )  # fmt: skip
    desk.put("guarantees", guarantee_id="G7", loan_id="L1", provider_id="P7")
    desk.build()
    fact = desk.fact("loan", "L1")
    assert (fact["guarantor_count"], fact["mortgage_count"], fact["pledge_count"]) == (1, 2, 1)
    assert (fact["unregistered_mortgages"], fact["collateral_net_value"]) == (2, Decimal(130))
    assert (fact["oldest_valuation"], fact["last_registration_date"]) == (date(2025, 1, 1), date(2026, 2, 1))
    assert (fact["earliest_guarantee_end"], fact["earliest_pledge_maturity"]) == (date(2027, 1, 1), AS_OF)
    rows = desk.con.execute("SELECT guarantee_id, loan_id, kind, net_value FROM facts_collateral ORDER BY ALL")
    assert rows.fetchall() == [
        ("G1", "L1", "mortgage", 70), ("G2", "L1", "mortgage", 50), ("G5", "L1", "guarantee", None),
        ("G6", "L1", "pledge", 10), ("G7", "L1", None, None),
    ]  # fmt: skip
    assert desk.fact("collateral", "G2")["loan_contract_no"] == "C1"


def test_a_kind_left_open_follows_the_loan_when_the_row_shows_it(desk: Desk) -> None:
    desk.loan("L1", guarantee_type="pledge")
    desk.loan("L2", guarantee_type="guarantee")
    desk.loan("L3")
    desk.put("guarantees", guarantee_id="G1", loan_id="L1", collateral_type="deposit_receipt")
    desk.put("guarantees", guarantee_id="G2", loan_id="L2", provider_name="甲")
    desk.put("guarantees", guarantee_id="G3", loan_id="L3", collateral_type="vehicle")
    desk.build()
    assert desk.con.execute("SELECT kind FROM facts_collateral ORDER BY guarantee_id").fetchall() == [
        ("pledge",), ("guarantee",), (None,),
    ]  # fmt: skip


def test_one_unknown_value_leaves_the_sum_unknown(desk: Desk) -> None:
    desk.loan()
    known = {"loan_id": "L1", "kind": "mortgage", "appraised_value": 10, "valuation_date": AS_OF}
    desk.put("guarantees", guarantee_id="G1", **known)
    desk.put("guarantees", guarantee_id="G2", **known | {"appraised_value": None, "valuation_date": None})
    desk.build()
    fact = desk.fact("loan", "L1")
    assert (fact["collateral_net_value"], fact["oldest_valuation"], fact["mortgage_count"]) == (None, None, 2)


def test_other_arrears(desk: Desk) -> None:
    cases = [
        ({"principal_overdue": 5, "interest_overdue_off": 2}, 7), ({"days_past_due": 0}, 0),
        ({"days_past_due": 40}, None), ({}, None), ({"days_past_due": 0, "interest_overdue_on": 3}, 3),
    ]  # fmt: skip
    for number, (other, _) in enumerate(cases):
        desk.loan(f"L{number}", borrower_id=f"B{number}")
        desk.loan(f"M{number}", borrower_id=f"B{number}", status="normal", snapshot=other)
        desk.loan(f"N{number}", borrower_id=f"B{number}", status="settled")
    desk.loan("ALONE", borrower_id="ALONE")
    desk.loan("NOBODY")
    desk.build()
    assert [desk.fact("loan", f"L{n}")["other_arrears"] for n in range(len(cases))] == [case[1] for case in cases]
    assert desk.fact("loan", "ALONE")["other_arrears"] == 0
    assert desk.fact("loan", "NOBODY")["other_arrears"] is None


def test_process_dates(desk: Desk) -> None:
    desk.loan()
    desk.put("staff", staff_id="S7", authority_amount=900)
    for number, (step, day, staff, amount) in enumerate([
        ("1", 1, None, None), ("2", 3, None, None), ("2", 4, None, None), ("4", 5, "S4", None), ("4", 6, "S9", None),
        ("4r", 7, None, 10), ("4r", 8, None, 20), ("5", 8, "S5", None), ("7", 10, "S7", 30), ("9", 12, None, None),
        ("10", 25, None, None),
    ]):  # fmt: skip
        desk.put(
            "events", event_id=f"E{number}", loan_id="L1", step_code=step, event_date=date(2026, 1, day),
            staff_id=staff, amount=amount, created_at=datetime(2026, 1, day + 1, 9) if step == "9" else None,
        )  # fmt: skip
    desk.put("events", event_id="X", loan_id="L1", request_id="R", step_code="3", event_date=date(2026, 1, 2))
    desk.build()
    fact = desk.fact("loan", "L1")
    expected = {
        "events_loaded": 11, "relationship_date": date(2026, 1, 1), "application_date": date(2026, 1, 3),
        "acceptance_date": None, "investigation_date": date(2026, 1, 5), "committee_date": None,
        "investigation_report_date": date(2026, 1, 8), "approval_date": date(2026, 1, 10), "investigator_id": "S4",
        "reviewer_id": "S5", "approver_id": "S7", "approved_amount": 30, "recommended_amount": 20,
        "approver_authority": 900, "disbursement_event_date": date(2026, 1, 12),
        "system_entry_date": date(2026, 1, 13), "latest_event_date": date(2026, 1, 25),
        "weekend_events": 3,
    }  # fmt: skip
    assert {name: fact[name] for name in expected} == expected
    desk.put("events", event_id="E99", loan_id="L1", step_code="9e", event_date=date(2026, 1, 20))
    assert desk.loan_fact("system_entry_date") == date(2026, 1, 20)


def test_a_step_without_a_date_keeps_its_person(desk: Desk) -> None:
    desk.loan()
    desk.put("events", event_id="E1", loan_id="L1", step_code="7", staff_id="S7", amount=30)
    desk.put("events", event_id="E2", loan_id="L1", step_code="5", staff_id="S1")
    desk.put("events", event_id="E3", loan_id="L1", step_code="5", staff_id="S2", event_date=date(2026, 1, 5))
    desk.build()
    fact = desk.fact("loan", "L1")
    assert (fact["approval_date"], fact["approver_id"], fact["approved_amount"]) == (None, "S7", 30)
    assert (fact["review_date"], fact["reviewer_id"]) == (date(2026, 1, 5), "S2")


def test_inspections(desk: Desk) -> None:
    desk.loan("L1", borrower_id="B", branch_id="01", officer_id="O")
    for number, (loan, day, text) in enumerate([
        ("L1", date(2026, 3, 1), "same"), ("L1", date(2026, 6, 1), "own"), ("L1", date(2026, 12, 1), None),
        ("GONE", date(2026, 3, 1), "same"),
    ]):  # fmt: skip
        desk.put(
            "inspections", inspection_id=f"I{number}", loan_id=loan, inspection_date=day, text_hash=text,
            inspector_id="O", created_at=datetime(2026, 3, 5, 23),
        )  # fmt: skip
    assert desk.build()["inspection"] == 3
    fact = desk.fact("loan", "L1")
    assert (fact["inspection_count"], fact["first_inspection_date"]) == (3, date(2026, 3, 1))
    assert fact["last_inspection_date"] == fact["last_check_date"] == date(2026, 6, 1)
    first, second, third = (desk.fact("inspection", f"I{n}") for n in range(3))
    assert (first["same_text_count"], second["same_text_count"], third["same_text_count"]) == (1, 0, None)
    assert (first["same_day_count"], second["same_day_count"]) == (2, 1)
    assert (first["entered_on"], first["borrower_id"], first["branch_id"]) == (date(2026, 3, 5), "B", "01")


def test_notices(desk: Desk) -> None:
    desk.loan(
        disbursed_on=date(2024, 1, 1), original_maturity=date(2026, 6, 1), current_maturity=date(2026, 12, 1),
        snapshot={"first_overdue_date": date(2026, 8, 1)},
    )  # fmt: skip
    for kind, day, party in [
        ("maturity", date(2026, 5, 1), "borrower"), ("maturity", date(2026, 10, 20), "guarantor"),
        ("maturity", date(2026, 10, 25), "borrower"), ("collection", date(2026, 7, 1), "borrower"),
        ("collection", date(2026, 8, 3), None),
    ]:  # fmt: skip
        desk.put("notices", loan_id="L1", kind=kind, notice_date=day, party=party)
    desk.build()
    fact = desk.fact("loan", "L1")
    assert (fact["notice_count"], fact["maturity_notice_date"]) == (5, date(2026, 10, 25))
    assert fact["first_collection_notice_date"] == date(2026, 8, 3)


def test_borrowers(desk: Desk) -> None:
    for loan, branch, balance, status in [("L1", "01", 5, None), ("L2", "02", 9, None), ("L3", "03", 99, "settled")]:
        desk.loan(
            loan, borrower_id="B", branch_id=branch, status=status, disbursed_on=date(2025, 1, balance % 28 + 1),
            snapshot={"balance": balance},
        )  # fmt: skip
    desk.put("borrowers", borrower_id="B", name="甲", borrower_type="P", total_assets=10, total_liab=4)
    desk.put("borrowers", borrower_id="WITHOUT LOANS")
    assert desk.build()["borrower"] == 1
    fact = desk.fact("borrower", "B")
    assert (fact["balance"], fact["running_loans"], fact["branch_id"], fact["name"]) == (14, 2, "02", "甲")
    assert (fact["first_disbursed_on"], fact["last_disbursed_on"]) == (date(2025, 1, 6), date(2025, 1, 16))
    loan = desk.fact("loan", "L1")
    assert (loan["borrower_balance"], loan["net_assets"], loan["borrower_type"]) == (14, 6, "P")


def test_documents(desk: Desk) -> None:
    desk.loan("L1", borrower_id="B")
    desk.loan("L2", borrower_id="C")
    papers = [
        ("D1", "L1", None, "contract", "x"), ("D2", "L1", None, "contract", "x"), ("D3", "L2", None, "title", "x"),
        ("D4", None, "B", "id_card", None), ("D5", None, "GONE", "id_card", "z"),
    ]  # fmt: skip
    for doc, loan, borrower, kind, sha256 in papers:
        desk.put("documents", doc_id=doc, loan_id=loan, borrower_id=borrower, doc_type=kind, sha256=sha256)
    desk.put("documents", doc_id="D6", loan_id="L1", doc_type="title", received_date=AS_OF + timedelta(1))
    assert desk.build()["document"] == 5
    assert desk.fact("loan", "L1")["document_types"] == ["contract", "id_card"]
    uses = [desk.fact("document", doc)["uses_elsewhere"] for doc in ("D1", "D2", "D3", "D4")]
    assert uses == [1, 1, 2, None]


def booked(desk: Desk, request: str, **row: object) -> None:
    desk.put("extensions", request_id=request, **{"loan_id": "L1"} | row)


def test_booked_extensions(desk: Desk) -> None:
    desk.loan(original_maturity=date(2026, 1, 1), current_maturity=date(2026, 11, 1), extension_count=2)
    booked(desk, "R1", seq=1, decision="approved", agreement_date=date(2025, 12, 20), new_maturity=date(2026, 5, 1),
           requested_maturity=date(2026, 6, 1))  # fmt: skip
    booked(desk, "R2", seq=2, decision="rejected", requested_maturity=date(2027, 1, 1))
    booked(desk, "R3", seq=3, decision="approved", agreement_date=date(2026, 4, 1), new_maturity=date(2026, 11, 1))
    booked(desk, "R4", seq=4, requested_maturity=date(2026, 12, 1), application_date=date(2026, 10, 1))
    booked(desk, "R5", loan_id="GONE", seq=1)
    assert desk.build()["extension"] == 4
    found = {n: desk.fact("extension", f"R{n}") for n in (1, 2, 3, 4)}
    assert [found[n]["maturity_before"] for n in found] == [
        date(2026, 1, 1), date(2026, 5, 1), date(2026, 5, 1), date(2026, 11, 1),
    ]  # fmt: skip
    assert [found[n]["prior_extension_count"] for n in found] == [0, 1, 1, 2]
    assert [found[n]["is_decided"] for n in found] == [True, False, True, False]
    assert [found[n]["open_requests"] for n in found] == [1, 1, 1, 0]
    assert found[1]["requested_maturity"] == date(2026, 5, 1)
    assert not any(fact["is_hypothetical"] for fact in found.values())
    assert all(fact["history_agrees"] for fact in found.values())


def test_a_start_date_says_the_maturity_before(desk: Desk) -> None:
    desk.loan(original_maturity=date(2026, 1, 1))
    booked(desk, "R1", seq=2, new_maturity=date(2026, 9, 1), start_date=date(2026, 3, 2))
    booked(desk, "R2", seq=3, new_maturity=date(2026, 12, 1))
    desk.build()
    first, second = desk.fact("extension", "R1"), desk.fact("extension", "R2")
    assert (first["maturity_before"], first["prior_extension_count"]) == (date(2026, 3, 1), 1)
    assert (second["maturity_before"], second["prior_extension_count"]) == (None, 2)
    assert first["history_agrees"] is None


def test_history(desk: Desk) -> None:
    cases = [  # extension_count, original and current maturity (days), then: extensions before, history agrees
        (0, 1, 1, 0, True), (None, 1, 1, 0, True), (None, 1, 2, None, True), (1, 1, 2, 1, True), (1, 1, 1, 1, False),
        (None, None, 2, None, None), (0, None, 2, 0, None),
    ]  # fmt: skip
    days = {1: date(2026, 11, 1), 2: date(2026, 12, 1), None: None}
    for n, (count, original, current, _, _) in enumerate(cases):
        desk.loan(f"L{n}", extension_count=count, original_maturity=days[original], current_maturity=days[current])
    tried = desk.tried(*((f"L{n}", None) for n in range(len(cases))))
    for fact, (_, _, current, prior, agrees) in zip(tried, cases, strict=True):
        assert (fact["prior_extension_count"], fact["history_agrees"]) == (prior, agrees)
        assert (fact["maturity_before"], fact["is_hypothetical"], fact["is_decided"]) == (days[current], True, False)
        assert fact["seq"] == (None if prior is None else prior + 1)
        assert fact["open_requests"] is None


def secure(desk: Desk) -> None:
    desk.loan(guarantee_type="mortgage", original_maturity=AS_OF, current_maturity=AS_OF)
    desk.put("guarantees", guarantee_id="G1", loan_id="L1", kind="mortgage", provider_id="P1")
    desk.put("guarantees", guarantee_id="G2", loan_id="L1", kind="guarantee", provider_id="P1")
    desk.put("guarantees", guarantee_id="G3", loan_id="L1", kind="guarantee", provider_name="乙")


def answers(fact: dict) -> tuple:
    return fact["consents_required"], fact["consents_given"], fact["consents_missing"]


def test_tried_consents(desk: Desk) -> None:
    secure(desk)
    for kind in ("credit", "mortgage", None):
        desk.loan(str(kind), guarantee_type=kind)
    cases = [  # loan, consent stated, then: required, given, missing
        ("L1", "all", (2, 2, 0)), ("L1", "none", (2, 0, 2)), ("L1", "P1", (2, 1, 1)), ("L1", " P1 , 乙", (2, 2, 0)),
        ("L1", "P9", (2, 0, 2)), ("L1", None, (2, None, None)), ("L1", " ", (2, None, None)),
        ("credit", None, (0, 0, 0)), ("mortgage", "none", (None, 0, 1)), ("mortgage", "all", (None, None, 0)),
        ("mortgage", "P1", (None, None, None)), ("None", "none", (None, 0, None)), ("None", None, (None, None, None)),
    ]  # fmt: skip
    tried = desk.tried(*((loan, consent) for loan, consent, _ in cases))
    assert [answers(fact) for fact in tried] == [expected for _, _, expected in cases]


def test_booked_consents(desk: Desk) -> None:
    secure(desk)
    cases = [  # rows (provider, signed, sealed), then: given, missing
        ([], (0, 2)), ([("P1", True, True)], (1, 1)), ([("P1", True, True), ("乙", True, False)], (1, 1)),
        ([("P1", True, True), ("乙", True, None)], (None, None)), ([("P1", True, True), ("乙", True, True)], (2, 0)),
    ]  # fmt: skip
    for number, (rows, _) in enumerate(cases):
        booked(desk, f"R{number}", application_date=AS_OF)
        for provider, signed, sealed in rows:
            desk.put(
                "consents", request_id=f"R{number}", provider_id=provider, signed=signed, sealed=sealed, date=AS_OF
            )
    desk.build()
    found = [desk.fact("extension", f"R{n}") for n in range(len(cases))]
    assert [answers(fact) for fact in found] == [(2, *expected) for _, expected in cases]
    assert [fact["last_consent_date"] for fact in found] == [AS_OF if rows else None for rows, _ in cases]


def test_booked_consents_without_a_register_are_unknown(desk: Desk) -> None:
    secure(desk)
    desk.loan("FREE", guarantee_type="credit")
    booked(desk, "R1")
    booked(desk, "R2", loan_id="FREE")
    desk.build()
    assert answers(desk.fact("extension", "R1")) == (2, None, None)
    assert answers(desk.fact("extension", "R2")) == (0, 0, 0)


def test_a_tried_request_is_judged_like_a_booked_one(desk: Desk) -> None:
    secure(desk)
    booked(desk, "R1", application_date=AS_OF, requested_maturity=AS_OF + timedelta(200))
    desk.put("events", event_id="E1", loan_id="L1", request_id="R1", step_code="7", event_date=AS_OF, staff_id="S")
    (tried,) = desk.tried(("L1", None))
    registered = desk.fact("extension", "R1")
    assert (registered["approval_date"], registered["approver_id"], registered["events_loaded"]) == (AS_OF, "S", 1)
    differing = {name for name in tried if tried[name] != registered[name]}
    own = {"request_id", "is_hypothetical", "open_requests", "approval_date", "approver_id", "events_loaded"}
    assert differing == own


def test_a_request_for_an_unknown_loan_has_no_loan_facts(desk: Desk) -> None:
    desk.loan()
    (fact,) = desk.tried(("NOWHERE", "all"))
    assert (fact["loan_id"], fact["balance"], fact["maturity_before"]) == ("NOWHERE", None, None)


def test_trying_needs_facts(desk: Desk) -> None:
    with pytest.raises(BookError, match="no facts for 2026-10-31"):
        facts.hypothetical(desk.con, AS_OF, "asked")


def test_trying_works_on_a_published_book(tmp_path: Path) -> None:
    path = tmp_path / "book.duckdb"
    with book.writing(path) as con:
        Desk(con).loan(disbursed_on=date(2026, 1, 1), original_maturity=AS_OF, current_maturity=AS_OF)
        facts.build(con, AS_OF)
    with book.reading(path) as cursor:
        cursor.execute(
            "CREATE TEMP TABLE asked AS SELECT 'T' || n AS request_id, 'L1' AS loan_id, DATE '2026-10-01' AS "
            "application_date, DATE '2026-10-31' + CAST(n AS INTEGER) AS requested_maturity, 'all' AS consent "
            "FROM range(500) AS r(n)"
        )
        name = facts.hypothetical(cursor, AS_OF, "asked")
        rows = cursor.execute(f"SELECT count(*), count(DISTINCT requested_maturity), min(maturity_before) FROM {name}")
        assert rows.fetchone() == (500, 500, AS_OF)
