"""Judge a run again and compare."""

import argparse

from data.command_line import options, output
from data.storage.book import open_reader
from policy.runs import replay

ABOUT = "judge a run again from its stored policy and data, and compare byte for byte"
FAILURES = "or the verdicts differ now 或判定结果已不同"


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("run_id", metavar="RUN", help="the run's id, or its beginning (python -m policy runs)")
    options.add_book_option(command)
    options.add_json_option(command)


def run(arguments: argparse.Namespace) -> int:
    with open_reader(arguments.book) as reader:
        found = replay.replay_run(reader, arguments.run_id)
    if arguments.json:
        hashes = {part: {"stored": a, "replayed": b} for part, (a, b) in found.hashes.items()}
        output.print_json(
            {
                "run_id": found.run.run_id,
                "identical": found.is_identical,
                "moved_since": found.data_changes,
                "hashes": hashes,
                "differing": found.difference_count,
                "rows": found.sample_rows,
            }
        )
        return 0 if found.is_identical else 1
    print(f"Run {found.run.run_id}: policy {found.run.policy_version}, engine {found.run.engine_version}")
    for change in found.data_changes:
        print(f"The data have moved since; judged as they were. {change}")
    for part, (stored, again) in found.hashes.items():
        print(f"{part:12}stored   {stored}\n{'':12}replayed {again}")
    for row in found.sample_rows:
        print("only " + row["only"] + ": " + ", ".join(f"{k}={v}" for k, v in row.items() if k != "only"))
    print("Identical." if found.is_identical else f"Rows that differ: {found.difference_count}.")
    return 0 if found.is_identical else 1
