"""List the rows that could not be loaded."""

import argparse

from data.commands import arguments as add
from data.ingest import quarantine

ABOUT = "list the rows that could not be loaded, with reasons"


def arguments(command: argparse.ArgumentParser) -> None:
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    found = quarantine.load_rows(options.book)
    add.print_result(found, quarantine.format_rows(found), options.json)
    return 0
