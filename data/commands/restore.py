"""Put a backup in the book's place."""

import argparse
from pathlib import Path

from data.commands import arguments as add
from data.storage import backup

ABOUT = "put a backup in the book's place; the book that stood there is kept beside it"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--replace", action="store_true", help="even where a book in order stands")
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    aside = backup.restore_backup(options.file, options.book, replace=options.replace)
    kept = f" The former book is kept as 原台账保留为 {aside}." if aside else ""
    add.print_result(
        {"book": str(options.book), "restored_from": str(options.file), "kept_as": str(aside) if aside else None},
        f"Book 台账 {options.book} restored from 已恢复自 {options.file}.{kept}",
        options.json,
    )
    return 0
