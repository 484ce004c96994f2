"""Every rule for one loan."""

import argparse

from data.command_line import output
from data.queries import snapshots
from data.storage import book
from policy.commands import policy_options, printing
from policy.engine import verdict_evidence
from policy.runs import snapshot_check

ABOUT = "every rule for one loan"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_judging_options(command)
    command.add_argument("--loan", required=True, help="the loan's id")


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    with book.open_for_reading(arguments.book) as con:
        as_of = snapshots.resolve_snapshot(con, arguments.as_of)
        found = verdict_evidence.verdicts_of_loan(con, policy, as_of, arguments.loan, today=arguments.today)
    if arguments.json:
        output.print_json(
            {
                "loan_id": arguments.loan,
                "as_of": as_of,
                "policy_version": policy.version,
                "verdicts": [printing.verdict_json(policy, verdict) for verdict in found],
            }
        )
    else:
        print(f"Loan {arguments.loan}, as of {as_of}, policy {policy.version}")
        printing.print_verdicts(policy, found)
    return 0
