"""Write the facts of a snapshot as Parquet."""

import argparse
from pathlib import Path

from data.commands import arguments as add
from data.facts import parquet_export
from data.storage import book

ABOUT = "write the facts of a snapshot as Parquet, for a check on a cluster"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder; a snapshot is one below it")
    command.add_argument("--as-of", type=add.parse_date, metavar="DATE", help="the snapshot (default: the latest)")
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    with book.open_reader(options.book) as reader:
        as_of = add.resolve_snapshot(reader.cursor(), options.as_of)
        rows = parquet_export.export_snapshot(reader, as_of, options.out)
    text = f"Facts 事实 {as_of}: {sum(rows.values()):,} rows 行 of {len(rows)} subjects 对象, {options.out}."
    add.print_result({"as_of": as_of, "out": str(options.out), "rows": rows}, text, options.json)
    return 0
