"""Waived papers: which stand, and which ran out with nothing received."""

from datetime import date, timedelta

from ledger import AS_OF, Ledger

from data.queries import waivers

NEVER = AS_OF + timedelta(1)


def _waive(ledger: Ledger, doc: str, until: date | None, received: date | None = None, by: str | None = "E1") -> None:
    ledger.put(
        "documents", doc_id=doc, loan_id="L1", doc_type="title", waived_by=by, waive_until=until, received_date=received
    )


def test_a_waiver_is_overdue_from_the_day_after_its_last(ledger: Ledger) -> None:
    ledger.loan()
    _waive(ledger, "D1", AS_OF)
    _waive(ledger, "D2", AS_OF - timedelta(1))
    _waive(ledger, "D3", AS_OF - timedelta(40), received=NEVER)
    _waive(ledger, "D4", None)
    _waive(ledger, "D5", AS_OF - timedelta(40), received=AS_OF)
    _waive(ledger, "D6", AS_OF - timedelta(40), by=None)
    ledger.build()
    assert waivers.counts(ledger.con, AS_OF) == {"in_force": 1, "endless": 1, "overdue": 3}
    assert waivers.overdue(ledger.con, AS_OF, 10).select("holder", "waive_until", "days_over").rows() == [
        ("L1", AS_OF - timedelta(40), 40),
        ("L1", AS_OF - timedelta(40), 40),
        ("L1", AS_OF - timedelta(1), 1),
    ]
    assert waivers.overdue(ledger.con, AS_OF, 1).height == 1


def test_a_book_without_documents(ledger: Ledger) -> None:
    ledger.loan()
    ledger.build()
    assert waivers.counts(ledger.con, AS_OF) == {"in_force": 0, "endless": 0, "overdue": 0}
    assert waivers.overdue(ledger.con, AS_OF, 10).is_empty()


def test_a_waiver_without_a_name_is_no_paper_in_hand(ledger: Ledger) -> None:
    ledger.loan()
    _waive(ledger, "D1", AS_OF, by=None)
    ledger.put("documents", doc_id="D2", loan_id="L1", doc_type="contract")
    assert ledger.loan_fact("document_types") == ["contract"]
