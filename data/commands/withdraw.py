"""Withdraw a batch that should not have been imported."""

import argparse

from data.command_line import options, output
from data.ingest import withdrawal

ABOUT = "withdraw a batch: the book is as if its files had never been imported"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("batch", metavar="BATCH", help="the batch, as `python -m data snapshots` names it")
    options.add_book_and_json_options(command)
    options.add_log_option(command)


def run(arguments: argparse.Namespace) -> int:
    found = withdrawal.withdraw_batch(arguments.book, arguments.batch)
    content = {"batch": found.batch, "as_of": found.as_of, "rows": found.rows, "checks": found.checks}
    text = (
        f"Batch 批次 {found.batch} ({found.as_of}): {found.rows:,} rows withdrawn 行已撤回, {found.checks} checks "
        f"of that day removed 次该日检查一并移除; facts derived again for 重新推导的时点: "
        f"{', '.join(map(str, found.days)) or '-'}. "
        "Check these days again 请重新检查这些时点: python -m policy check --as-of DATE"
    )
    output.print_result(content | {"days": found.days}, text, as_json=arguments.json)
    return 0
