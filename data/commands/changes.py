"""What moved between two snapshots."""

import argparse
from datetime import date
from pathlib import Path
from typing import Any

from data.command_line import options, output
from data.queries import snapshots
from data.storage import book, formula_escaping

ABOUT = "show new, matured, settled and vanished loans between two snapshots, with amounts that add up"
CHANGE_NAMES_ZH = {
    "new": "新增",
    "vanished": "消失",
    "settled": "结清",
    "up": "余额增加",
    "down": "余额减少",
    "unchanged": "不变",
    "matured": "期间到期",
    "maturity_later": "到期日推后",
    "maturity_earlier": "到期日提前",
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    for name in ("from", "to"):
        command.add_argument(
            f"--{name}",
            dest=name,
            required=True,
            type=parse_date_or_batch,
            metavar="DATE|BATCH",
            help="a snapshot; a batch for the snapshot as it was after that batch",
        )
    command.add_argument("--out", type=Path, metavar="FILE", help="write the loans as CSV")
    options.add_book_and_json_options(command)


def parse_date_or_batch(text: str) -> date | str:
    """A date, or the id of a batch."""
    try:
        return options.parse_date(text)
    except argparse.ArgumentTypeError:
        if "-" not in text:
            raise
        return text


def run(arguments: argparse.Namespace) -> int:
    opening, closing = getattr(arguments, "from"), arguments.to
    with book.open_for_reading(arguments.book) as cursor:
        moves = snapshots.compare_snapshots(cursor, opening, closing)
    found = snapshots.summarise_changes(moves)
    if arguments.out:
        formula_escaping.write_csv(moves, arguments.out)
    content = {
        "from": str(opening),
        "to": str(closing),
        "currencies": output.decimals_to_floats(found),
        "loans": output.decimals_to_floats(
            [
                row
                for row in moves.iter_rows(named=True)
                if row["change"] != "unchanged" or any(row[flag] for flag in snapshots.CHANGE_FLAGS)
            ]
        ),
    }
    text = [f"From 期初 {opening} to 期末 {closing}", *(line for entry in found for line in _format_currency(entry))]
    output.print_result(content, "\n".join(text), as_json=arguments.json)
    return 0


def _format_currency(entry: dict[str, Any]) -> list[str]:
    lines = [
        f"{entry['currency'] or '(no currency 未注明币种)'}",
        _format_line("opening 期初", entry["opening_loans"], entry["opening"]),
    ]
    lines += [
        _format_line(f"{name} {CHANGE_NAMES_ZH[name]}", line["loans"], line["amount"])
        for name, line in entry["changes"].items()
    ]
    lines.append(_format_line("closing 期末", entry["closing_loans"], entry["closing"]))
    lines += [
        _format_line(f"of which 其中 {name} {CHANGE_NAMES_ZH[name]}", line["loans"], line["balance"])
        for name, line in entry["of_which"].items()
    ]
    return lines


def _format_line(label: str, loans: int, amount: object) -> str:
    return f"  {label:<40}{loans:>12,}{amount:>26,}"
