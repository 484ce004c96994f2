"""Make a demo book."""

import argparse

from data.commands import arguments as add
from data.demo import generator

ABOUT = "make a demo book"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--loans", type=int, default=5000, metavar="N")
    command.add_argument("--seed", type=int, default=1, metavar="S")
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    made = generator.build_book(options.book, options.loans, options.seed)
    add.print_result(made, "\n".join(f"{name}: {value}" for name, value in made.items()), options.json)
    return 0
