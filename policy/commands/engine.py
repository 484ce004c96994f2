"""`check` on another engine than the book's: facts in Parquet in, verdicts in Parquet out."""

import argparse

from policy.commands import printing
from policy.language.dialects import BOOK, ENGINES
from policy.model.records import VERDICTS
from policy.runs import snapshot_check

ELSEWHERE = {"facts": "--facts", "out": "--out", "master": "--master", "conf": "--conf"}
NOT_ELSEWHERE = {"all": "--all", "last": "--last"}


def arguments(command: argparse.ArgumentParser) -> None:
    about = "judges exported facts; python -m policy adopt takes the verdicts into the book (docs/spark.md)"
    group = command.add_argument_group("on a cluster", about)
    group.add_argument("--engine", choices=sorted(ENGINES), default=BOOK.name, help=f"default: {BOOK.name}")
    group.add_argument("--facts", metavar="PATH", help="folder that python -m data export-facts wrote")
    group.add_argument("--out", metavar="PATH", help="folder for the verdicts; must not exist")
    group.add_argument("--master", metavar="URL", help="local[N], spark://HOST:PORT or yarn (default: local[*])")
    group.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="a setting of the cluster")


def elsewhere(given: argparse.Namespace) -> bool:
    return str(given.engine) != BOOK.name


def misused(given: argparse.Namespace) -> str | None:
    """What does not go together."""
    if not elsewhere(given):
        wrong = [option for name, option in ELSEWHERE.items() if getattr(given, name)]
        return f"{', '.join(wrong)}: only with --engine of a cluster" if wrong else None
    if wrong := [option for name, option in NOT_ELSEWHERE.items() if getattr(given, name)]:
        return f"{', '.join(wrong)}: a cluster judges one snapshot; give --as-of"
    lacks = [
        option
        for option, value in (("--facts", given.facts), ("--out", given.out), ("--as-of", given.as_of))
        if not value
    ]
    if lacks:
        return f"--engine {given.engine} needs {', '.join(lacks)}"
    if odd := [pair for pair in given.conf if "=" not in pair]:
        return f"--conf {odd[0]}: write KEY=VALUE"
    return None


def run(given: argparse.Namespace) -> int:
    from policy.spark.cluster_check import check

    policy = snapshot_check.load(given.tables)
    settings = dict(pair.split("=", 1) for pair in given.conf)
    found = check(
        policy,
        given.as_of,
        source=given.facts,
        out=given.out,
        master=given.master or "local[*]",
        today=given.today,
        settings=settings,
    )
    if given.json:
        printing.as_json(found | {"out": given.out})
        return 0
    print(
        f"Policy {policy.version}, as of {found['as_of']}, {found['engine_version']}: "
        + ", ".join(f"{n} {subject}" for subject, n in found["subjects"].items())
    )
    print(", ".join(f"{verdict} {found['verdicts'].get(verdict, 0):,}" for verdict in VERDICTS))
    print(f"Verdicts: {given.out}. Take them into the book: python -m policy adopt {given.out}")
    return 0
