"""Proof-read the policy tables."""

import argparse
from dataclasses import asdict
from pathlib import Path

from policy import lint, tables
from policy.commands import arguments as add
from policy.commands import printing

ABOUT = "proof-read the policy tables"


def arguments(command: argparse.ArgumentParser) -> None:
    for argument in (add.tables, add.json, add.as_of):
        argument(command)


def run(arguments: argparse.Namespace) -> int:
    directory = Path(arguments.tables) if arguments.tables else tables.SHIPPED
    policy, problems = lint.lint(tables.read_texts(directory), arguments.as_of)
    errors = sum(problem.level == "error" for problem in problems)
    if arguments.json:
        found = [asdict(problem) for problem in problems]
        printing.as_json({"policy_version": policy.version, "errors": errors, "problems": found})
    else:
        for problem in problems:
            print(f"{problem.level}: {problem}")
        print(f"{len(policy.rules)} rules, {errors} errors, {len(problems) - errors} warnings.")
    return 1 if errors else 0
