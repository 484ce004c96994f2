"""Show or set the home currency of a book: that of amounts that name none, and of every total."""

import argparse

from data import dictionary
from data.command_line import options, output
from data.errors import InputError
from data.messages.catalogue import bilingual
from data.reference import book_settings
from data.storage import book

ABOUT = "show the book's home currency, or set that of a new book"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("currency", nargs="?", metavar="CODE", help="a currency of the code list, such as USD")
    options.add_book_and_json_options(command)


def run(arguments: argparse.Namespace) -> int:
    if arguments.currency:
        code = _find_code(arguments.currency)
        with book.open_for_writing(arguments.book) as con:
            book_settings.write_home_currency(con, code)
    with book.open_for_reading(arguments.book) as con:
        currency = book_settings.read_home_currency(con)
    output.print_result({"home_currency": currency}, currency, as_json=arguments.json)
    return 0


def _find_code(text: str) -> str:
    """The code of the list, however it is written. Raises InputError for one that is not in it."""
    if dictionary.has_code("currency", text.upper()):
        return text.upper()
    known = ", ".join(dictionary.codes_of_list("currency"))
    raise InputError(bilingual("commands.unknown_currency", text=text, known=known))
