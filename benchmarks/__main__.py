"""python -m benchmarks [--loans N …] [--requests N]: speed and memory of the engine, as ratios in one run."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks import books, linting
from benchmarks.measuring import print_ratio, time_median
from data.demo import generator
from data.facts import derivation
from data.queries import snapshots
from data.storage import book
from policy.model.records import Policy
from policy.runs import snapshot_check

DEMO_LOANS = 1_000_000  # loans of the largest demo book; facts of more are copies
MAX_PEAK_GB = 8
MEMORY_LIMIT = "6GB"  # of the database; the process needs some beside it
LARGEST, SMALLER = 10_000_000, 1_000_000


def run_in_subprocess(module: str, *arguments: str) -> str:
    """Runs a part in a process of its own, so that its peak memory is its own. Raises SystemExit when it fails."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"LOANLIGHT_MEMORY": MEMORY_LIMIT},
    )
    said = []
    for line in process.stdout or ():
        said.append(line)
        if not line.startswith("{"):
            print(line, end="", flush=True)
    if process.wait():
        raise SystemExit(f"benchmarks.{module} failed.")
    return said[-1] if said else ""


def build_demo_book(path: Path, loans: int, policy: Policy) -> date:
    time_median(f"demo book: {loans:,} loans, 13 snapshots, facts", lambda: generator.build_book(path, loans, 1))
    print(f"  book of {path.stat().st_size / 1024**3:.2f} GB")
    with book.open_for_writing(path) as con:
        as_of = snapshots.resolve_snapshot(con, None)
        time_median("facts of the snapshot, all subjects", lambda: derivation.derive_facts(con, as_of))
        time_median(
            "judge: every shipped rule, every subject", lambda: snapshot_check.judge_snapshot(con, policy, as_of)
        )
    return as_of


def measure_sizes(folder: Path, source: Path, as_of: date, loans: list[int]) -> Iterator[dict[str, float]]:
    """The check of each size in its own process."""
    for number in loans:
        path = folder / f"{number}.duckdb"
        copies = books.copy_facts(source, path, as_of, number)
        origin = f"facts copied {copies} times from the demo book" if copies > 1 else "facts of the demo book"
        print(f"\n{number:,} loans ({origin})")
        yield json.loads(run_in_subprocess("checking", str(path), *(["--times", "1"] if number > DEMO_LOANS else [])))
        path.unlink()


def print_growth(found: dict[int, dict[str, float]]) -> None:
    """Ten times the loans: how much more time, and how much memory."""
    for size in found.values():
        label = f"{size['loans']:>12,} loans, {size['rules']} loan rules:"
        print(f"{label} {size['seconds']:9.2f} s   peak {size['peak_gb']:5.2f} GB")
    if LARGEST in found and SMALLER in found:
        print_ratio("time of 10M / 1M", found[LARGEST]["seconds"] / found[SMALLER]["seconds"], "<= 11")
        print_ratio("peak of 10M, GB", found[LARGEST]["peak_gb"], f"<= {MAX_PEAK_GB}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Loanlight on this machine.")
    parser.add_argument("--loans", type=int, nargs="+", default=[1_000_000], help="sizes of the snapshot")
    parser.add_argument("--requests", type=int, default=100_000, help="extension requests")
    arguments = parser.parse_args()
    policy = snapshot_check.load_policy()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "demo.duckdb"
        as_of = build_demo_book(source, min(DEMO_LOANS, max(arguments.loans)), policy)
        print_growth(
            {int(size["loans"]): size for size in measure_sizes(folder, source, as_of, sorted(arguments.loans))}
        )
        print()
        for module in ("deciding", "ranges"):
            run_in_subprocess(module, str(source))
        run_in_subprocess("extensions", str(source), "--requests", str(arguments.requests))
        linting.measure_lint()
        run_in_subprocess("importing", "--rows", str(min(DEMO_LOANS, max(arguments.loans))))


if __name__ == "__main__":
    main()
