"""Run the policy's examples."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.command_line import options, output
from data.facts import derivation
from data.queries import snapshots
from data.storage import book
from policy.authoring import examples, unreached_rows
from policy.commands import policy_options
from policy.runs import snapshot_check

ABOUT = "run the policy's examples, and say which rules and limit rows nothing reaches"
FAILURES = "or an example disagrees with its rule 或有示例与规则不符"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_tables_option(command)
    options.add_json_option(command)
    options.add_as_of_option(command)
    command.add_argument("--book", type=Path, help="also the rules and limit rows that no record of this book reaches")


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    outcomes = examples.run(policy)
    failed = [outcome for outcome in outcomes if not outcome.agrees]
    unreached = {"any example": unreached_rows.find_unreached_by_examples(policy, outcomes)}
    if arguments.book:
        with book.open_for_reading(arguments.book) as con:
            day = snapshots.resolve_snapshot(con, arguments.as_of)
            derivation.require_facts(con, day)
            unreached[f"the book as of {day}"] = unreached_rows.find_unreached_by_book(con, policy, day)
    if arguments.json:
        found = [
            asdict(o.example)
            | {"said": o.verdict, "said_measured": o.measured, "said_limit": o.limit, "error": o.error}
            for o in failed
        ]
        by = {by: _unreached_json(each) for by, each in unreached.items()}
        output.print_json({"examples": len(outcomes), "failed": found, "unreached_by": by})
    else:
        _print_results(outcomes, failed, unreached)
    return 1 if failed else 0


def _unreached_json(unreached: unreached_rows.Unreached) -> dict[str, Any]:
    rows = [{"table": table, "row_id": row.row_id, "row": row.place.row} for table, row in unreached.rows]
    return {"rules": [rule.rule_id for rule in unreached.rules], "limit_rows": rows}


def _print_results(
    outcomes: list[examples.ExampleResult],
    failed: list[examples.ExampleResult],
    unreached: dict[str, unreached_rows.Unreached],
) -> None:
    for o in failed:
        result = o.error or f"{o.verdict}, measured {o.measured}, limit {o.limit}"
        e = o.example
        print(
            f"{e.place.table}, row {e.place.row}: {e.example_id} of {e.rule_id} expects {e.verdict} "
            f"{e.measured} {e.limit}; the rule gives {result}."
        )
    for by, each in unreached.items():
        for rule in each.rules:
            print(f"{rule.place.table}, row {rule.place.row}: {rule.rule_id} decides nothing in {by}.")
        for table, row in each.rows:
            print(f"limits/{table}.csv, row {row.place.row}: {row.row_id} answers for nothing in {by}.")
        print(f"Reached by {by}: all but {len(each.rules)} rules and {len(each.rows)} limit rows.")
    print(f"{len(outcomes)} examples, {len(failed)} disagree.")
