"""What a verdict is: four kinds, exact at the boundary, unknown stays unknown, versions by the day of the act."""

from datetime import date
from decimal import Decimal

import pytest

from data.errors import BookError
from data.queries import snapshots
from data.storage import book
from policy.engine import verdict_evidence
from policy.model.records import Policy
from policy.runs import snapshot_check
from tests.policy import policy_builder, sample_books
from tests.policy.sample_books import AS_OF

RATIO_TABLE = ("unique", [("guarantee_type", "key", "code", ""), ("max_ratio", "limit", "rate", "ratio")])


def _judge_loans(
    tmp_path, policy: Policy, loans: dict[str, dict], *, today: bool = False
) -> dict[str, verdict_evidence.Verdict]:
    """The verdict of each loan's one rule; the run's counts must agree with them."""
    path = sample_books.make_book(tmp_path / "b.duckdb", loans)
    with book.open_for_writing(path) as con:
        run = snapshot_check.judge_snapshot(con, policy, AS_OF, today=today)
    with book.open_for_reading(path) as con:
        found = {loan: verdict_evidence.verdicts_of_loan(con, policy, AS_OF, loan, today=today) for loan in loans}
        stored = con.execute("SELECT loan_id, rule_id, measured, limit_value FROM violations").fetchall()
    lines = [line for each in found.values() for line in each]
    for counted in run.rules:
        said = [line.verdict for line in lines if line.rule_id == counted.rule_id]
        assert counted.counts == {verdict: said.count(verdict) for verdict in counted.counts}
        assert sum(counted.counts.values()) == len(loans)
    violations = {
        (line.subject_id, line.rule_id, line.measured, line.limit) for line in lines if line.verdict == "violation"
    }
    assert set(stored) == violations
    return {loan: each[0] for loan, each in found.items()}


@pytest.mark.parametrize(
    ("comparator", "below", "at", "above"),
    [
        ("<=", "pass", "pass", "violation"),
        ("<", "pass", "violation", "violation"),
        (">=", "violation", "pass", "pass"),
        (">", "violation", "violation", "pass"),
        ("=", "violation", "pass", "violation"),
        ("<>", "pass", "violation", "pass"),
    ],
)
def test_boundaries_of_money_ratio_and_date(tmp_path, comparator: str, below: str, at: str, above: str) -> None:
    loans = {
        name: {"balance": Decimal("70000000.00") + cents, "principal": 100000000, "disbursed_on": day}
        for name, cents, day in (
            ("below", Decimal("-0.01"), "2020-02-28"),
            ("at", 0, "2020-02-29"),
            ("above", Decimal("0.01"), "2020-03-01"),
        )
    }
    rows = [
        {"rule_id": "MONEY", "comparator": comparator, "limit": "70000000"},
        {
            "rule_id": "RATIO",
            "comparator": comparator,
            "measure": "balance / principal",
            "limit": "0.7",
            "unit": "ratio",
        },
        {
            "rule_id": "DATE",
            "comparator": comparator,
            "measure": "disbursed_on",
            "limit": "DATE '2020-02-29'",
            "unit": "date",
        },
    ]
    policy = policy_builder.build_policy(rows)
    path = sample_books.make_book(tmp_path / "b.duckdb", loans)
    with book.open_for_writing(path) as con:
        snapshot_check.judge_snapshot(con, policy, AS_OF)
    with book.open_for_reading(path) as con:
        for loan, expected in (("below", below), ("at", at), ("above", above)):
            found = {line.rule_id: line.verdict for line in verdict_evidence.verdicts_of_loan(con, policy, AS_OF, loan)}
            assert found == dict.fromkeys(("MONEY", "RATIO", "DATE"), expected), loan


def test_a_third_is_judged_without_rounding(tmp_path) -> None:
    policy = policy_builder.build_policy([{"measure": "balance / principal", "limit": "0.333333", "unit": "ratio"}])
    found = _judge_loans(
        tmp_path,
        policy,
        {"third": {"balance": 1, "principal": 3}, "less": {"balance": Decimal("0.99"), "principal": 3}},
    )
    assert (found["third"].verdict, found["less"].verdict) == ("violation", "pass")


def test_an_absurd_ratio_is_judged_and_stops_nothing(tmp_path) -> None:
    """A loan of one fen with a balance of a trillion is wrong data, not the end of the check."""
    policy = policy_builder.build_policy([{"measure": "balance / principal", "limit": "0.7", "unit": "ratio"}])
    absurd = {"balance": Decimal("1000000000000.00"), "principal": Decimal("0.01")}
    found = _judge_loans(
        tmp_path, policy, {"absurd": absurd, "half": {"balance": Decimal("1000000.5"), "principal": 1000000}}
    )
    assert (found["absurd"].verdict, found["absurd"].measured) == ("violation", None)
    assert (found["half"].verdict, found["half"].measured) == ("violation", "1.000001")


