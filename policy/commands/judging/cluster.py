"""`check` on another engine than the book's: facts in Parquet in, verdicts in Parquet out."""

import argparse

from data.command_line import event_log, output
from data.errors import UsageError
from data.language.dialects import BOOK, ENGINES
from data.messages.catalogue import bilingual
from policy.model.records import VERDICTS
from policy.runs import snapshot_check

CLUSTER_OPTIONS = {"facts": "--facts", "out": "--out", "master": "--master", "conf": "--conf"}
BOOK_OPTIONS = {"all": "--all", "last": "--last"}
REQUIRED_OPTIONS = {"facts": "--facts", "out": "--out", "as_of": "--as-of"}


def add_arguments(command: argparse.ArgumentParser) -> None:
    about = "judges exported facts; python -m policy adopt takes the verdicts into the book (docs/spark.md)"
    group = command.add_argument_group("on a cluster", about)
    group.add_argument("--engine", choices=sorted(ENGINES), default=BOOK.name, help=f"default: {BOOK.name}")
    group.add_argument("--facts", metavar="PATH", help="folder that python -m data export-facts wrote")
    group.add_argument("--out", metavar="PATH", help="folder for the verdicts; must not exist")
    group.add_argument("--master", metavar="URL", help="local[N], spark://HOST:PORT or yarn (default: local[*])")
    group.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="a setting of the cluster")


def is_chosen(arguments: argparse.Namespace) -> bool:
    """Whether the check is to run on a cluster."""
    return str(arguments.engine) != BOOK.name


def require_matching_options(arguments: argparse.Namespace) -> None:
    """Raises UsageError for options that the chosen engine does not take, or lacks."""
    if not is_chosen(arguments):
        if given := _list_given(arguments, CLUSTER_OPTIONS):
            raise UsageError(bilingual("commands.only_on_cluster", options=given))
        return
    if given := _list_given(arguments, BOOK_OPTIONS):
        raise UsageError(bilingual("commands.one_snapshot_on_cluster", options=given))
    missing = [option for name, option in REQUIRED_OPTIONS.items() if not getattr(arguments, name)]
    if missing:
        raise UsageError(bilingual("commands.cluster_needs", engine=arguments.engine, options=", ".join(missing)))
    if odd := [pair for pair in arguments.conf if "=" not in pair]:
        raise UsageError(bilingual("commands.conf_not_a_pair", pair=odd[0]))


def _list_given(arguments: argparse.Namespace, known: dict[str, str]) -> str:
    return ", ".join(option for name, option in known.items() if getattr(arguments, name))


def run(arguments: argparse.Namespace) -> int:
    from policy.spark.cluster_check import check_snapshot

    watch = event_log.Stopwatch()
    policy = snapshot_check.load_policy(arguments.tables)
    settings = dict(pair.split("=", 1) for pair in arguments.conf)
    found = check_snapshot(
        policy,
        arguments.as_of,
        source=arguments.facts,
        out=arguments.out,
        master=arguments.master or "local[*]",
        today=arguments.today,
        settings=settings,
    )
    event_log.record_event(
        "check",
        as_of=found["as_of"],
        rows=sum(found["subjects"].values()),
        violations=found["verdicts"].get("violation", 0),
        not_assessable=found["verdicts"].get("not_assessable", 0),
        seconds=watch.seconds,
        outcome="checked",
    )
    if arguments.json:
        output.print_json(found | {"out": arguments.out})
        return 0
    print(
        f"Policy {policy.version}, as of {found['as_of']}, {found['engine_version']}: "
        + ", ".join(f"{n} {subject}" for subject, n in found["subjects"].items())
    )
    print(", ".join(f"{verdict} {found['verdicts'].get(verdict, 0):,}" for verdict in VERDICTS))
    print(f"Verdicts: {arguments.out}. Take them into the book: python -m policy adopt {arguments.out}")
    return 0
