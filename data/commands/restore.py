"""Put a backup in the book's place."""

import argparse
from pathlib import Path

from data.command_line import options, output
from data.storage import backup

ABOUT = "put a backup in the book's place; the former book is kept beside it"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--replace", action="store_true", help="even where the present book is whole")
    options.add_book_and_json_options(command)


def run(arguments: argparse.Namespace) -> int:
    aside = backup.restore_backup(arguments.file, arguments.book, replace=arguments.replace)
    kept = f" The former book is kept as 原台账保留为 {aside}." if aside else ""
    output.print_result(
        {"book": str(arguments.book), "restored_from": str(arguments.file), "kept_as": str(aside) if aside else None},
        f"Book 台账 {arguments.book} restored from 已恢复自 {arguments.file}.{kept}",
        as_json=arguments.json,
    )
    return 0