@pytest.mark.parametrize(
    ("loan", "verdict", "reason", "missing"),
    [
        (
            {"balance": None, "principal": 100, "guarantee_type": "mortgage"},
            "not_assessable",
            "missing_field",
            "balance",
        ),
        ({"balance": 1, "principal": 0, "guarantee_type": "mortgage"}, "not_assessable", "zero_divisor", None),
        (
            {"balance": 1, "principal": None, "guarantee_type": "mortgage"},
            "not_assessable",
            "missing_field",
            "principal",
        ),
        ({"balance": 1, "principal": 100, "guarantee_type": None}, "not_assessable", "missing_field", "guarantee_type"),
        ({"balance": 1, "principal": 100, "guarantee_type": "credit"}, "not_assessable", "no_limit_row", None),
        ({"balance": 70, "principal": 100, "guarantee_type": "mortgage"}, "pass", None, None),
        ({"balance": 91, "principal": 100, "guarantee_type": "pledge"}, "violation", None, None),
        (
            {"balance": 91, "principal": 100, "guarantee_type": "pledge", "currency": "USD"},
            "not_applicable",
            None,
            None,
        ),
    ],
)
def test_unknown_is_never_a_pass(tmp_path, loan: dict, verdict: str, reason: str | None, missing: str | None) -> None:
    limits = [{"guarantee_type": "mortgage", "max_ratio": "0.7"}, {"guarantee_type": "pledge", "max_ratio": "0.9"}]
    rule = {
        "measure": "balance / principal",
        "limit": "ratios.max_ratio",
        "unit": "ratio",
        "scope": "currency is null or currency = 'CNY'",
    }
    policy = policy_builder.build_policy([rule], {"ratios": (*RATIO_TABLE, limits)})
    found = _judge_loans(tmp_path, policy, {"L": loan})["L"]
    assert (found.verdict, found.reason) == (verdict, reason)
    assert (missing in found.missing) if missing else not found.missing
    if verdict in ("pass", "violation"):
        assert [row["row_id"] for row in found.limit_rows] == [
            "ratios-0" if loan["guarantee_type"] == "mortgage" else "ratios-1"
        ]


def test_unknown_scope_is_not_assessable_and_false_scope_needs_nothing_else(tmp_path) -> None:
    policy = policy_builder.build_policy([{"scope": "guarantee_type = 'mortgage' and principal > 10"}])
    loans = {
        "unknown": {"balance": 1, "guarantee_type": "mortgage"},
        "false": {"guarantee_type": "credit"},
        "true": {"balance": 1, "guarantee_type": "mortgage", "principal": 11},
    }
    found = _judge_loans(tmp_path, policy, loans)
    assert {loan: line.verdict for loan, line in found.items()} == {
        "unknown": "not_assessable",
        "false": "not_applicable",
        "true": "pass",
    }
    assert found["unknown"].missing == ("principal",)


def test_collect_shows_all_rows_and_the_strictest_binds(tmp_path) -> None:
    declared = [
        ("principal", "key", "money", "yuan"),
        ("guarantee_type", "key", "code", ""),
        ("most", "limit", "money", "yuan"),
    ]
    rows = [
        {"principal": "-", "guarantee_type": "-", "most": "100"},
        {"principal": "> 50", "guarantee_type": "-", "most": "80"},
        {"principal": "-", "guarantee_type": "credit", "most": "60"},
    ]
    policy = policy_builder.build_policy([{"limit": "caps.most"}], {"caps": ("collect", declared, rows)})
    loans = {
        "all": {"balance": 60, "principal": 51, "guarantee_type": "credit"},
        "two": {"balance": 81, "principal": 51, "guarantee_type": "mortgage"},
        "one": {"balance": 100, "principal": 50, "guarantee_type": "mortgage"},
        "surely": {"balance": 101, "principal": 50},
        "perhaps": {"balance": 70, "principal": 50},
        "harmless": {"balance": 60, "principal": 50},
    }
    found = _judge_loans(tmp_path, policy, loans)
    assert {loan: line.verdict for loan, line in found.items()} == {
        "all": "pass",
        "two": "violation",
        "one": "pass",
        "surely": "violation",
        "perhaps": "not_assessable",
        "harmless": "pass",
    }
    assert (found["all"].limit, len(found["all"].limit_rows)) == ("60", 3)
    assert (found["two"].limit, [row["row_id"] for row in found["two"].limit_rows]) == ("80", ["caps-0", "caps-1"])


