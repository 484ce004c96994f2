"""List the snapshots with the batches that made them."""

import argparse
from typing import Any

from data.commands import arguments as add
from data.queries import snapshots
from data.storage import book

ABOUT = "list the snapshots, with the batches that made and corrected them"


def arguments(command: argparse.ArgumentParser) -> None:
    add.book_arguments(command)


def run(options: argparse.Namespace) -> int:
    with book.open_for_reading(options.book) as cursor:
        found = snapshots.list_snapshots(cursor)
    text = "\n".join(line for entry in found for line in _format_snapshot(entry)) or "No snapshots. 没有时点。"
    add.print_result({"snapshots": add.decimals_to_floats(found)}, text, options.json)
    return 0


def _format_snapshot(entry: dict[str, Any]) -> list[str]:
    balance = "-" if entry["balance"] is None else f"{entry['balance']:,}"
    lines = [f"{entry['as_of']}  {entry['loans']:>12,} loans 笔  {balance:>24}"]
    for batch in entry["batches"]:
        state = (
            "corrected 已更正" if batch["corrected"] else f"{batch['standing']:,} of {batch['brought']:,} stand 有效"
        )
        scope = f" --{batch['scope']}" if batch["scope"] else ""
        files = ", ".join(batch["files"] or [])
        lines.append(f"    {batch['loaded_at']:%Y-%m-%d %H:%M:%S} {batch['batch']}{scope}: {state}; {files}")
    return lines
