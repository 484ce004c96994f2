"""python -m benchmarks.scaling [--loans N …] [--workers N …]: one machine and a cluster as the book grows.

The same compiled rules over the same facts: by the book's engine within LOANLIGHT_MEMORY (4 GB), and by a standalone
Spark cluster on this machine with one and with two workers of one core each. Facts are copies of a demo book's under
new ids, and the first rules on loans judge them. From the two largest sizes follows what a loan costs, and on paper
what more of them would.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks import books
from benchmarks.resident import ResidentMemory
from data.demo import generator
from data.facts import derivation, parquet_export
from data.queries import snapshots
from data.storage import book
from policy.model.records import Policy
from policy.runs import snapshot_check
from policy.spark import cluster_check, session
from tests.policy.spark import cluster as clusters

DEMO_LOANS = 100_000
MEMORY_LIMIT = "4GB"
HEAP_SIZES = {"driver": "2g", "executor": "4g"}
NIGHT_SECONDS = 4 * 3600
NATIONAL_LOANS = 500_000_000


@dataclass(frozen=True)
class CheckCost:
    engine: str
    loans: int
    seconds: float
    peak_gb: float


def _measure_duckdb(path: Path, loans: int, rules: int) -> CheckCost:
    """In a process of its own, so that its peak memory is its own."""
    command = [sys.executable, "-m", "benchmarks.judging", str(path), "--rules", str(rules)]
    limited = os.environ | {"LOANLIGHT_MEMORY": MEMORY_LIMIT}
    done = subprocess.run(command, env=limited, check=True, stdout=subprocess.PIPE)  # noqa: S603
    cost = json.loads(done.stdout)
    return CheckCost(f"DuckDB, {MEMORY_LIMIT}", loans, cost["seconds"], cost["peak_gb"])


def _measure_spark(source: Path, out: Path, as_of: date, loans: int, workers: int, policy: Policy) -> CheckCost:
    """The check alone: a cluster that is up, and a session that has its workers."""
    settings = {f"spark.{who}.memory": heap for who, heap in HEAP_SIZES.items()} | {"spark.sql.shuffle.partitions": "8"}
    with tempfile.TemporaryDirectory() as name, clusters.run_cluster(Path(name), workers, "5g") as cluster:
        spark = session.start_session(cluster.url, clusters.SETTINGS | session.DEFAULTS | settings)
        spark.range(workers * 2).count()
        with ResidentMemory([os.getpid(), *(process.pid for process in cluster.processes.values())]) as resident:
            start = time.perf_counter()
            cluster_check.check_in_session(spark, policy, as_of, source=str(source), out=str(out))
            seconds = time.perf_counter() - start
        spark.stop()
    return CheckCost(f"Spark, {workers} worker{'s' * (workers > 1)}", loans, seconds, resident.peak_gb)


def measure_costs(folder: Path, sizes: list[int], workers: list[int], policy: Policy) -> Iterator[CheckCost]:
    source, rules = folder / "demo.duckdb", len(policy.rules)
    generator.build_book(source, min(DEMO_LOANS, *sizes), 1)
    with book.open_for_writing(source) as con:
        as_of = snapshots.resolve_snapshot(con, None)
        derivation.derive_facts(con, as_of)
    for loans in sizes:
        path, out = folder / f"{loans}.duckdb", folder / str(loans)
        books.copy_facts(source, path, as_of, loans)
        yield _measure_duckdb(path, loans, rules)
        with book.open_for_reading(path) as con:
            subjects = cluster_check.subjects_to_read(policy)
            rows = {s: con.execute(f"SELECT count(*) FROM facts_{s}").fetchall()[0][0] for s in subjects}
            parquet_export.write_facts(con, as_of, out / "facts", rows)
        path.unlink()
        for number in workers:
            yield _measure_spark(out / "facts", out / f"verdicts{number}", as_of, loans, number, policy)
        shutil.rmtree(out)


def _print_extrapolation(found: list[CheckCost]) -> None:
    """What a loan costs between the two largest sizes, and what follows."""
    for engine in dict.fromkeys(cost.engine for cost in found):
        own = [cost for cost in found if cost.engine == engine][-2:]
        if len(own) < 2:
            continue
        each = (own[1].seconds - own[0].seconds) / (own[1].loans - own[0].loans)
        fixed = own[1].seconds - each * own[1].loans
        print(
            f"{engine:18} {each * 1e6:8.1f} s a million loans, {fixed:6.0f} s whatever their number; in a night of "
            f"{NIGHT_SECONDS // 3600} h {(NIGHT_SECONDS - fixed) / each / 1e6:6.0f} million; "
            f"{NATIONAL_LOANS / 1e6:.0f} million in {(fixed + each * NATIONAL_LOANS) / 3600:5.1f} h"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("--loans", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000, 30_000_000])
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rules", type=int, default=32, help="how many of the rules on loans")
    given = parser.parse_args()
    found, policy = [], books.keep_loan_rules(snapshot_check.load_policy(), given.rules)
    print(f"{len(policy.rules)} loan rules, verdicts stored")
    with tempfile.TemporaryDirectory() as name:
        for cost in measure_costs(Path(name), sorted(given.loans), given.workers, policy):
            label = f"{cost.loans:>12,} loans   {cost.engine:18}"
            print(f"{label}{cost.seconds:9.1f} s   peak {cost.peak_gb:5.2f} GB", flush=True)
            found.append(cost)
    _print_extrapolation(found)


if __name__ == "__main__":
    main()
