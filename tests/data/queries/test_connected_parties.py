"""Connected parties of books of a few rows: what is a circle, and what it comes to."""

import random
from itertools import pairwise

from data.queries import capital, connected_parties
from data.queries.capital import Capital
from tests.data.facts_book import AS_OF, FactsBook

RULE_IDS = ("TOO-MANY",)


def insert_borrower_loan(
    facts_book: FactsBook, borrower: str, balance: int = 100, branch: str = "01", **about: object
) -> None:
    facts_book.insert_loan(
        f"L-{borrower}",
        {"balance": balance, "classification": "normal"},
        borrower_id=borrower,
        branch_id=branch,
        officer_id="O1",
        status="normal",
        currency="CNY",
    )
    facts_book.insert("borrowers", borrower_id=borrower, name=f"Name {borrower}", **about)


def insert_guarantee(facts_book: FactsBook, giver: str, taker: str, **more: object) -> None:
    facts_book.insert(
        "guarantees",
        guarantee_id=f"G-{giver}-{taker}",
        loan_id=f"L-{taker}",
        kind="guarantee",
        provider_id=giver,
        provider_name=f"Name {giver}",
        **{"status": "active"} | more,
    )


def find_circles(
    facts_book: FactsBook, branches: tuple[str, ...] = (), run: str | None = None
) -> dict[tuple[str, str], dict]:
    facts_book.build_facts()
    rows = connected_parties.list_circles(facts_book.con, AS_OF, run, RULE_IDS, branches)
    return {(row["kind"], row["circle_id"]): row for row in rows.iter_rows(named=True)}


def list_members(facts_book: FactsBook, kind: str, circle: str, run: str | None = None) -> list[str]:
    ids = find_circles(facts_book, run=run)[kind, circle]["members"]
    return connected_parties.list_members(facts_book.con, AS_OF, tuple(ids))["borrower_id"].to_list()


def test_a_ring_with_a_tail_is_one_circle(facts_book):
    for name, balance in (("A", 10), ("B", 20), ("C", 30), ("D", 40)):
        insert_borrower_loan(facts_book, name, balance)
    for giver, taker in (("A", "B"), ("B", "C"), ("C", "A"), ("C", "D")):
        insert_guarantee(facts_book, giver, taker)
    all_found = find_circles(facts_book)
    assert list(all_found) == [("circle", "A")]
    circle = all_found["circle", "A"]
    assert (circle["borrowers"], circle["loans"], circle["balance"], circle["leader"]) == (4, 4, 100, "Name D")
    assert list_members(facts_book, "circle", "A") == ["D", "C", "B", "A"]
    ties = connected_parties.list_guarantees(facts_book.con, AS_OF, ("A", "B", "C"))
    assert ties.select("giver", "taker").rows() == [("A", "B"), ("B", "C"), ("C", "A")]


def test_of_equal_debtors_the_first_by_number_names_the_circle(facts_book):
    names = [f"B{n:03}" for n in range(200)]
    for name in names:
        insert_borrower_loan(facts_book, name, 10)
    for giver, taker in zip(names, [*names[1:], names[0]], strict=True):
        insert_guarantee(facts_book, giver, taker)
    circle = find_circles(facts_book)["chain", "B000"]  # too long a ring to be one
    assert circle["leader"] == "Name B000"
    assert circle["members"] == names


def test_two_who_guarantee_each_other_and_a_chain(facts_book):
    for name in "ABXYZ":
        insert_borrower_loan(facts_book, name)
    for giver, taker in (("A", "B"), ("B", "A"), ("X", "Y"), ("Y", "Z")):
        insert_guarantee(facts_book, giver, taker)
    assert {key: row["borrowers"] for key, row in find_circles(facts_book).items()} == {
        ("mutual", "A"): 2,
        ("chain", "X"): 3,
    }


