"""Waived papers: which stand, and which ran out with nothing received."""

from datetime import date, timedelta

from data.queries import waivers
from tests.data.facts_book import AS_OF, FactsBook

NEVER = AS_OF + timedelta(1)


def _insert_waiver(
    facts_book: FactsBook, doc: str, until: date | None, received: date | None = None, by: str | None = "E1"
) -> None:
    facts_book.insert(
        "documents", doc_id=doc, loan_id="L1", doc_type="title", waived_by=by, waive_until=until, received_date=received
    )


def test_a_waiver_is_overdue_from_the_day_after_its_last(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    _insert_waiver(facts_book, "D1", AS_OF)
    _insert_waiver(facts_book, "D2", AS_OF - timedelta(1))
    _insert_waiver(facts_book, "D3", AS_OF - timedelta(40), received=NEVER)
    _insert_waiver(facts_book, "D4", None)
    _insert_waiver(facts_book, "D5", AS_OF - timedelta(40), received=AS_OF)
    _insert_waiver(facts_book, "D6", AS_OF - timedelta(40), by=None)
    facts_book.build_facts()
    assert waivers.count_waivers(facts_book.con, AS_OF) == {"in_force": 1, "endless": 1, "overdue": 3}
    assert waivers.list_overdue_waivers(facts_book.con, AS_OF, 10).select(
        "holder", "waive_until", "days_over"
    ).rows() == [
        ("L1", AS_OF - timedelta(40), 40),
        ("L1", AS_OF - timedelta(40), 40),
        ("L1", AS_OF - timedelta(1), 1),
    ]
    assert waivers.list_overdue_waivers(facts_book.con, AS_OF, 1).height == 1


def test_a_book_without_documents(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    facts_book.build_facts()
    assert waivers.count_waivers(facts_book.con, AS_OF) == {"in_force": 0, "endless": 0, "overdue": 0}
    assert waivers.list_overdue_waivers(facts_book.con, AS_OF, 10).is_empty()


def test_a_waiver_without_a_name_is_no_paper_in_hand(facts_book: FactsBook) -> None:
    facts_book.insert_loan()
    _insert_waiver(facts_book, "D1", AS_OF, by=None)
    facts_book.insert("documents", doc_id="D2", loan_id="L1", doc_type="contract")
    assert facts_book.read_loan_fact("document_types") == ["contract"]
