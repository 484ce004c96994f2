"""What differs between two policy versions, or between two runs and why."""

import argparse
from dataclasses import asdict
from pathlib import Path

from data.command_line import options, output
from data.errors import InputError
from data.messages.catalogue import bilingual
from data.storage.book import open_for_reading, open_reader
from policy.authoring import version_diff
from policy.commands import printing
from policy.model import table_folder
from policy.runs import diff, store
from policy.runs.diff import CAUSES, RunDifference

ABOUT = "compare two policy versions row by row, or two runs with the cause of each change"
MAX_LINES = 40


def add_arguments(command: argparse.ArgumentParser) -> None:
    for name in ("a", "b"):
        command.add_argument(name, metavar=name.upper(), help="a run, a policy version (id or its beginning), a folder")
    options.add_book_option(command)
    options.add_json_option(command)


def run(arguments: argparse.Namespace) -> int:
    names = (arguments.a, arguments.b)
    is_run = [_is_run(name, arguments.book) for name in names]
    if any(is_run) and not all(is_run):
        raise InputError(bilingual("commands.run_and_version", name=names[is_run.index(True)]))
    if all(is_run):
        with open_reader(arguments.book) as reader:
            _print_run_difference(diff.compare_runs(reader, *names), as_json=arguments.json)
        return 0
    (before, old), (after, new) = (_load_version(name, arguments.book) for name in names)
    found = version_diff.find_changes(old, new)
    if arguments.json:
        output.print_json({"a": before, "b": after, "changes": [asdict(change) for change in found]})
        return 0
    print(f"Policy {before} → {after}: rows that differ: {len(found)}.")
    printing.print_changes(found)
    return 0


def _is_run(name: str, book: Path) -> bool:
    """A folder is a version; so is a name that begins no run. Versions are plain hexadecimal, run ids hold hyphens."""
    if Path(name).is_dir() or not book.exists():
        return False
    with open_for_reading(book) as con:
        return "-" in name or any(run.run_id.startswith(name) for run in store.list_runs(con))


def _load_version(name: str, book: Path) -> tuple[str, dict[str, str]]:
    if Path(name).is_dir():
        texts = table_folder.read_texts(Path(name))
        return table_folder.compute_version(texts), texts
    with open_for_reading(book) as con:
        policy = store.load_stored_policy(con, name)
    return policy.version, policy.texts


def _print_run_difference(found: RunDifference, *, as_json: bool) -> None:
    totals = {
        cause: {change: found.count_changes(cause, change) for change in ("appeared", "vanished")} for cause in CAUSES
    }
    if as_json:
        output.print_json(
            {
                "a": asdict(found.before),
                "b": asdict(found.after),
                "order": CAUSES,
                "violations": totals,
                "counts": found.counts.to_dicts(),
                "changes": found.changes.to_dicts(),
            }
        )
        return
    print(f"Run {found.before.run_id} → {found.after.run_id}")
    print(f"{'cause':10}{'appeared':>10}{'vanished':>10}")
    for cause, each in totals.items():
        print(f"{cause:10}{each['appeared']:>10}{each['vanished']:>10}")
    print(
        f"{'in all':10}{sum(t['appeared'] for t in totals.values()):>10}"
        f"{sum(t['vanished'] for t in totals.values()):>10}"
    )
    print(f"\n{'rule':34}{'verdict':16}{'before':>9}{'after':>9}" + "".join(f"{cause:>9}" for cause in CAUSES))
    for row in found.counts.to_dicts():
        print(
            f"{row['rule_id']:34}{row['verdict']:16}{row['before']:>9}{row['after']:>9}"
            + "".join(f"{row[cause]:>+9}" for cause in CAUSES)
        )
    print()
    for row in found.changes.head(MAX_LINES).to_dicts():
        print(f"{row['change']:10}{row['cause']:8}{row['rule_id']:34}{row['subject']:12}{row['subject_id']}")
    if found.changes.height > MAX_LINES:
        print(f"… {found.changes.height - MAX_LINES} more; --json lists them all.")
