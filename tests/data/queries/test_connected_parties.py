"""Connected parties of books of a few rows: what is a circle, and what it comes to."""

import random
from itertools import pairwise

from data.queries import capital, connected_parties
from data.queries.capital import Capital
from tests.data.facts_book import AS_OF, FactsBook

RULE_IDS = ("TOO-MANY",)


def insert_borrower_loan(
    ledger: FactsBook, borrower: str, balance: int = 100, branch: str = "01", **about: object
) -> None:
    ledger.insert_loan(
        f"L-{borrower}",
        {"balance": balance, "classification": "normal"},
        borrower_id=borrower,
        branch_id=branch,
        officer_id="O1",
        status="normal",
        currency="CNY",
    )
    ledger.insert("borrowers", borrower_id=borrower, name=f"Name {borrower}", **about)


def insert_guarantee(ledger: FactsBook, giver: str, taker: str, **more: object) -> None:
    ledger.insert(
        "guarantees",
        guarantee_id=f"G-{giver}-{taker}",
        loan_id=f"L-{taker}",
        kind="guarantee",
        provider_id=giver,
        provider_name=f"Name {giver}",
        **{"status": "active"} | more,
    )


def find_circles(
    ledger: FactsBook, branches: tuple[str, ...] = (), run: str | None = None
) -> dict[tuple[str, str], dict]:
    ledger.build_facts()
    rows = connected_parties.list_circles(ledger.con, AS_OF, run, RULE_IDS, branches)
    return {(row["kind"], row["circle_id"]): row for row in rows.iter_rows(named=True)}


def list_members(ledger: FactsBook, kind: str, circle: str, run: str | None = None) -> list[str]:
    ids = find_circles(ledger, run=run)[kind, circle]["members"]
    return connected_parties.list_members(ledger.con, AS_OF, tuple(ids))["borrower_id"].to_list()


def test_a_ring_with_a_tail_is_one_circle(ledger):
    for name, balance in (("A", 10), ("B", 20), ("C", 30), ("D", 40)):
        insert_borrower_loan(ledger, name, balance)
    for giver, taker in (("A", "B"), ("B", "C"), ("C", "A"), ("C", "D")):
        insert_guarantee(ledger, giver, taker)
    all_found = find_circles(ledger)
    assert list(all_found) == [("circle", "A")]
    circle = all_found["circle", "A"]
    assert (circle["borrowers"], circle["loans"], circle["balance"], circle["leader"]) == (4, 4, 100, "Name D")
    assert list_members(ledger, "circle", "A") == ["D", "C", "B", "A"]
    ties = connected_parties.list_guarantees(ledger.con, AS_OF, ("A", "B", "C"))
    assert ties.select("giver", "taker").rows() == [("A", "B"), ("B", "C"), ("C", "A")]


def test_of_equal_debtors_the_first_by_number_names_the_circle(ledger):
    names = [f"B{n:03}" for n in range(200)]
    for name in names:
        insert_borrower_loan(ledger, name, 10)
    for giver, taker in zip(names, [*names[1:], names[0]], strict=True):
        insert_guarantee(ledger, giver, taker)
    circle = find_circles(ledger)["chain", "B000"]  # too long a ring to be one
    assert circle["leader"] == "Name B000"
    assert circle["members"] == names


def test_two_who_guarantee_each_other_and_a_chain(ledger):
    for name in "ABXYZ":
        insert_borrower_loan(ledger, name)
    for giver, taker in (("A", "B"), ("B", "A"), ("X", "Y"), ("Y", "Z")):
        insert_guarantee(ledger, giver, taker)
    assert {key: row["borrowers"] for key, row in find_circles(ledger).items()} == {
        ("mutual", "A"): 2,
        ("chain", "X"): 3,
    }


