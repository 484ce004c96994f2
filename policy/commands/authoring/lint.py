"""Proof-read the policy tables."""

import argparse
import csv
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.command_line import options, output
from data.facts import derivation
from data.messages.catalogue import bilingual
from data.queries import snapshots
from data.storage import book
from policy.authoring import lint, uncovered_exposure
from policy.authoring.expiry import find_expiring_rows
from policy.commands import policy_options
from policy.model import table_folder
from policy.model.problem import Problem
from policy.model.records import Policy

ABOUT = "proof-read the policy tables"
FAILURES = "or the policy tables have errors 或制度表有错误"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_tables_option(command)
    options.add_json_option(command)
    options.add_as_of_option(command)
    command.add_argument("--book", type=Path, help="also what of this book falls in each gap, and the rows closing it")


def run(arguments: argparse.Namespace) -> int:
    directory = Path(arguments.tables) if arguments.tables else table_folder.default_folder()
    policy, problems = lint.lint_tables(table_folder.read_texts(directory), arguments.as_of)
    errors = sum(problem.level == "error" for problem in problems)
    summary: dict[str, Any] = {"policy_version": policy.version, "errors": errors}
    found: list[uncovered_exposure.TableCoverage] = []
    if arguments.book and not errors:
        with book.open_for_reading(arguments.book) as con:
            day = snapshots.resolve_snapshot(con, arguments.as_of)
            derivation.require_facts(con, day)
            problems = list(dict.fromkeys([*problems, *find_expiring_rows(policy, day)]))
            found = list(uncovered_exposure.compute_book_coverage(con, policy, day))
        summary |= {"as_of": day, "gaps": _gaps_json(policy, found), "unreached_rows": _list_unreached_rows(found)}
    if arguments.json:
        output.print_json(summary | {"problems": [asdict(problem) for problem in problems]})
    else:
        _print_findings(policy, summary, problems)
        if arguments.book and errors:
            print("The book was not looked at: correct the errors first.")
    return 1 if errors else 0


def _print_findings(policy: Policy, summary: dict[str, Any], problems: list[Problem]) -> None:
    for problem in problems:
        print(f"{problem.level}: {problem}")
        print(_format_chinese(problem))
    for gap in summary.get("gaps", ()):
        print(
            f"\n{gap['table']}, asked of each {gap['subject']} by {gap['act']}: no row answers for {gap['region']}: "
            f"{gap['records']} records, {gap['loans']} loans, {gap['balance']:,} yuan."
        )
        print(f"To close it, fill in the limits and add to limits/{gap['table']}.csv:\n{gap['csv']}", end="")
    for row in summary.get("unreached_rows", ()):
        print(f"limits/{row['table']}.csv, row {row['row']}: no record of the book falls in {row['row_id']}.")
    print(f"{len(policy.rules)} rules, {summary['errors']} errors, {len(problems) - summary['errors']} warnings.")


def _format_chinese(problem: Problem) -> str:
    found = bilingual(
        "model.row_column",
        table=problem.table,
        row=problem.row,
        column=problem.column,
        message=problem.message,
        fix=problem.fix,
    )
    return str(found.zh)


def _gaps_json(policy: Policy, found: list[uncovered_exposure.TableCoverage]) -> list[dict[str, Any]]:
    return [
        asdict(gap.usage)
        | {"region": str(gap.region), "tests": gap.region.tests_by_column(), "witness": gap.region.sample_record()}
        | {"records": gap.records, "loans": gap.loans, "balance": gap.balance, "csv": _closing_rows_csv(policy, gap)}
        for each in found
        for gap in each.gaps
    ]


def _closing_rows_csv(policy: Policy, gap: uncovered_exposure.GapExposure) -> str:
    """The rows that close the gap, under the header of their table and in its order."""
    header = next(csv.reader(io.StringIO(policy.texts[f"limits/{gap.usage.table}.csv"])))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [header, *([row[name] for name in header] for row in gap.closing_rows)]
    )
    return text.getvalue()


def _list_unreached_rows(found: list[uncovered_exposure.TableCoverage]) -> list[dict[str, Any]]:
    """The rows that answer for no record of any subject that asks their table."""
    reached = {(each.usage.table, row.row_id) for each in found for row, records in each.row_hits if records}
    rows = {(each.usage.table, row.row_id): row.place.row for each in found for row, _ in each.row_hits}
    return [
        {"table": table, "row_id": row_id, "row": row}
        for (table, row_id), row in rows.items()
        if (table, row_id) not in reached
    ]
