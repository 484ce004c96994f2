"""Random loans under random policies of the grammar, judged by the text that the compiler writes for each engine.

`python -m tests.policy.spark.random_policies --policies 100 --loans 1000` prints what was compared and every disagreement.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from data.storage import book
from policy.spark import session
from tests.policy.engine import differential
from tests.policy.engine import random_policies as written
from tests.policy.spark.fingerprints import FingerprintComparison, compare_fingerprints


def run_seed(spark: Any, con: duckdb.DuckDBPyConnection, seed: int, loans: int, folder: Path) -> FingerprintComparison:
    """One policy over its own loans and collateral; every fourth one by today's rules."""
    found, as_of = FingerprintComparison(), differential.AS_OF
    for subject in differential.SUBJECTS:
        differential.replace_facts(con, subject, written.random_records(seed, subject, loans, as_of))
        file = folder / f"{subject}-facts.parquet"
        pq.write_table(con.sql(f"FROM facts_{subject}").to_arrow_table(), file)
        spark.read.parquet(str(file)).createOrReplaceTempView(f"facts_{subject}")
    for judged in differential.compile_subjects(written.random_policy_texts(seed), today=seed % 4 == 3):
        compared = compare_fingerprints(spark, con, judged, as_of, folder)
        found.verdicts += compared.verdicts
        found.differences += [f"policy {seed} {line}" for line in compared.differences]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.policy.spark.random_policies", description=__doc__)
    parser.add_argument("--policies", type=int, default=100, help="random policies")
    parser.add_argument("--loans", type=int, default=1000, help="random loans for each policy")
    parser.add_argument("--seed", type=int, default=1000, help="the seed of the first policy")
    parser.add_argument("--master", default="local[*]")
    given = parser.parse_args()
    found, start = FingerprintComparison(), time.perf_counter()
    spark = session.start_session(given.master, {"spark.sql.shuffle.partitions": "2"})
    with tempfile.TemporaryDirectory() as name:
        differential.make_empty_book(Path(name) / "book.duckdb")
        with book.open_for_writing(Path(name) / "book.duckdb") as con:
            for seed in range(given.seed, given.seed + given.policies):
                folder = Path(name) / str(seed)
                folder.mkdir()
                compared = run_seed(spark, con, seed, given.loans, folder)
                found.verdicts += compared.verdicts
                found.differences += compared.differences
    spark.stop()
    for line in found.differences[:20]:
        print(line)
    print(
        f"{given.policies * given.loans:,} random loans under {given.policies:,} random policies: "
        f"{found.verdicts:,} verdicts on both engines, {len(found.differences):,} records differ, "
        f"{time.perf_counter() - start:.0f} s."
    )
    return 1 if found.differences else 0


if __name__ == "__main__":
    sys.exit(main())
