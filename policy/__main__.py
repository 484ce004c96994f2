"""python -m policy: lint, check, verdicts, extension, test."""

import argparse
import json
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from data import book
from data.errors import InputError, LoanlightError
from policy import examples, extension, judging, lint, requests, tables, verdicts
from policy.model import VERDICTS, Policy


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is no date; write it as 2024-01-31") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m policy", description="Check a loan book against the policy tables."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, run, about in (
        ("lint", _lint, "proof-read the policy tables"),
        ("test", _test, "run the policy's examples"),
        ("check", _check, "judge a snapshot and keep the run"),
        ("verdicts", _verdicts, "every rule for one loan"),
        ("extension", _extension, "may a loan be extended"),
    ):
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        command.add_argument("--tables", help="folder of policy tables (default: the shipped ones)")
        command.add_argument("--json", action="store_true", help="print one JSON object")
        if name != "test":
            command.add_argument("--as-of", type=_day, help="the day of judgement, a snapshot (default: the latest)")
        if name in ("check", "verdicts", "extension"):
            command.add_argument("--book", type=Path, default=book.default_path(), help="the book's file")
            command.add_argument("--today", action="store_true", help="judge old acts by the rules in force at --as-of")
    _arguments(commands)
    return parser


def _arguments(commands: Any) -> None:
    commands.choices["verdicts"].add_argument("--loan", required=True, help="the loan's id")
    command = commands.choices["extension"]
    command.add_argument("--loan", help="the loan's id")
    command.add_argument("--to", type=_day, help="the new maturity asked for")
    command.add_argument("--applied", type=_day, help="the day of the application")
    command.add_argument("--consent", help="all, none, or the providers who consent, comma separated")
    command.add_argument("--requests", type=Path, help="a CSV of requests instead of one loan")
    command.add_argument("--out", type=Path, help="the CSV to write the decisions to")


def _print_json(value: object) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def _lint(arguments: argparse.Namespace) -> int:
    directory = Path(arguments.tables) if arguments.tables else tables.SHIPPED
    policy, problems = lint.lint(tables.read_texts(directory), arguments.as_of)
    errors = sum(problem.level == "error" for problem in problems)
    if arguments.json:
        found = [asdict(problem) for problem in problems]
        _print_json({"policy_version": policy.version, "errors": errors, "problems": found})
    else:
        for problem in problems:
            print(f"{problem.level}: {problem}")
        print(f"{len(policy.rules)} rules, {errors} errors, {len(problems) - errors} warnings.")
    return 1 if errors else 0


def _test(arguments: argparse.Namespace) -> int:
    outcomes = examples.run(judging.load(arguments.tables))
    failed = [outcome for outcome in outcomes if not outcome.agrees]
    if arguments.json:
        found = [
            asdict(o.example)
            | {"said": o.verdict, "said_measured": o.measured, "said_limit": o.limit, "error": o.error}
            for o in failed
        ]
        _print_json({"examples": len(outcomes), "failed": found})
    else:
        for o in failed:
            said = o.error or f"{o.verdict}, measured {o.measured}, limit {o.limit}"
            e = o.example
            print(f"{e.place.table}, row {e.place.row}: {e.example_id} of {e.rule_id} expects {e.verdict} "
                  f"{e.measured} {e.limit}; the rule says {said}.")  # fmt: skip
        print(f"{len(outcomes)} examples, {len(failed)} disagree.")
    return 1 if failed else 0


def _check(arguments: argparse.Namespace) -> int:
    policy = judging.load(arguments.tables)
    if not arguments.book.exists():
        raise InputError(f"No book at {arguments.book}. Import a file first: python -m data import FILE --as-of DATE.")
    with book.writing(arguments.book) as con:
        run = judging.check(con, policy, judging.pick_as_of(con, arguments.as_of), today=arguments.today)
    rules = [_rule_json(policy, counted) for counted in run.rules]
    if arguments.json:
        _print_json({"policy_version": run.policy_version, "as_of": run.as_of, "run_id": run.run_id,
                     "subjects": run.subjects, "rules": rules})  # fmt: skip
        return 0
    print(f"Run {run.run_id}: policy {run.policy_version}, as of {run.as_of}, "
          + ", ".join(f"{n} {subject}" for subject, n in run.subjects.items()))  # fmt: skip
    print(f"{'rule':34}{'severity':10}" + "".join(f"{verdict:>16}" for verdict in VERDICTS))
    for rule in rules:
        print(f"{rule['rule_id']:34}{rule['severity']:10}" + "".join(f"{rule[verdict]:>16}" for verdict in VERDICTS))
    return 0


