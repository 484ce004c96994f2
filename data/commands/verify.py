"""Read every block of the book."""

import argparse

from data.command_line import options, output
from data.storage import backup

ABOUT = "read every block of the book and say whether it is whole"


def add_arguments(command: argparse.ArgumentParser) -> None:
    options.add_book_and_json_options(command)


def run(arguments: argparse.Namespace) -> int:
    marks = backup.verify_book(arguments.book)
    rows = sum(count for count, _ in marks.values())
    tables = {name: {"rows": mark[0], "digest": mark[1]} for name, mark in marks.items()}
    text = f"Book 台账 {arguments.book} is whole 完好: {len(marks)} tables 表, {rows:,} rows 行."
    output.print_result({"book": str(arguments.book), "tables": tables}, text, as_json=arguments.json)
    return 0
