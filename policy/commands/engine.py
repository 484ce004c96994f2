"""`check` on another engine than the book's: facts in Parquet in, verdicts in Parquet out."""

import argparse

from policy.commands import printing
from policy.language.dialects import BOOK, ENGINES
from policy.model.records import VERDICTS
from policy.runs import snapshot_check

CLUSTER_OPTIONS = {"facts": "--facts", "out": "--out", "master": "--master", "conf": "--conf"}
BOOK_OPTIONS = {"all": "--all", "last": "--last"}


def arguments(command: argparse.ArgumentParser) -> None:
    about = "judges exported facts; python -m policy adopt takes the verdicts into the book (docs/spark.md)"
    group = command.add_argument_group("on a cluster", about)
    group.add_argument("--engine", choices=sorted(ENGINES), default=BOOK.name, help=f"default: {BOOK.name}")
    group.add_argument("--facts", metavar="PATH", help="folder that python -m data export-facts wrote")
    group.add_argument("--out", metavar="PATH", help="folder for the verdicts; must not exist")
    group.add_argument("--master", metavar="URL", help="local[N], spark://HOST:PORT or yarn (default: local[*])")
    group.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="a setting of the cluster")


def runs_on_cluster(options: argparse.Namespace) -> bool:
    return str(options.engine) != BOOK.name


def describe_option_conflict(options: argparse.Namespace) -> str | None:
    """What does not go together."""
    if not runs_on_cluster(options):
        wrong = [option for name, option in CLUSTER_OPTIONS.items() if getattr(options, name)]
        return f"{', '.join(wrong)}: only with --engine of a cluster" if wrong else None
    if wrong := [option for name, option in BOOK_OPTIONS.items() if getattr(options, name)]:
        return f"{', '.join(wrong)}: a cluster judges one snapshot; give --as-of"
    lacks = [
        option
        for option, value in (("--facts", options.facts), ("--out", options.out), ("--as-of", options.as_of))
        if not value
    ]
    if lacks:
        return f"--engine {options.engine} needs {', '.join(lacks)}"
    if odd := [pair for pair in options.conf if "=" not in pair]:
        return f"--conf {odd[0]}: write KEY=VALUE"
    return None


def run(options: argparse.Namespace) -> int:
    from policy.spark.cluster_check import check_snapshot

    policy = snapshot_check.load_policy(options.tables)
    settings = dict(pair.split("=", 1) for pair in options.conf)
    found = check_snapshot(
        policy,
        options.as_of,
        source=options.facts,
        out=options.out,
        master=options.master or "local[*]",
        today=options.today,
        settings=settings,
    )
    if options.json:
        printing.print_json(found | {"out": options.out})
        return 0
    print(
        f"Policy {policy.version}, as of {found['as_of']}, {found['engine_version']}: "
        + ", ".join(f"{n} {subject}" for subject, n in found["subjects"].items())
    )
    print(", ".join(f"{verdict} {found['verdicts'].get(verdict, 0):,}" for verdict in VERDICTS))
    print(f"Verdicts: {options.out}. Take them into the book: python -m policy adopt {options.out}")
    return 0
