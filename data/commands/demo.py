"""Make a demo book."""

import argparse

from data.command_line import options, output
from data.demo import generator

ABOUT = "make a demo book"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--loans", type=int, default=5000, metavar="N")
    command.add_argument("--seed", type=int, default=1, metavar="S")
    options.add_book_and_json_options(command)


def run(arguments: argparse.Namespace) -> int:
    made = generator.build_book(arguments.book, arguments.loans, arguments.seed)
    output.print_result(made, "\n".join(f"{name}: {value}" for name, value in made.items()), as_json=arguments.json)
    return 0
