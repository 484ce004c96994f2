"""Back the book up."""

import argparse
from pathlib import Path

from data.command_line import event_log, options, output
from data.storage import backup

ABOUT = "copy the book to a new file, sealed and verified; an import may run meanwhile"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    options.add_book_and_json_options(command)
    options.add_log_option(command)


def run(arguments: argparse.Namespace) -> int:
    watch = event_log.Stopwatch()
    marks = backup.create_backup(arguments.book, arguments.file)
    rows = sum(count for count, _ in marks.values())
    event_log.record_event("backup", tables=len(marks), rows=rows, seconds=watch.seconds, outcome="verified")
    text = f"Backup 备份 {arguments.file}: {len(marks)} tables 表, {rows:,} rows 行; verified 已核验."
    output.print_result(
        {"backup": str(arguments.file), "tables": len(marks), "rows": rows}, text, as_json=arguments.json
    )
    return 0
