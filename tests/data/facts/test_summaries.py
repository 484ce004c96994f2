"""Summaries of a snapshot by hand: buckets at their edges, moves that stay right when a snapshot is corrected."""

from datetime import date

import pytest

from data.queries import composition, migration
from data.reference import buckets
from tests.data.facts_book import AS_OF, FactsBook

BEFORE = date(2026, 9, 30)
LADDERS = ("maturity_ladder", "late", "term", "coverage")
COMMON = {"currency": "CNY", "status": "normal", "branch_id": "01", "borrower_id": "B1", "principal": 100}


def insert_loan(facts_book: FactsBook, loan_id: str, before: tuple | None, now: tuple | None, **row: object) -> None:
    """A loan with (balance, class, days past due) at the snapshot before and now; None where it is in neither."""
    facts_book.insert("loans", row_valid_from=BEFORE, loan_id=loan_id, **COMMON | row)
    for day, state in ((BEFORE, before), (AS_OF, now)):
        if state:
            balance, classification, late = state
            facts_book.insert(
                "snapshots",
                row_valid_from=day,
                loan_id=loan_id,
                snapshot_date=day,
                balance=balance,
                classification=classification,
                days_past_due=late,
            )


def read_moves(facts_book: FactsBook, branch: str | None = None) -> dict[tuple, tuple]:
    rows = migration.load_moves(facts_book.con, AS_OF, "CNY", branch, BEFORE)
    shown = ("origin", "fate", "class_before", "class_after", "late_before", "late_after")
    return {
        tuple(row[name] for name in shown): (row["loans"], row["balance_before"], row["balance_after"])
        for row in rows.iter_rows(named=True)
    }


@pytest.mark.parametrize("name", LADDERS)
def test_a_ladder_has_neither_gap_nor_overlap(name: str) -> None:
    edges = [edge for edge in buckets.load_buckets(name) if edge.lower is not None or edge.upper is not None]
    assert edges[0].lower is None
    assert edges[-1].upper is None
    step = 0 if name == "coverage" else 1
    assert [edge.lower for edge in edges[1:]] == [edge.upper + step for edge in edges[:-1]]


@pytest.mark.parametrize(
    ("days", "code"),
    [(0, "current"), (1, "d1"), (30, "d1"), (31, "d31"), (90, "d61"), (91, "d91"), (400, "beyond"), (None, None)],
)
def test_days_past_due_fall_in_buckets_of_thirty_days(
    facts_book: FactsBook, days: int | None, code: str | None
) -> None:
    insert_loan(facts_book, "L1", None, (100, "normal", days))
    facts_book.build_facts()
    rows = composition.sum_by_dimension(facts_book.con, AS_OF, "CNY", None, ()).filter(dimension="late")
    assert rows.select("value", "loans", "balance").rows() == [(code, 1, 100)]


def test_moves_of_kept_new_ended_and_vanished_loans(facts_book: FactsBook) -> None:
    insert_loan(facts_book, "KEPT", (100, "normal", 0), (80, "substandard", 95))
    insert_loan(facts_book, "NEW", None, (50, "normal", 0))
    insert_loan(facts_book, "GONE", (30, "special_mention", 5), None)
    facts_book.build_facts()
    assert read_moves(facts_book) == {
        ("running", "running", "normal", "substandard", "current", "d91"): (1, 100, 80),
        ("new", "running", None, "normal", None, "current"): (1, 0, 50),
        ("running", "gone", "special_mention", None, "d1", None): (1, 30, 0),
    }
    assert read_moves(facts_book, "02") == {}


def test_a_corrected_opening_is_what_later_moves_start_from(facts_book: FactsBook) -> None:
    insert_loan(facts_book, "L1", (100, "normal", 0), (100, "normal", 0))
    facts_book.build_facts()
    assert [*read_moves(facts_book)] == [("running", "running", "normal", "normal", "current", "current")]
    facts_book.con.execute("UPDATE snapshots SET row_valid_to = row_valid_from WHERE snapshot_date = ?", [BEFORE])
    facts_book.insert(
        "snapshots",
        row_valid_from=BEFORE,
        loan_id="L1",
        snapshot_date=BEFORE,
        balance=70,
        classification="doubtful",
        days_past_due=120,
    )
    for day in (BEFORE, AS_OF):  # what an import of the earlier day derives anew
        facts_book.build_facts(day)
    assert read_moves(facts_book) == {("running", "running", "doubtful", "normal", "d91", "current"): (1, 70, 100)}
    history = migration.load_history(facts_book.con, "CNY", None).filter(as_of=BEFORE)
    assert history.select("classification", "balance").rows() == [("doubtful", 70)]


def test_a_loan_stays_bad_in_its_vintage(facts_book: FactsBook) -> None:
    insert_loan(facts_book, "L1", (60, "normal", 91), (55, "normal", 0), disbursed_on=date(2026, 8, 3))
    insert_loan(facts_book, "L2", (90, "normal", 0), (90, "normal", 0), disbursed_on=date(2026, 7, 1))
    facts_book.build_facts(BEFORE)
    facts_book.build_facts()
    rows = migration.load_vintages(facts_book.con, AS_OF, "CNY", None)
    assert rows.select("cohort", "as_of", "loans", "principal", "bad").rows() == [
        (date(2026, 7, 1), BEFORE, 2, 200, 60),
        (date(2026, 7, 1), AS_OF, 2, 200, 60),
    ]


def test_a_loan_that_nobody_ever_judged_is_in_no_vintage(facts_book: FactsBook) -> None:
    insert_loan(facts_book, "L1", (60, "normal", None), (55, None, None), disbursed_on=date(2026, 8, 3))
    insert_loan(facts_book, "L2", (90, None, None), (90, None, None), disbursed_on=date(2026, 7, 1))
    facts_book.build_facts()
    rows = migration.load_vintages(facts_book.con, AS_OF, "CNY", None).filter(as_of=AS_OF)
    assert rows.select("loans", "principal", "bad").rows() == [(1, 100, 0)]


def test_the_loans_of_a_quarter_a_borrower_and_a_group(facts_book: FactsBook) -> None:
    insert_loan(facts_book, "L1", None, (60, "normal", 0), disbursed_on=date(2026, 8, 3))
    insert_loan(facts_book, "L2", None, (90, "normal", 0), disbursed_on=date(2026, 4, 1), borrower_id="B2")
    facts_book.build_facts()

    def found(*origin: tuple[str, object]) -> list[str]:
        return composition.list_loans(facts_book.con, AS_OF, "CNY", None, (), origin, 10, 0)["loan_id"].to_list()

    assert found(("cohort", date(2026, 7, 1))) == ["L1"]
    assert found(("borrower", "B2")) == ["L2"]
    assert found(("group", "G")) == []
    assert found(("cohort", date(2026, 7, 1)), ("borrower", "B2")) == []


def test_the_loans_that_stood_so_before(facts_book: FactsBook) -> None:
    insert_loan(facts_book, "L1", (100, "normal", 0), (100, "special_mention", 10))
    insert_loan(facts_book, "L2", (100, "special_mention", 10), (100, "special_mention", 10))
    facts_book.build_facts()
    found = composition.list_loans(
        facts_book.con,
        AS_OF,
        "CNY",
        None,
        (("classification", "special_mention"),),
        (("opening", BEFORE), ("class_before", "normal")),
        10,
        0,
    )
    assert found["loan_id"].to_list() == ["L1"]