def _rule_json(policy: Any, counted: judging.RuleCounts) -> dict[str, Any]:
    rule = policy.rules[counted.rule_id]
    return {
        "rule_id": rule.rule_id,
        "family": rule.family,
        "subject": rule.subject,
        "severity": rule.severity,
    } | counted.counts


def _verdicts(arguments: argparse.Namespace) -> int:
    policy = judging.load(arguments.tables)
    with book.reading(arguments.book) as con:
        as_of = judging.pick_as_of(con, arguments.as_of)
        found = verdicts.of_loan(con, policy, as_of, arguments.loan, today=arguments.today)
    if arguments.json:
        _print_json({"loan_id": arguments.loan, "as_of": as_of, "policy_version": policy.version,
                     "verdicts": [_line_json(policy, verdict) for verdict in found]})  # fmt: skip
    else:
        print(f"Loan {arguments.loan}, as of {as_of}, policy {policy.version}")
        _print_lines(found)
    return 0


def _line_json(policy: Policy, line: verdicts.Verdict) -> dict[str, Any]:
    """A verdict with the clause it rests on in both languages."""
    clause = policy.clauses[line.clause_id]
    return asdict(line) | {"clause": {name: text for name, text in asdict(clause).items() if text}}


def _print_lines(found: list[verdicts.Verdict]) -> None:
    for line in found:
        why = f" ({line.reason}: {', '.join(line.missing)})" if line.reason else ""
        said = f"{line.measured} {line.comparator} {line.limit}"
        print(f"{line.verdict:15}{line.rule_id:34}{line.clause_id:14}{said}{why}  {line.title_zh} / {line.title_en}")


def _extension(arguments: argparse.Namespace) -> int:
    many = arguments.requests is not None
    lacks = [n for n in (("out",) if many else ("loan", "to", "applied")) if getattr(arguments, n) is None]
    if lacks:
        print(f"python -m policy extension: error: needs --{', --'.join(lacks)}", file=sys.stderr)
        return 2
    policy = judging.load(arguments.tables)
    return (_extension_file if many else _extension_one)(arguments, policy)


def _extension_file(arguments: argparse.Namespace, policy: Policy) -> int:
    asked = requests.read(arguments.requests)
    with book.reading(arguments.book) as con:
        decided = requests.decide(con, policy, judging.pick_as_of(con, arguments.as_of), asked)
    requests.write(arguments.out, decided)
    counts = {row["verdict"]: row["len"] for row in decided.group_by("verdict").len().to_dicts()}
    if arguments.json:
        _print_json(
            {"requests": len(decided), "out": str(arguments.out)} | {o: counts.get(o, 0) for o in extension.OUTCOMES}
        )
    else:
        print(f"{len(decided)} requests decided into {arguments.out}: {counts}")
    return 0


def _extension_one(arguments: argparse.Namespace, policy: Policy) -> int:
    request = extension.Request(arguments.loan, arguments.applied, arguments.to, arguments.consent)
    with book.reading(arguments.book) as con:
        as_of = judging.pick_as_of(con, arguments.as_of)
        decision = extension.judge(con, policy, as_of, request, today=arguments.today)
    if arguments.json:
        lines = [_line_json(policy, line) for line in decision.lines]
        _print_json({**asdict(decision), "lines": lines, "as_of": as_of, "policy_version": policy.version})
        return 0
    print(f"Loan {decision.loan_id}: {decision.verdict}. Term class {decision.term_class}, latest permitted maturity "
          f"{decision.latest_permitted}, apply by {decision.apply_by}.")  # fmt: skip
    _print_lines(decision.lines)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Exit status 0; 1 with one message for what the user can mend; 2 for wrong usage."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except LoanlightError as error:
        print(str(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `… | head` ends quietly
    sys.exit(main())
