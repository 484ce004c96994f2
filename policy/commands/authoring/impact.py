"""What a changed folder of policy tables does to a book."""

import argparse
from dataclasses import asdict
from pathlib import Path

from data.command_line import options, output
from data.queries import snapshots
from data.storage import book
from policy.authoring import impact
from policy.authoring.impact import Impact
from policy.commands import policy_options, printing
from policy.model import csv_writer
from policy.runs import snapshot_check

ABOUT = "which violations a changed policy adds and removes on a book"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tables", required=True, help="the changed folder of policy tables")
    command.add_argument(
        "--against", help="the folder it is compared with (default: LOANLIGHT_TABLES, or the shipped tables)"
    )
    options.add_json_option(command)
    options.add_as_of_option(command)
    options.add_book_option(command)
    policy_options.add_today_option(command)
    command.add_argument("--out", type=Path, help="a CSV to write every move and the loans behind it to")


def run(arguments: argparse.Namespace) -> int:
    after, before = snapshot_check.load_policy(arguments.tables), snapshot_check.load_policy(arguments.against)
    with book.open_for_reading(arguments.book) as con:
        as_of = snapshots.resolve_snapshot(con, arguments.as_of)
        found = impact.compare_policies(con, before, after, as_of, today=arguments.today)
        if arguments.out:
            csv_writer.write_csv(arguments.out, impact.list_moved_loans(con, after, before))
    if arguments.json:
        output.print_json(_impact_json(found))
    else:
        _print_impact(found)
    return 0


def _impact_json(found: Impact) -> dict[str, object]:
    return {
        "as_of": found.as_of,
        "before": found.before,
        "after": found.after,
        "changes": [asdict(change) | {"may_move_verdicts": not change.is_verdict_neutral} for change in found.changes],
        "rules_judged": found.judged_rules,
        "totals": found.totals.to_dicts(),
        "by": {name: frame.to_dicts() for name, frame in found.totals_by_group.items()},
    }


def _print_impact(found: Impact) -> None:
    print(
        f"Policy {found.before} → {found.after}, as of {found.as_of}: rows that differ: {len(found.changes)}, "
        f"rules judged anew: {len(found.judged_rules)}."
    )
    printing.print_changes(found.changes)
    if found.changes and not found.judged_rules:
        print("No verdict can move: the rows that differ are words, severities, clauses or examples.")
    print(f"\n{'':56}{'records':>10}{'loans':>10}{'yuan':>22}")
    for row in found.totals.to_dicts():
        print(f"{row['kind']:56}{row['records']:>10}{row['loans']:>10}{row['yuan']:>22,}")
    for name, frame in found.totals_by_group.items():
        for row in frame.to_dicts():
            print(
                f"{name + ' ' + (row[name] or '-'):34}{row['kind']:22}{row['records']:>10}{row['loans']:>10}"
                f"{row['yuan']:>22,}"
            )
    print("Each total counts the balance of a loan once, however many rules catch it.")
