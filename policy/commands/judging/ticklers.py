"""What will break if nothing is done."""

import argparse
from typing import Any

import polars as pl

from data.command_line import options, output
from data.queries import snapshots
from data.storage import book
from policy.commands import policy_options
from policy.model.records import Policy
from policy.monitoring import ticklers
from policy.runs import snapshot_check

ABOUT = "what passes now and will break within so many days if nothing is done"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_reading_options(command)
    command.add_argument(
        "--within", type=options.parse_day_count, default=ticklers.WINDOW_DAYS[-1], help="days ahead (default: 90)"
    )
    command.add_argument("--branch", help="only this branch")
    command.add_argument("--officer", help="only this officer")
    command.add_argument("--loan", help="only this loan and its borrower")


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    with book.open_for_reading(arguments.book) as con:
        as_of = snapshots.resolve_snapshot(con, arguments.as_of)
        found = ticklers.find_upcoming_violations(con, policy, as_of, arguments.within)
    for name, wanted in (
        ("branch_id", arguments.branch),
        ("officer_id", arguments.officer),
        ("loan_id", arguments.loan),
    ):
        if wanted is not None:
            found = found.filter(pl.col(name) == wanted)
    counts = {days: found.filter(pl.col("days_left") <= days).height for days in _list_windows(arguments.within)}
    if arguments.json:
        output.print_json(
            {
                "as_of": as_of,
                "policy_version": policy.version,
                "within": counts,
                "ticklers": [_tickler_json(policy, row) for row in found.to_dicts()],
            }
        )
        return 0
    print(f"As of {as_of}, policy {policy.version}: " + ", ".join(f"{n} in {days} days" for days, n in counts.items()))
    for row in found.to_dicts():
        rule = policy.rules[row["rule_id"]]
        print(
            f"{row['breaks_on']}  {row['subject']:10}{row['subject_id']:26}{row['branch_id'] or '-':10}"
            f"{row['rule_id']:24}{rule.remedy_zh} / {rule.remedy_en}"
        )
    return 0


def _list_windows(within: int) -> list[int]:
    return [*(days for days in ticklers.WINDOW_DAYS if days < within), within]


def _tickler_json(policy: Policy, row: dict[str, Any]) -> dict[str, Any]:
    rule = policy.rules[row["rule_id"]]
    texts = ("severity", "title_zh", "title_en", "remedy_zh", "remedy_en", "clause_id", "evidence")
    return row | {name: getattr(rule, name) for name in texts}
