"""The life of the violations over the snapshots of a book."""

import argparse
from dataclasses import asdict

from data.command_line import options, output
from data.storage import book
from policy.commands import data_state
from policy.runs import store
from policy.violations import lifecycle, lifecycle_list
from policy.violations.lifecycle import INFLOWS, MOVEMENTS, OUTFLOWS, STATES, LifecycleTotals

ABOUT = "how long each violation has been open, and what was new, cured or reopened since a snapshot"
MAX_ROWS = 40


def add_arguments(command: argparse.ArgumentParser) -> None:
    options.add_book_option(command)
    options.add_json_option(command)
    command.add_argument(
        "--as-of", type=options.parse_date, help="the judged snapshot to look from (default: the latest)"
    )
    command.add_argument(
        "--since", type=options.parse_date, help="an earlier judged snapshot (default: the one before)"
    )
    command.add_argument("--state", choices=STATES, help="list only this state")
    command.add_argument("--movement", choices=MOVEMENTS, help="list only what moved so since --since")
    command.add_argument("--rule", help="list only this rule")
    command.add_argument("--branch", help="list only this branch")
    command.add_argument("--limit", type=int, default=MAX_ROWS, help=f"most rows listed (default {MAX_ROWS}; 0: all)")


def run(arguments: argparse.Namespace) -> int:
    with book.open_for_reading(arguments.book) as con:
        latest = store.require_latest_run(con, arguments.as_of)
        data_state.warn_of_data_change(con, latest)
        found = lifecycle.build_lifecycles(con, latest, arguments.since)
        rules = lifecycle_list.count_movements_by(con, "rule_id").to_dicts()
        rows = lifecycle_list.list_lifecycles(
            con,
            state=arguments.state,
            movement=arguments.movement,
            rule=arguments.rule,
            branch=arguments.branch,
            limit=arguments.limit or None,
        ).to_dicts()
    if arguments.json:
        movements = {
            m: {"violations": n, "opening_balance": o, "closing_balance": c} for m, (n, o, c) in found.movements.items()
        }
        output.print_json(
            {
                "run": asdict(found.run),
                "since": found.since and asdict(found.since),
                "opening": found.opening,
                "movements": movements,
                "closing": found.closing,
                "states": found.states,
                "rules": rules,
                "violations": rows,
            }
        )
        return 0
    _print_totals(found)
    for row in rows:
        print(
            f"{row['state']:13}{row['rule_id']:34}{row['subject_id']:22}{row['first_seen']} – {row['last_seen']} "
            f"{row['days_open']:>5} days, reopened {row['times_reopened']}"
        )
    return 0


def _print_totals(found: LifecycleTotals) -> None:
    since = found.since.as_of if found.since else "the beginning"
    print(f"Violations of run {found.run.run_id}, as of {found.run.as_of}, since {since}")
    print(f"{'opening':14}{found.opening:>10}{sum(found.movements[m][1] for m in ('persisting', *OUTFLOWS)):>22,}")
    for sign, names, side in (("+", INFLOWS, 2), ("-", OUTFLOWS, 1)):
        for name in names:
            print(f"{sign} {name:12}{found.movements[name][0]:>10}{found.movements[name][side]:>22,}")
    changed = found.movements["persisting"][2] - found.movements["persisting"][1]
    print(f"+ {'balance moved':12}{changed:>31,}")
    print(f"{'closing':14}{found.closing:>10}{sum(found.movements[m][2] for m in ('persisting', *INFLOWS)):>22,}")
    print("states: " + ", ".join(f"{state} {count}" for state, count in found.states.items() if count) + "\n")