def test_the_day_of_the_act_picks_the_version(tmp_path) -> None:
    old = {"act_date": "disbursed_on", "limit": "100", "effective_from": "2000-01-01", "effective_to": "2020-01-01"}
    new = {"act_date": "disbursed_on", "limit": "50", "effective_from": "2020-01-01"}
    policy = policy_builder.build_policy([old, new])
    loans = {
        "last-day-of-old": {"balance": 80, "disbursed_on": "2019-12-31"},
        "first-day-of-new": {"balance": 80, "disbursed_on": "2020-01-01"},
        "before-any": {"balance": 80, "disbursed_on": "1999-12-31"},
        "unknown-day": {"balance": 80},
    }
    found = _judge_loans(tmp_path, policy, loans)
    assert [found[loan].verdict for loan in loans] == ["pass", "violation", "not_assessable", "not_assessable"]
    assert (found["before-any"].reason, found["unknown-day"].missing) == ("no_rule_in_force", ("disbursed_on",))
    (tmp_path / "today").mkdir()
    today = _judge_loans(tmp_path / "today", policy, loans, today=True)
    assert {line.verdict for line in today.values()} == {"violation"}


def test_aggregates_over_collateral_are_unknown_when_one_part_is(tmp_path) -> None:
    derived = '"allowed","loan","collateral","net_value * ratios.max_ratio","sum","","money","yuan","","额","Allowed"\n'
    declared = [("collateral_type", "key", "code", ""), ("max_ratio", "limit", "rate", "ratio")]
    limits = [
        {"collateral_type": "deposit_receipt", "max_ratio": "0.9"},
        {"collateral_type": "machinery", "max_ratio": "0.5"},
    ]
    policy = policy_builder.build_policy([{"limit": "allowed"}], {"ratios": ("unique", declared, limits)}, derived)
    loans = {name: {"balance": 140, "guarantee_type": "mortgage"} for name in ("both", "unvalued", "none")}
    items = [
        ("both", "deposit_receipt", 100),
        ("both", "machinery", 100),
        ("unvalued", "deposit_receipt", 1000),
        ("unvalued", "machinery", None),
    ]
    rows = [
        (
            "guarantees",
            {
                "guarantee_id": f"G{n}",
                "loan_id": loan,
                "kind": "pledge",
                "collateral_type": kind,
                "appraised_value": value,
            },
        )
        for n, (loan, kind, value) in enumerate(items)
    ]
    path = sample_books.make_book(tmp_path / "b.duckdb", loans, rows)
    with book.open_for_writing(path) as con:
        run = snapshot_check.judge_snapshot(con, policy, AS_OF)
    assert run.rules[0].counts == {"pass": 1, "violation": 0, "not_applicable": 0, "not_assessable": 2}
    with book.open_for_reading(path) as con:
        line = verdict_evidence.verdicts_of_loan(con, policy, AS_OF, "both")[0]
    assert (line.verdict, line.limit) == ("pass", "140")


def test_the_same_run_again_gives_the_same_rows(tmp_path) -> None:
    loans = {f"L{n}": {"balance": n, "branch_id": str(n % 3)} for n in range(300)}
    path = sample_books.make_book(tmp_path / "b.duckdb", loans)
    found = []
    for _ in range(2):
        with book.open_for_writing(path) as con:
            snapshot_check.judge_snapshot(con, policy_builder.build_policy([{}]), AS_OF)
            found.append(con.execute("SELECT * FROM violations").fetchall())
            counts = con.execute("SELECT sum(subjects) FROM run_counts").fetchall()
    assert found[0] == found[1] and len(found[0]) == 199
    assert counts == [(300,)]


def test_snapshot_that_is_not_there_is_named(tmp_path) -> None:
    path = sample_books.make_book(tmp_path / "b.duckdb", {"L": {"balance": 1}})
    with (
        book.open_for_reading(path) as con,
        pytest.raises(BookError, match="no snapshot of 2024-07-31; it has 2024-06-30"),
    ):
        snapshots.resolve_snapshot(con, date(2024, 7, 31))


def test_a_snapshot_whose_facts_do_not_stand_says_what_to_do(tmp_path) -> None:
    path = sample_books.make_book(tmp_path / "b.duckdb", {"L": {"balance": 1}})
    with book.open_for_writing(path) as con:
        con.execute("DELETE FROM facts_loan")
    with (
        book.open_for_reading(path) as con,
        pytest.raises(BookError, match="Run python -m policy check"),
    ):
        verdict_evidence.verdicts_of_loan(con, policy_builder.build_policy([{}]), AS_OF, "L")
