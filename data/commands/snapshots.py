"""List the snapshots with the batches that made them."""

import argparse
from typing import Any

from data.command_line import options, output
from data.queries import snapshots
from data.storage import book

ABOUT = "list the snapshots, with the batches that made and corrected them"


def add_arguments(command: argparse.ArgumentParser) -> None:
    options.add_book_and_json_options(command)


def run(arguments: argparse.Namespace) -> int:
    with book.open_for_reading(arguments.book) as cursor:
        found = snapshots.list_snapshots(cursor)
    text = "\n".join(line for entry in found for line in _format_snapshot(entry)) or "No snapshots. 没有时点。"
    output.print_result({"snapshots": output.decimals_to_floats(found)}, text, as_json=arguments.json)
    return 0


def _format_snapshot(entry: dict[str, Any]) -> list[str]:
    balance = "-" if entry["balance"] is None else f"{entry['balance']:,}"
    lines = [f"{entry['as_of']}  {entry['loans']:>12,} loans 笔  {balance:>24}"]
    for batch in entry["batches"]:
        state = _format_state(batch)
        scope = f" --{batch['scope']}" if batch["scope"] else ""
        files = ", ".join(batch["files"] or [])
        lines.append(f"    {batch['loaded_at']:%Y-%m-%d %H:%M:%S} {batch['batch']}{scope}: {state}; {files}")
    return lines


def _format_state(batch: dict[str, Any]) -> str:
    if batch["withdrawn_at"] is not None:
        return f"withdrawn 已撤回 {batch['withdrawn_at']:%Y-%m-%d %H:%M:%S}"
    return "corrected 已更正" if batch["corrected"] else f"{batch['standing']:,} of {batch['brought']:,} stand 有效"
