"""The options that several commands of python -m policy take beside those of data.command_line."""

import argparse

from data.command_line import options
from policy.model import table_folder


def add_tables_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--tables",
        action=table_folder.DefaultFolderAction,
        help="folder of policy tables (default: LOANLIGHT_TABLES, or the shipped ones)",
    )


def add_today_option(command: argparse.ArgumentParser) -> None:
    command.add_argument("--today", action="store_true", help="judge old acts by the rules in force at --as-of")


def add_reading_options(command: argparse.ArgumentParser) -> None:
    """What every command takes that reads policy tables and a snapshot of a book."""
    add_tables_option(command)
    options.add_json_option(command)
    options.add_as_of_option(command)
    options.add_book_option(command)


def add_judging_options(command: argparse.ArgumentParser) -> None:
    """What every command takes that judges the records of a book by the rules of the act, or today's."""
    add_reading_options(command)
    add_today_option(command)