def test_what_is_settled_or_released_or_from_outside_ties_nobody(facts_book):
    for name in "ABCD":
        insert_borrower_loan(facts_book, name)
    facts_book.insert_loan("L-E", {"balance": 0}, borrower_id="E", status="settled", currency="CNY")
    insert_guarantee(facts_book, "A", "B", status="released")
    insert_guarantee(facts_book, "OUTSIDE", "C")
    insert_guarantee(facts_book, "D", "D")
    insert_guarantee(facts_book, "D", "E")
    assert find_circles(facts_book) == {}


def test_groups_and_controllers(facts_book):
    for name, group, hand in (
        ("A", "G1", "H1"),
        ("B", "G1", "H1"),
        ("C", None, "H2"),
        ("D", "G2", "H2"),
        ("E", "G3", "H3"),
    ):
        insert_borrower_loan(facts_book, name, group_id=group, controller=hand)
    keys = find_circles(facts_book)
    assert set(keys) == {("group", "G1"), ("controller", "H2")}  # the borrowers of H1 stand in one group already
    assert list_members(facts_book, "controller", "H2") == ["C", "D"]


def test_a_guarantor_found_by_the_run_stands_in_the_middle(facts_book):
    insert_borrower_loan(facts_book, "A", 10)
    insert_borrower_loan(facts_book, "B", 20)
    insert_guarantee(facts_book, "P", "A")
    insert_guarantee(facts_book, "P", "B")
    facts_book.con.execute(
        "INSERT INTO violations (run_id, violation_id, rule_id, subject, subject_id)"
        " VALUES ('R', 'V', 'TOO-MANY', 'collateral', 'G-P-A'), ('R', 'W', 'OTHER', 'collateral', 'G-X')"
    )
    assert find_circles(facts_book) == {}
    hub = find_circles(facts_book, run="R")["guarantor", "P"]
    assert (hub["leader"], hub["borrowers"], hub["balance"]) == ("Name P", 2, 30)
    assert list_members(facts_book, "guarantor", "P", run="R") == ["B", "A"]


def test_a_branch_sees_a_circle_of_its_own_borrower_whole(facts_book):
    insert_borrower_loan(facts_book, "A", branch="01")
    insert_borrower_loan(facts_book, "B", branch="02")
    insert_guarantee(facts_book, "A", "B")
    assert find_circles(facts_book, ("02",))["chain", "A"]["borrowers"] == 2
    assert find_circles(facts_book, ("03",)) == {}


def test_components_are_those_of_a_search_by_hand(facts_book):
    chance, names, pairs = random.Random(7), [f"B{n:03}" for n in range(120)], set()
    for part in range(4):  # ties stay within a quarter of the borrowers
        pairs |= {tuple(chance.sample(names[part * 30 : part * 30 + 30], 2)) for _ in range(10 + 3 * part)}
    for name in names:
        insert_borrower_loan(facts_book, name)
    for giver, taker in pairs:
        insert_guarantee(facts_book, giver, taker)
    parts = {name: {name} for name in names}
    for giver, taker in pairs:
        whole = parts[giver] | parts[taker]
        parts |= dict.fromkeys(whole, whole)
    by_hand = sorted(sorted(part) for part in {frozenset(part) for part in parts.values()} if len(part) > 1)
    keys = find_circles(facts_book)
    assert len(by_hand) > 5
    assert sorted(sorted(list_members(facts_book, kind, circle)) for kind, circle in keys) == by_hand


def test_capital_unknown_is_none(facts_book):
    insert_borrower_loan(facts_book, "A")
    facts_book.build_facts()
    assert capital.load_capital(facts_book.con, AS_OF) == Capital(None, None, None)


def test_a_chain_is_one_however_long_it_is(facts_book):
    names = [f"N{number:02}" for number in range(31)]
    for name in names:
        insert_borrower_loan(facts_book, name)
    for giver, taker in pairwise(names):
        insert_guarantee(facts_book, giver, taker)
    ((key, row),) = find_circles(facts_book).items()
    assert key == ("chain", "N00")
    assert (row["borrowers"], row["balance"]) == (31, 3100)
