"""Facts of extensions, booked and tried, against hand-made rows."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from data.errors import BookError
from data.facts import derivation
from data.storage import book
from tests.data.facts_book import AS_OF, FactsBook


def insert_extension(facts_book: FactsBook, request: str, **row: object) -> None:
    facts_book.insert("extensions", request_id=request, **{"loan_id": "L1"} | row)


def test_booked_extensions(facts_book: FactsBook) -> None:
    facts_book.insert_loan(original_maturity=date(2026, 1, 1), current_maturity=date(2026, 11, 1), extension_count=2)
    insert_extension(
        facts_book,
        "R1",
        seq=1,
        decision="approved",
        agreement_date=date(2025, 12, 20),
        new_maturity=date(2026, 5, 1),
        requested_maturity=date(2026, 6, 1),
    )
    insert_extension(facts_book, "R2", seq=2, decision="rejected", requested_maturity=date(2027, 1, 1))
    insert_extension(
        facts_book, "R3", seq=3, decision="approved", agreement_date=date(2026, 4, 1), new_maturity=date(2026, 11, 1)
    )
    insert_extension(facts_book, "R4", seq=4, requested_maturity=date(2026, 12, 1), application_date=date(2026, 10, 1))
    insert_extension(facts_book, "R5", loan_id="GONE", seq=1)
    assert facts_book.build_facts()["extension"] == 4
    found = {n: facts_book.read_facts("extension", f"R{n}") for n in (1, 2, 3, 4)}
    assert [found[n]["maturity_before"] for n in found] == [
        date(2026, 1, 1),
        date(2026, 5, 1),
        date(2026, 5, 1),
        date(2026, 11, 1),
    ]
    assert [found[n]["prior_extension_count"] for n in found] == [0, 1, 1, 2]
    assert [found[n]["is_decided"] for n in found] == [True, False, True, False]
    assert [found[n]["open_requests"] for n in found] == [1, 1, 1, 0]
    assert found[1]["requested_maturity"] == date(2026, 5, 1)
    assert not any(fact["is_hypothetical"] for fact in found.values())
    assert all(fact["history_agrees"] for fact in found.values())


def test_a_start_date_says_the_maturity_before(facts_book: FactsBook) -> None:
    facts_book.insert_loan(original_maturity=date(2026, 1, 1))
    insert_extension(facts_book, "R1", seq=2, new_maturity=date(2026, 9, 1), start_date=date(2026, 3, 2))
    insert_extension(facts_book, "R2", seq=3, new_maturity=date(2026, 12, 1))
    facts_book.build_facts()
    first, second = facts_book.read_facts("extension", "R1"), facts_book.read_facts("extension", "R2")
    assert (first["maturity_before"], first["prior_extension_count"]) == (date(2026, 3, 1), 1)
    assert (second["maturity_before"], second["prior_extension_count"]) == (None, 2)
    assert first["history_agrees"] is None


def test_history(facts_book: FactsBook) -> None:
    cases = [  # extension_count, original and current maturity (days), then: extensions before, history agrees
        (0, 1, 1, 0, True),
        (None, 1, 1, 0, True),
        (None, 1, 2, None, True),
        (1, 1, 2, 1, True),
        (1, 1, 1, 1, False),
        (None, None, 2, None, None),
        (0, None, 2, 0, None),
    ]
    days = {1: date(2026, 11, 1), 2: date(2026, 12, 1), None: None}
    for n, (count, original, current, _, _) in enumerate(cases):
        facts_book.insert_loan(
            f"L{n}", extension_count=count, original_maturity=days[original], current_maturity=days[current]
        )
    tried = facts_book.hypothetical_facts(*((f"L{n}", None) for n in range(len(cases))))
    for fact, (_, _, current, prior, agrees) in zip(tried, cases, strict=True):
        assert (fact["prior_extension_count"], fact["history_agrees"]) == (prior, agrees)
        assert (fact["maturity_before"], fact["is_hypothetical"], fact["is_decided"]) == (days[current], True, False)
        assert fact["seq"] == (None if prior is None else prior + 1)
        assert fact["open_requests"] is None


def insert_secured_loan(facts_book: FactsBook) -> None:
    facts_book.insert_loan(guarantee_type="mortgage", original_maturity=AS_OF, current_maturity=AS_OF)
    facts_book.insert("guarantees", guarantee_id="G1", loan_id="L1", kind="mortgage", provider_id="P1")
    facts_book.insert("guarantees", guarantee_id="G2", loan_id="L1", kind="guarantee", provider_id="P1")
    facts_book.insert("guarantees", guarantee_id="G3", loan_id="L1", kind="guarantee", provider_name="乙")


def consent_counts(fact: dict) -> tuple:
    return fact["consents_required"], fact["consents_given"], fact["consents_missing"]


def test_tried_consents(facts_book: FactsBook) -> None:
    insert_secured_loan(facts_book)
    for kind in ("credit", "mortgage", None):
        facts_book.insert_loan(str(kind), guarantee_type=kind)
    cases = [  # loan, consent stated, then: required, given, missing
        ("L1", "all", (2, 2, 0)),
        ("L1", "none", (2, 0, 2)),
        ("L1", "P1", (2, 1, 1)),
        ("L1", " P1 , 乙", (2, 2, 0)),
        ("L1", "P9", (2, 0, 2)),
        ("L1", None, (2, None, None)),
        ("L1", " ", (2, None, None)),
        ("credit", None, (0, 0, 0)),
        ("mortgage", "none", (None, 0, 1)),
        ("mortgage", "all", (None, None, 0)),
        ("mortgage", "P1", (None, None, None)),
        ("None", "none", (None, 0, None)),
        ("None", None, (None, None, None)),
    ]
    tried = facts_book.hypothetical_facts(*((loan, consent) for loan, consent, _ in cases))
    assert [consent_counts(fact) for fact in tried] == [expected for _, _, expected in cases]


def test_booked_consents(facts_book: FactsBook) -> None:
    insert_secured_loan(facts_book)
    cases = [  # rows (provider, signed, sealed), then: given, missing
        ([], (0, 2)),
        ([("P1", True, True)], (1, 1)),
        ([("P1", True, True), ("乙", True, False)], (1, 1)),
        ([("P1", True, True), ("乙", True, None)], (None, None)),
        ([("P1", True, True), ("乙", True, True)], (2, 0)),
    ]
    for number, (rows, _) in enumerate(cases):
        insert_extension(facts_book, f"R{number}", application_date=AS_OF)
        for provider, signed, sealed in rows:
            facts_book.insert(
                "consents", request_id=f"R{number}", provider_id=provider, signed=signed, sealed=sealed, date=AS_OF
            )
    facts_book.build_facts()
    found = [facts_book.read_facts("extension", f"R{n}") for n in range(len(cases))]
    assert [consent_counts(fact) for fact in found] == [(2, *expected) for _, expected in cases]
    assert [fact["last_consent_date"] for fact in found] == [AS_OF if rows else None for rows, _ in cases]


def test_booked_consents_without_a_register_are_unknown(facts_book: FactsBook) -> None:
    insert_secured_loan(facts_book)
    facts_book.insert_loan("FREE", guarantee_type="credit")
    insert_extension(facts_book, "R1")
    insert_extension(facts_book, "R2", loan_id="FREE")
    facts_book.build_facts()
    assert consent_counts(facts_book.read_facts("extension", "R1")) == (2, None, None)
    assert consent_counts(facts_book.read_facts("extension", "R2")) == (0, 0, 0)


def test_a_tried_request_is_judged_like_a_booked_one(facts_book: FactsBook) -> None:
    insert_secured_loan(facts_book)
    insert_extension(facts_book, "R1", application_date=AS_OF, requested_maturity=AS_OF + timedelta(200))
    facts_book.insert(
        "events", event_id="E1", loan_id="L1", request_id="R1", step_code="7", event_date=AS_OF, staff_id="S"
    )
    (tried,) = facts_book.hypothetical_facts(("L1", None))
    registered = facts_book.read_facts("extension", "R1")
    assert (registered["approval_date"], registered["approver_id"], registered["events_loaded"]) == (AS_OF, "S", 1)
    differing = {name for name in tried if tried[name] != registered[name]}
    own = {"request_id", "is_hypothetical", "open_requests", "approval_date", "approver_id", "events_loaded"}
    assert differing == own


def test_a_request_for_an_unknown_loan_has_no_loan_facts(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    (fact,) = facts_book.hypothetical_facts(("NOWHERE", "all"))
    assert (fact["loan_id"], fact["balance"], fact["maturity_before"]) == ("NOWHERE", None, None)


def test_trying_needs_facts(facts_book: FactsBook) -> None:
    with pytest.raises(BookError, match="no facts for 2026-10-31"):
        derivation.derive_hypothetical_facts(facts_book.con, AS_OF, "asked")


def test_trying_works_on_a_published_book(tmp_path: Path) -> None:
    path = tmp_path / "book.duckdb"
    with book.open_for_writing(path) as con:
        FactsBook(con).insert_loan(disbursed_on=date(2026, 1, 1), original_maturity=AS_OF, current_maturity=AS_OF)
        derivation.derive_facts(con, AS_OF)
    with book.open_for_reading(path) as cursor:
        cursor.execute(
            "CREATE TEMP TABLE asked AS SELECT 'T' || n AS request_id, 'L1' AS loan_id, DATE '2026-10-01' AS "
            "application_date, DATE '2026-10-31' + CAST(n AS INTEGER) AS requested_maturity, 'all' AS consent "
            "FROM range(500) AS r(n)"
        )
        name = derivation.derive_hypothetical_facts(cursor, AS_OF, "asked")
        rows = cursor.execute(f"SELECT count(*), count(DISTINCT requested_maturity), min(maturity_before) FROM {name}")
        assert rows.fetchone() == (500, 500, AS_OF)
