"""List the rows that could not be loaded."""

import argparse

from data.command_line import options, output
from data.ingest import quarantine
from data.storage import book

ABOUT = "list the rows that could not be loaded, with reasons"


def add_arguments(command: argparse.ArgumentParser) -> None:
    options.add_book_and_json_options(command)


def run(arguments: argparse.Namespace) -> int:
    with book.open_for_reading(arguments.book) as con:
        found = quarantine.load_rows(con)
    output.print_result(found, quarantine.format_rows(found), as_json=arguments.json)
    return 0
