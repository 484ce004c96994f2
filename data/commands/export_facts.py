"""Write the facts of a snapshot as Parquet."""

import argparse
from pathlib import Path

from data.command_line import options, output
from data.facts import parquet_export
from data.queries import snapshots
from data.storage import book

ABOUT = "write the facts of a snapshot as Parquet, for a check on a cluster"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder; a snapshot is one below it")
    options.add_as_of_option(command)
    options.add_book_and_json_options(command)


def run(arguments: argparse.Namespace) -> int:
    with book.open_reader(arguments.book) as reader:
        as_of = snapshots.resolve_snapshot(reader.cursor(), arguments.as_of)
        rows = parquet_export.export_snapshot(reader, as_of, arguments.out)
    text = f"Facts 事实 {as_of}: {sum(rows.values()):,} rows 行 of {len(rows)} subjects 对象, {arguments.out}."
    output.print_result({"as_of": as_of, "out": str(arguments.out), "rows": rows}, text, as_json=arguments.json)
    return 0
