"""To when may a loan be extended, and asked when."""

import argparse
from dataclasses import asdict

from data.command_line import options, output
from data.queries import snapshots
from data.storage import book
from policy.commands import policy_options, printing
from policy.extensions import extension_decision, frontier
from policy.runs import snapshot_check

ABOUT = "every new maturity and every day of application, allowed or blocked by which rule"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_judging_options(command)
    command.add_argument("--loan", required=True, help="the loan's id")
    command.add_argument(
        "--applied", type=options.parse_date, help="one day of application (default: every day from --as-of on)"
    )
    command.add_argument("--consent", help="all, none, or the providers who consent, comma separated")


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    with book.open_for_reading(arguments.book) as con:
        as_of = snapshots.resolve_snapshot(con, arguments.as_of)
        blocks = frontier.compute_blocks(
            con, policy, as_of, arguments.loan, arguments.consent, arguments.applied, today=arguments.today
        )
    if arguments.json:
        output.print_json(
            {
                "loan_id": arguments.loan,
                "as_of": as_of,
                "policy_version": policy.version,
                "consent": arguments.consent,
                "blocks": [asdict(block) for block in blocks],
            }
        )
        return 0
    print(f"Loan {arguments.loan}, as of {as_of}, policy {policy.version}")
    printing.print_sentence(extension_decision.describe_missing_rules(policy))
    if not blocks:
        print("The current maturity is not known, so there is no frontier.")
    applied = None
    for block in blocks:
        if block.applied_from != applied:
            applied = block.applied_from
            print(f"Applied {block.applied_from} to {block.applied_to}:")
        print(f"  to {block.to_from} … {block.to_to}  {block.verdict:15}{', '.join(block.blocked_by)}")
    return 0
