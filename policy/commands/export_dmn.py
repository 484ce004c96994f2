"""Write a limit table as DMN."""

import argparse
from pathlib import Path

from data.errors import InputError
from policy.commands import arguments as add
from policy.commands import printing
from policy.decision_tables.dmn import writing
from policy.language.expressions import did_you_mean
from policy.runs import snapshot_check

ABOUT = "write a limit table as a DMN 1.3 decision table"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("table", help="the limit table's name, as in limit_columns.csv")
    for argument in (add.tables_option, add.json_option):
        argument(command)
    command.add_argument("--out", type=Path, help="the file to write (default: print it)")


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    name = arguments.table
    if name not in policy.limit_tables:
        raise InputError(
            f"No limit table '{name}'{did_you_mean(name, policy.limit_tables)}. Name one of limit_columns.csv."
        )
    table = policy.limit_tables[name]
    text = writing.render_document(table)
    if arguments.out:
        try:
            arguments.out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{arguments.out} cannot be written: {error.strerror}. Give --out a path.") from error
    if arguments.json:
        said = {"table": name, "hit_policy": table.hit_policy, "rows": len(table.rows)}
        said |= {"policy_version": policy.version}
        printing.print_json(said | ({"file": arguments.out} if arguments.out else {"dmn": text}))
    else:
        print(f"{name}: rows {len(table.rows)}, {table.hit_policy}, in {arguments.out}" if arguments.out else text)
    return 0
