"""The frontier says of every pair of days what the engine says of the request."""

import json
import random
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from data.storage import book
from policy import __main__ as command_line
from policy.extensions import extension_decision, frontier
from policy.extensions.extension_decision import Request
from policy.model.records import Policy
from tests.policy.policy_builder import build_policy as small_policy
from tests.policy.sample_books import AS_OF, make_book
from tests.shipped_policy import POLICY

LOAN = {
    "borrower_id": "B",
    "product_code": "working_capital",
    "guarantee_type": "guarantee",
    "balance": 100,
    "principal": 100,
    "disbursed_on": date(2023, 7, 10),
    "original_maturity": date(2025, 7, 10),
    "extension_count": 0,
    "current_maturity": date(2025, 7, 10),
    "classification": "normal",
    "days_past_due": 0,
}
LOANS = {
    "medium": LOAN,
    "short": LOAN
    | {
        "disbursed_on": date(2024, 1, 31),
        "original_maturity": date(2024, 7, 31),
        "current_maturity": date(2024, 7, 31),
    },
    "matured": LOAN | {"original_maturity": date(2024, 6, 1), "current_maturity": date(2024, 6, 1)},
    "leap": LOAN | {"original_maturity": date(2028, 2, 29), "current_maturity": date(2028, 2, 29)},
    "twice": LOAN | {"extension_count": 2, "current_maturity": date(2026, 1, 1)},
    "undated": LOAN | {"current_maturity": None},
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_book(tmp_path_factory.mktemp("frontier") / "book.duckdb", LOANS)


def _frontier_verdict(
    blocks: list[frontier.FrontierBlock], applied: date, wished: date
) -> list[tuple[str, tuple[str, ...]]]:
    return [
        (block.verdict, block.blocked_by)
        for block in blocks
        if block.applied_from <= applied <= block.applied_to and block.to_from <= wished <= block.to_to
    ]


def _decide_each_request(con, policy: Policy, requests: list[Request]) -> list[tuple[str, tuple[str, ...]]]:
    found = extension_decision.judge_request_frame(con, policy, AS_OF, extension_decision.build_request_frame(requests))
    rows = found.sort(pl.col("request_id").cast(pl.Int64)).to_dicts()
    return [(row["verdict"], tuple(row["blocked_by"])) for row in rows]


def _assert_frontier_exact(path: Path, policy: Policy, loan_id: str, consent: str | None, pairs: int = 300) -> int:
    dice = random.Random(f"{loan_id} {consent}")
    with book.open_for_reading(path) as con:
        blocks = frontier.compute_blocks(con, policy, AS_OF, loan_id, consent)
        start = LOANS[loan_id]["current_maturity"]
        asked, wished = frontier.list_application_days(AS_OF, start), frontier.list_maturities(start)
        edges_asked = [day for block in blocks for day in (block.applied_from, block.applied_to)]
        edges_wished = [day for block in blocks for day in (block.to_from, block.to_to)]
        chosen = [(dice.choice(asked), dice.choice(wished)) for _ in range(pairs)]
        chosen += [(dice.choice(edges_asked), dice.choice(edges_wished)) for _ in range(pairs)]
        brute = _decide_each_request(con, policy, [Request(loan_id, a, w, consent) for a, w in chosen])
    assert [_frontier_verdict(blocks, a, w) for a, w in chosen] == [[answer] for answer in brute]
    return len(blocks)


@pytest.mark.parametrize(
    ("loan_id", "consent"), [("medium", "all"), ("short", None), ("matured", "all"), ("leap", "none"), ("twice", "all")]
)
def test_every_pair_of_days_stands_once_with_the_verdict_of_the_request(path, loan_id, consent) -> None:
    assert _assert_frontier_exact(path, POLICY, loan_id, consent) >= 2


def _make_rule(rule_id: str, measure: str, comparator: str, limit: str, **more: str) -> dict[str, str]:
    cells = {"rule_id": rule_id, "subject": "extension", "measure": measure, "comparator": comparator, "limit": limit}
    return cells | {"act_date": "application_date", "unit": ""} | more


def test_a_rule_that_mixes_the_two_days_is_judged_day_by_day(path) -> None:
    mixed = _make_rule("MIX", "days_between(application_date, requested_maturity)", "<=", "400")
    versioned = [
        _make_rule("V", "requested_maturity", "<=", "DATE '2026-01-01'", effective_to="2024-07-05"),
        _make_rule("V", "requested_maturity", "<=", "DATE '2027-01-01'", effective_from="2024-07-05"),
    ]
    assert _assert_frontier_exact(path, small_policy([mixed, *versioned]), "short", None) > 30


def test_the_shipped_rules_need_few_blocks_and_a_strip_is_one_day_of_them(path) -> None:
    with book.open_for_reading(path) as con:
        blocks = frontier.compute_blocks(con, POLICY, AS_OF, "medium", "all")
        strip = frontier.list_maturity_decisions(con, POLICY, AS_OF, "medium", date(2025, 6, 20), "all")
    assert len(blocks) <= 12
    assert strip["requested_maturity"].to_list() == frontier.list_maturities(date(2025, 7, 10))
    for day, verdict, blocked_by in strip.iter_rows():
        assert _frontier_verdict(blocks, date(2025, 6, 20), day) == [(verdict, tuple(blocked_by))]


def test_too_late_shows(path) -> None:
    with book.open_for_reading(path) as con:
        blocks = frontier.compute_blocks(con, POLICY, AS_OF, "medium", "all")
    late = [b for b in blocks if b.applied_from > LOANS["medium"]["current_maturity"]]
    assert late
    assert all("EXT-BEFORE-MATURITY" in block.blocked_by for block in late)
    assert max(b.applied_to for b in blocks) == date(2025, 7, 10) + timedelta(frontier.LATE_DAYS)


def test_command_line(path, capsys) -> None:
    base = ["frontier", "--book", str(path), "--loan", "medium", "--consent", "all"]
    assert command_line.main([*base, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["blocks"]
    days = sum(
        ((date.fromisoformat(b["applied_to"]) - date.fromisoformat(b["applied_from"])).days + 1)
        * ((date.fromisoformat(b["to_to"]) - date.fromisoformat(b["to_from"])).days + 1)
        for b in found
    )
    start = date(2025, 7, 10)
    assert days == len(frontier.list_application_days(AS_OF, start)) * len(frontier.list_maturities(start))
    assert command_line.main([*base, "--applied", "2025-06-20"]) == 0
    assert "allowed" in capsys.readouterr().out
    assert command_line.main(["frontier", "--book", str(path), "--loan", "undated"]) == 0
    assert "not known" in capsys.readouterr().out
    assert command_line.main(["frontier", "--book", str(path), "--loan", "none"]) == 1
    assert "No loan 'none'" in capsys.readouterr().err
