"""Which clauses the tables cover."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from data.command_line import options, output
from data.errors import UsageError
from data.messages.catalogue import bilingual
from data.storage import book
from policy.authoring import clause_coverage, clause_coverage_markdown
from policy.authoring.clause_coverage import ClauseCoverage
from policy.authoring.expiry import find_expiring_rows
from policy.commands import data_state, policy_options
from policy.model.records import VERDICTS, Policy
from policy.runs import snapshot_check, store
from policy.runs.store import Run

ABOUT = "clause → rules → examples → verdicts on a book, and what is not covered and why"


def add_arguments(command: argparse.ArgumentParser) -> None:
    policy_options.add_tables_option(command)
    options.add_json_option(command)
    options.add_as_of_option(command)
    command.add_argument("--book", type=Path, help="the book whose last run is counted (default: book.duckdb, if any)")
    command.add_argument("--markdown", action="store_true", help="print the README's table")
    command.add_argument("--write", action="store_true", help="with --markdown: write it, and docs/coverage.md")


def run(arguments: argparse.Namespace) -> int:
    if arguments.write and not arguments.markdown:
        raise UsageError(bilingual("commands.write_needs_markdown"))
    policy = snapshot_check.load_policy(arguments.tables)
    if arguments.markdown:
        found = clause_coverage.build_coverage(policy)
        if arguments.write:
            clause_coverage_markdown.write_files(found)
        else:
            print(clause_coverage_markdown.render_summary(found))
        return 0
    judged, counts = _load_last_run(arguments)
    found = clause_coverage.build_coverage(policy, counts)
    _print_warnings(policy, judged, arguments)
    if arguments.json:
        output.print_json(_coverage_json(policy, judged, found))
    else:
        _print_coverage(judged, found)
    return 0


def _load_last_run(arguments: argparse.Namespace) -> tuple[Run | None, dict[str, dict[str, int]] | None]:
    """The last run and its verdicts; none where no --book was given and the default one does not exist."""
    path = arguments.book or book.default_path()
    if arguments.book is None and not path.exists():
        return None, None
    with book.open_for_reading(path) as con:
        found = store.require_latest_run(con, arguments.as_of)
        data_state.warn_of_data_change(con, found)
        return found, clause_coverage.count_verdicts(con, found)


def _print_warnings(policy: Policy, judged: Run | None, arguments: argparse.Namespace) -> None:
    if judged and judged.policy_version != policy.version:
        print(
            f"warning: run {judged.run_id} was judged by policy {judged.policy_version}, these tables are "
            f"{policy.version}; run python -m policy check.",
            file=sys.stderr,
        )
    day = judged.as_of if judged else arguments.as_of
    for warning in find_expiring_rows(policy, day) if day else ():
        print(f"warning: {warning}", file=sys.stderr)


def _coverage_json(policy: Policy, judged: Run | None, found: list[ClauseCoverage]) -> dict[str, Any]:
    clauses = [
        {
            **asdict(each.clause),
            "is_covered": each.is_covered,
            "rules": [asdict(rule) for rule in each.rules],
            "cited_by": each.cited_by,
            "reason_zh": each.reason_zh,
            "reason_en": each.reason_en,
        }
        for each in found
    ]
    return {
        "policy_version": policy.version,
        "run": judged and asdict(judged),
        "clauses": clauses,
        "covered": sum(each.is_covered for each in found),
        "unreached": _list_unreached_rules(found),
    }


def _list_unreached_rules(found: list[ClauseCoverage]) -> list[str]:
    """Rules that no record of the book passed or broke."""
    return list(dict.fromkeys(rule.rule_id for each in found for rule in each.rules if rule.is_reached is False))


def _print_coverage(judged: Run | None, found: list[ClauseCoverage]) -> None:
    print(f"Run {judged.run_id}, as of {judged.as_of}" if judged else "No book: verdicts are not counted.")
    print(
        f"{'clause, rule':44}"
        + "".join(f"{'ex. ' + v[:8]:>13}" for v in VERDICTS)
        + "".join(f"{v:>16}" for v in VERDICTS)
    )
    for each in found:
        clause = each.clause
        print(
            f"{clause.clause_id:18}{clause.mechanical}  {clause.gist_zh} / {clause.gist_en}"
            + ("" if each.is_covered else f"  NOT COVERED: {each.reason_zh} / {each.reason_en}")
        )
        for rule in each.rules:
            counts = [f"{rule.judged[v]:>16}" for v in VERDICTS] if rule.judged else []
            print(f"    {rule.rule_id:40}" + "".join(f"{rule.examples[v]:>13}" for v in VERDICTS) + "".join(counts))
        if each.cited_by:
            print(f"    also {', '.join(each.cited_by)}")
    lacking = [each.clause.clause_id for each in found if not each.is_covered]
    print(
        f"\n{len(found) - len(lacking)} of {len(found)} clauses covered. Not covered: {', '.join(lacking) or 'none'}."
    )
    if judged:
        print(f"Rules that no record of the book passed or broke: {', '.join(_list_unreached_rules(found)) or 'none'}.")
