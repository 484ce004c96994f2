"""List the rows that could not be loaded."""

import argparse

from data.commands import arguments as add
from data.ingest import quarantine

ABOUT = "list the rows that could not be loaded, with reasons"


def arguments(command: argparse.ArgumentParser) -> None:
    add.of_book(command)


def run(options: argparse.Namespace) -> int:
    found = quarantine.rows(options.book)
    add.show(found, quarantine.text(found), options.json)
    return 0
