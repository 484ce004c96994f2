"""Read every block of the book."""

import argparse

from data.commands import arguments as add
from data.storage import backup

ABOUT = "read every block of the book and say whether it is whole"


def arguments(command: argparse.ArgumentParser) -> None:
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    marks = backup.verify_book(options.book)
    rows = sum(count for count, _ in marks.values())
    tables = {name: {"rows": mark[0], "digest": mark[1]} for name, mark in marks.items()}
    text = f"Book 台账 {options.book} is whole 完好: {len(marks)} tables 表, {rows:,} rows 行."
    add.print_result({"book": str(options.book), "tables": tables}, text, options.json)
    return 0