def test_what_is_settled_or_released_or_from_outside_ties_nobody(ledger):
    for name in "ABCD":
        insert_borrower_loan(ledger, name)
    ledger.loan("L-E", {"balance": 0}, borrower_id="E", status="settled", currency="CNY")
    insert_guarantee(ledger, "A", "B", status="released")
    insert_guarantee(ledger, "OUTSIDE", "C")
    insert_guarantee(ledger, "D", "D")
    insert_guarantee(ledger, "D", "E")
    assert find_circles(ledger) == {}


def test_groups_and_controllers(ledger):
    for name, group, hand in (
        ("A", "G1", "H1"),
        ("B", "G1", "H1"),
        ("C", None, "H2"),
        ("D", "G2", "H2"),
        ("E", "G3", "H3"),
    ):
        insert_borrower_loan(ledger, name, group_id=group, controller=hand)
    keys = find_circles(ledger)
    assert set(keys) == {("group", "G1"), ("controller", "H2")}  # the borrowers of H1 stand in one group already
    assert list_members(ledger, "controller", "H2") == ["C", "D"]


def test_a_guarantor_found_by_the_run_stands_in_the_middle(ledger):
    insert_borrower_loan(ledger, "A", 10)
    insert_borrower_loan(ledger, "B", 20)
    insert_guarantee(ledger, "P", "A")
    insert_guarantee(ledger, "P", "B")
    ledger.con.execute(
        "INSERT INTO violations (run_id, violation_id, rule_id, subject, subject_id)"
        " VALUES ('R', 'V', 'TOO-MANY', 'collateral', 'G-P-A'), ('R', 'W', 'OTHER', 'collateral', 'G-X')"
    )
    assert find_circles(ledger) == {}
    hub = find_circles(ledger, run="R")["guarantor", "P"]
    assert (hub["leader"], hub["borrowers"], hub["balance"]) == ("Name P", 2, 30)
    assert list_members(ledger, "guarantor", "P", run="R") == ["B", "A"]


def test_a_branch_sees_a_circle_of_its_own_borrower_whole(ledger):
    insert_borrower_loan(ledger, "A", branch="01")
    insert_borrower_loan(ledger, "B", branch="02")
    insert_guarantee(ledger, "A", "B")
    assert find_circles(ledger, ("02",))["chain", "A"]["borrowers"] == 2
    assert find_circles(ledger, ("03",)) == {}


def test_components_are_those_of_a_search_by_hand(ledger):
    chance, names, pairs = random.Random(7), [f"B{n:03}" for n in range(120)], set()
    for part in range(4):  # ties stay within a quarter of the borrowers
        pairs |= {tuple(chance.sample(names[part * 30 : part * 30 + 30], 2)) for _ in range(10 + 3 * part)}
    for name in names:
        insert_borrower_loan(ledger, name)
    for giver, taker in pairs:
        insert_guarantee(ledger, giver, taker)
    parts = {name: {name} for name in names}
    for giver, taker in pairs:
        whole = parts[giver] | parts[taker]
        parts |= dict.fromkeys(whole, whole)
    by_hand = sorted(sorted(part) for part in {frozenset(part) for part in parts.values()} if len(part) > 1)
    keys = find_circles(ledger)
    assert len(by_hand) > 5
    assert sorted(sorted(list_members(ledger, kind, circle)) for kind, circle in keys) == by_hand


def test_capital_unknown_is_none(ledger):
    insert_borrower_loan(ledger, "A")
    ledger.build()
    assert capital.load_capital(ledger.con, AS_OF) == Capital(None, None, None)


def test_a_chain_is_one_however_long_it_is(ledger):
    names = [f"N{number:02}" for number in range(31)]
    for name in names:
        insert_borrower_loan(ledger, name)
    for giver, taker in pairwise(names):
        insert_guarantee(ledger, giver, taker)
    ((key, row),) = find_circles(ledger).items()
    assert key == ("chain", "N00")
    assert (row["borrowers"], row["balance"]) == (31, 3100)
