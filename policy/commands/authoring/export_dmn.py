"""Write a limit table as DMN."""

import argparse
from pathlib import Path

from data.command_line import options, output
from data.errors import InputError
from data.language.expressions import did_you_mean
from data.messages.catalogue import bilingual
from data.storage import private_files
from policy.commands import policy_options
from policy.decision_tables.dmn import writing
from policy.runs import snapshot_check

ABOUT = "write a limit table as a DMN 1.3 decision table"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("table", help="the limit table's name, as in limit_columns.csv")
    policy_options.add_tables_option(command)
    options.add_json_option(command)
    command.add_argument("--out", type=Path, help="the file to write (default: print it)")


def run(arguments: argparse.Namespace) -> int:
    policy = snapshot_check.load_policy(arguments.tables)
    name = arguments.table
    if name not in policy.limit_tables:
        near = did_you_mean(name, policy.limit_tables)
        raise InputError(bilingual("commands.unknown_limit_table", name=name, near=near))
    table = policy.limit_tables[name]
    text = writing.render_document(table)
    if arguments.out:
        try:
            private_files.write_output(arguments.out, text.encode())
        except OSError as error:
            raise InputError(
                bilingual("common.not_writable", path=arguments.out, why=error.strerror or error)
            ) from error
    if arguments.json:
        content = {"table": name, "hit_policy": table.hit_policy, "rows": len(table.rows)}
        content |= {"policy_version": policy.version}
        output.print_json(content | ({"file": arguments.out} if arguments.out else {"dmn": text}))
    else:
        print(f"{name}: rows {len(table.rows)}, {table.hit_policy}, in {arguments.out}" if arguments.out else text)
    return 0
