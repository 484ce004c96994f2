"""What an extension brings about, against sums taken by hand and by a book in which it was booked."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.storage import book
from policy import __main__ as command_line
from policy.extensions import consequence_compiler, extension_decision
from policy.extensions.consequences import Consequences
from policy.extensions.extension_decision import Request
from tests.policy.policy_builder import lint_errors
from tests.policy.sample_books import AS_OF, make_book
from tests.shipped_policy import POLICY

LOAN = {
    "borrower_id": "B",
    "product_code": "working_capital",
    "guarantee_type": "credit",
    "balance": 1000,
    "principal": 1000,
    "disbursed_on": date(2023, 7, 10),
    "original_maturity": date(2024, 7, 10),
    "extension_count": 0,
    "currency": "CNY",
    "current_maturity": date(2024, 7, 10),
    "classification": "normal",
    "days_past_due": 0,
    "branch_id": "X",
}
LOANS = {
    "normal": LOAN,
    "mention": LOAN | {"classification": "special_mention", "balance": 3000},
    "doubtful": LOAN | {"classification": "doubtful", "balance": 500, "branch_id": "Y"},
    "again": LOAN | {"extension_count": 1, "original_maturity": date(2024, 1, 10), "balance": 2000},
    "classless": LOAN | {"classification": None, "balance": 700, "branch_id": "Y"},
    "dollars": LOAN | {"currency": "USD", "balance": 9_999_999},
    "ended": LOAN | {"balance": 0},
}
REQUEST_DATE = date(2024, 6, 20)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_book(tmp_path_factory.mktemp("consequences") / "book.duckdb", LOANS)


def _consequences_of(
    path: Path, loan_id: str, to: date = date(2025, 1, 10), applied: date = REQUEST_DATE
) -> Consequences:
    with book.open_for_reading(path) as con:
        return extension_decision.compute_consequences(con, POLICY, AS_OF, Request(loan_id, applied, to, "all"))


def _before_and_after(found: Consequences, outcome: str) -> tuple[object, object]:
    change = next(change for change in found.changes if change.consequence.outcome == outcome)
    return change.before, change.after


@pytest.mark.parametrize(
    ("loan_id", "classes", "provisions"),
    [
        ("normal", ("normal", "special_mention"), ("10", "20")),
        ("mention", ("special_mention", "special_mention"), ("60", "60")),
        ("doubtful", ("doubtful", "doubtful"), ("250", "250")),
        ("again", ("normal", "substandard"), ("20", "500")),
    ],
)
def test_class_and_provision(path, loan_id, classes, provisions) -> None:
    found = _consequences_of(path, loan_id)
    assert _before_and_after(found, "classification") == classes
    assert _before_and_after(found, "provision") == tuple(map(Decimal, provisions))
    change = next(change for change in found.changes if change.consequence.outcome == "provision")
    assert change.difference == Decimal(provisions[1]) - Decimal(provisions[0])


def test_observed_for_a_year_from_the_first_extended_day(path) -> None:
    assert _before_and_after(_consequences_of(path, "normal"), "observed_until") == (None, date(2025, 7, 11))


@pytest.mark.parametrize(
    ("to", "brackets"),
    [(date(2024, 8, 10), ("y1", "y3")), (date(2026, 7, 10), ("y1", "y3")), (date(2026, 7, 11), ("y1", "y5"))],
)
def test_the_bracket_of_the_total_term(path, to, brackets) -> None:
    assert _before_and_after(_consequences_of(path, "normal", to), "rate_bracket") == brackets


def test_an_unknown_class_has_no_provision_and_says_why(path) -> None:
    found = _consequences_of(path, "classless")
    change = next(change for change in found.changes if change.consequence.outcome == "provision")
    assert (change.before, change.after, change.missing) == (None, None, ("classification",))


def test_before_the_measures_nothing_is_said_of_the_class(path) -> None:
    assert _before_and_after(_consequences_of(path, "normal", applied=date(2023, 6, 30)), "classification") == (
        "normal",
        None,
    )


def test_only_this_loan_moves_the_ratios(path) -> None:
    found = {(r.exposure_ratio.ratio, r.level): r for r in _consequences_of(path, "again").ratios}
    npl, bank = found["npl", "branch"], found["npl", "bank"]
    assert (npl.part_before, npl.whole_before, npl.part_after, npl.whole_after) == (0, 6000, 2000, 6000)
    assert (bank.before, bank.after) == (Decimal(500) / 6500, Decimal(2500) / 6500)
    assert found["special_mention", "bank"].before == found["special_mention", "bank"].after == Decimal(3000) / 6500
    assert found["restructured", "bank"].part_after == found["restructured", "bank"].part_before == 2000


@pytest.mark.parametrize("loan_id", ["normal", "mention", "doubtful", "again"])
def test_ratios_after_are_those_of_a_book_in_which_it_is_booked(path, tmp_path, loan_id) -> None:
    found = _consequences_of(path, loan_id)
    changed = LOANS[loan_id] | {
        "classification": _before_and_after(found, "classification")[1],
        "extension_count": int(LOANS[loan_id]["extension_count"]) + 1,  # type: ignore[call-overload]
    }
    booked = make_book(tmp_path / "booked.duckdb", LOANS | {loan_id: changed})
    after = _consequences_of(booked, loan_id)
    assert [(r.exposure_ratio.ratio, r.level, r.part_after, r.whole_after) for r in found.ratios] == [
        (r.exposure_ratio.ratio, r.level, r.part_before, r.whole_before) for r in after.ratios
    ]


def test_an_ended_loan_moves_no_ratio(path) -> None:
    assert _consequences_of(path, "ended").ratios == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("provision,both,balance * 2 +,,money,yuan,,C1,bank default,一,one", "cannot be read"),
        ("provision,both,balanse,,money,yuan,,C1,bank default,一,one", "near it: balance"),
        ("provision,never,balance,,money,yuan,,C1,bank default,一,one", "is not a state"),
        ("colour,sets,balance,,money,yuan,,C1,bank default,一,one", "is not a field of a request"),
        ("provision,both,disbursed_on,,money,yuan,,C1,bank default,一,one", "gives a date"),
        ("provision,both,balance,,money,yuan,,C9,bank default,一,one", "unknown clause"),
    ],
)
def test_a_broken_row_is_named(line, says) -> None:
    from policy.model import csv_reader
    from tests.policy.policy_builder import policy_texts

    header = "outcome,state,expression,act_date,type,unit,codes,clause_id,evidence,zh,en\n"
    policy, _ = csv_reader.read_policy(policy_texts([{}]) | {"consequences.csv": header + line + "\n"})
    found = [str(problem) for problem in consequence_compiler.find_problems(policy)]
    assert len(found) == 1
    assert found[0].startswith("consequences.csv, row 2")
    assert says in found[0]
    assert lint_errors([{}]) == []


def test_command_line(path, capsys) -> None:
    base = ["extension", "--book", str(path), "--loan", "normal", "--to", "2025-01-10", "--applied", "2024-06-20"]
    assert command_line.main([*base, "--json"]) == 0
    follows = json.loads(capsys.readouterr().out)["consequences"]
    assert {c["name"] for c in follows["changes"]} >= {"classification", "provision", "rate_bracket", "observed_until"}
    assert {(r["name"], r["level"]) for r in follows["ratios"]} >= {("npl", "bank"), ("special_mention", "branch")}
    assert command_line.main(base) == 0
    assert "special_mention" in capsys.readouterr().out
