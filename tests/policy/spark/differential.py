"""All rules on both engines over the same facts, verdict by verdict.

`python -m tests.policy.spark.differential --loans 1000000` builds a demo book (or copies the one of --book), judges it on the
book's engine and on Spark, and compares the counts and violations that were stored, every column, and then what every
rule says of every record: verdict, measured value and limit, whatever the verdict is.
"""

import argparse
import shutil
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds

from data.demo import generator
from data.facts import derivation, parquet_export
from data.ingest.adoption import COUNTS_SCHEMA, VIOLATIONS_SCHEMA
from data.queries import snapshots
from data.storage import book
from policy.engine.compiler import compile_subject_cached
from policy.model.records import Policy
from policy.runs import snapshot_check
from policy.spark import cluster_check, session
from tests.policy.spark.fingerprints import FingerprintComparison, compare_fingerprints

TABLES = {"counts": ("run_counts", COUNTS_SCHEMA), "violations": ("violations", VIOLATIONS_SCHEMA)}


def compare_tables(con: duckdb.DuckDBPyConnection, run_id: str, out: Path) -> tuple[dict[str, int], list[str]]:
    """Rows compared of each table, and the rows that only one engine has: every column, to the last digit."""
    compared, differ = {}, []
    for part, (table, columns) in TABLES.items():
        names = ", ".join(columns)
        files = sorted(str(path) for path in (out / part).rglob("*.parquet"))
        con.register("spark_rows", ds.dataset(files))
        con.execute(f"CREATE OR REPLACE TEMP TABLE theirs AS SELECT {names} FROM spark_rows")
        con.unregister("spark_rows")
        con.execute(f"CREATE OR REPLACE TEMP TABLE ours AS SELECT {names} FROM {table} WHERE run_id = ?", [run_id])
        compared[part] = con.execute("SELECT count(*) FROM ours").fetchall()[0][0]
        for one, other in (("ours", "theirs"), ("theirs", "ours")):
            rows = con.execute(f"FROM {one} EXCEPT ALL FROM {other} ORDER BY ALL").fetchall()
            differ += [f"{part}, only {one}: {row}" for row in rows]
    return compared, differ


def judge_on_both(
    spark: Any, path: Path, policy: Policy, as_of: date, folder: Path, *, today: bool = False
) -> tuple[dict[str, int], list[str]]:
    """Judges the facts of a book on both engines and compares what they wrote."""
    reader = book.BookReader(path)
    parquet_export.export_snapshot(reader, as_of, folder / "facts")
    reader.close()
    cluster_check.check_in_session(
        spark, policy, as_of, source=str(folder / "facts"), out=str(folder / "out"), today=today
    )
    with book.open_for_writing(path) as con:
        derivation.derive_facts(con, as_of)
        run = snapshot_check.judge_snapshot(con, policy, as_of, today=today)
        return compare_tables(con, run.run_id, folder / "out")


def compare_all_verdicts(
    spark: Any, path: Path, policy: Policy, as_of: date, folder: Path, *, today: bool
) -> FingerprintComparison:
    """What every rule says of every record, over the facts that `both` left."""
    found = FingerprintComparison()
    with book.open_for_reading(path) as con:
        for subject in policy.subjects:
            compared = compare_fingerprints(
                spark, con, compile_subject_cached(policy, subject, today=today), as_of, folder
            )
            found.verdicts += compared.verdicts
            found.differences += compared.differences
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.policy.spark.differential", description=__doc__)
    parser.add_argument("--loans", type=int, default=1_000_000, help="loans of the demo book")
    parser.add_argument("--book", type=Path, help="a book to judge in place of a demo book")
    parser.add_argument("--master", default="local[*]")
    parser.add_argument("--memory", default="6g", help="heap of the session; on one machine it does all the work")
    parser.add_argument("--today", action="store_true", help="by the rules of today")
    given = parser.parse_args()
    policy, start = snapshot_check.load_policy(), time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if given.book:
            shutil.copyfile(given.book, folder / "book.duckdb")
        else:
            generator.build_book(folder / "book.duckdb", given.loans, 1)
        with book.open_for_reading(folder / "book.duckdb") as con:
            as_of = snapshots.resolve_snapshot(con, None)
        spark = session.start_session(given.master, {"spark.driver.memory": given.memory})
        compared, differ = judge_on_both(spark, folder / "book.duckdb", policy, as_of, folder, today=given.today)
        found = compare_all_verdicts(spark, folder / "book.duckdb", policy, as_of, folder, today=given.today)
        spark.stop()
    for line in [*differ, *found.differences][:20]:
        print(line)
    said = ", ".join(f"{count:,} {part}" for part, count in compared.items())
    print(
        f"{given.book or f'{given.loans:,} loans'}, {len(policy.rules)} rules of {len(policy.subjects)} subjects: {said} as stored, "
        f"{len(differ):,} differ; {found.verdicts:,} verdicts with measured value and limit, "
        f"{len(found.differences):,} records differ; {time.perf_counter() - start:.0f} s."
    )
    return 1 if differ or found.differences else 0


if __name__ == "__main__":
    sys.exit(main())
