"""Run the policy's examples."""

import argparse
from dataclasses import asdict

from policy import examples, judging
from policy.commands import arguments as add
from policy.commands import printing

ABOUT = "run the policy's examples"


def arguments(command: argparse.ArgumentParser) -> None:
    for argument in (add.tables, add.json):
        argument(command)


def run(arguments: argparse.Namespace) -> int:
    outcomes = examples.run(judging.load(arguments.tables))
    failed = [outcome for outcome in outcomes if not outcome.agrees]
    if arguments.json:
        found = [
            asdict(o.example)
            | {"said": o.verdict, "said_measured": o.measured, "said_limit": o.limit, "error": o.error}
            for o in failed
        ]
        printing.as_json({"examples": len(outcomes), "failed": found})
    else:
        for o in failed:
            said = o.error or f"{o.verdict}, measured {o.measured}, limit {o.limit}"
            e = o.example
            print(f"{e.place.table}, row {e.place.row}: {e.example_id} of {e.rule_id} expects {e.verdict} "
                  f"{e.measured} {e.limit}; the rule says {said}.")  # fmt: skip
        print(f"{len(outcomes)} examples, {len(failed)} disagree.")
    return 1 if failed else 0
