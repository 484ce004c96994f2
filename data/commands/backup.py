"""Back the book up."""

import argparse
from pathlib import Path

from data.commands import arguments as add
from data.storage import backup

ABOUT = "copy the book to a new file, sealed and proved; an import may run meanwhile"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    marks = backup.create_backup(options.book, options.file)
    rows = sum(count for count, _ in marks.values())
    text = f"Backup 备份 {options.file}: {len(marks)} tables 表, {rows:,} rows 行; proved 已核验."
    add.print_result({"backup": str(options.file), "tables": len(marks), "rows": rows}, text, options.json)
    return 0
