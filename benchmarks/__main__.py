"""python -m benchmarks [--loans N]: what the demo book, the check and the extension engine cost."""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median

import duckdb
import polars as pl

from data import book, demo, facts, query
from policy import extension, judging, verdicts
from policy.model import Policy

HAND_WRITTEN = Path(__file__).with_name("hand_written.sql").read_text(encoding="utf-8")
REQUESTS = 100_000


def _timed(label: str, work: Callable[[], object], times: int = 1) -> float:
    """Seconds of the median of `times` runs, printed with the peak memory so far."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{label:58}{median(spent):10.3f} s   peak {peak:5.2f} GB", flush=True)
    return median(spent)


def _hand_written(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    con.execute(f"CREATE OR REPLACE TEMP TABLE by_hand AS {HAND_WRITTEN}", {"as_of": as_of})


def _subset(policy: Policy, con: duckdb.DuckDBPyConnection, as_of: date) -> Policy:
    """The shipped rules that the hand-written query states."""
    ids = {line.split("'rule_id': '")[1].split("'")[0] for line in HAND_WRITTEN.splitlines() if "'rule_id': '" in line}
    _hand_written(con, as_of)
    return replace(policy, version="benchmark", versions=tuple(r for r in policy.versions if r.rule_id in ids))


def _same(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """The two must have found the same violations, or the ratio means nothing."""
    differ = con.execute(
        "SELECT count(*) FROM (SELECT rule_id, loan_id FROM by_hand EXCEPT SELECT rule_id, loan_id FROM violations "
        "WHERE run_id = $run) "
        "UNION ALL SELECT count(*) FROM (SELECT rule_id, loan_id FROM violations WHERE run_id = $run EXCEPT "
        "SELECT rule_id, loan_id FROM by_hand)",
        {"run": run_id},
    ).fetchall()
    if differ != [(0,), (0,)]:
        raise SystemExit(f"Engine and hand-written SQL disagree: {differ}")


def _check(path: Path, policy: Policy, as_of: date) -> None:
    with book.writing(path) as con:
        part = _subset(policy, con, as_of)
        run = judging.check(con, part, as_of)
        _same(con, run.run_id)
        engine = _timed(
            "judge: 12 rules by the engine, rows and counts stored", lambda: judging.judge(con, part, as_of), 5
        )
        by_hand = _timed("judge: the same 12 rules by hand-written SQL", lambda: _hand_written(con, as_of), 5)
        print(f"  ratio engine / hand-written: {engine / by_hand:.2f}")
        _timed("facts of the snapshot, all subjects", lambda: facts.build(con, as_of))
        _timed("judge: every shipped rule, every subject", lambda: judging.judge(con, policy, as_of))


def _extensions(path: Path, policy: Policy, as_of: date) -> None:
    cursor = book.Reader(path).cursor()
    loans = query.frame(
        cursor,
        "SELECT loan_id, current_maturity FROM facts_loan WHERE as_of = $as_of AND is_running "
        "AND current_maturity IS NOT NULL ORDER BY loan_id",
        as_of=as_of,
    )
    requests = (
        pl.concat([loans] * -(-REQUESTS // len(loans)))
        .head(REQUESTS)
        .select(
            pl.int_range(pl.len()).cast(pl.String).alias("request_id"),
            "loan_id",
            pl.lit(as_of).alias("application_date"),
            pl.col("current_maturity").dt.offset_by("6mo").alias("requested_maturity"),
            pl.lit("all").alias("consent"),
        )
    )
    _timed(f"extension: {REQUESTS:,} requests", lambda: extension.judge_many(cursor, policy, as_of, requests))
    loan_id, matures = loans.row(len(loans) // 2)
    request = extension.Request(loan_id, as_of, matures + timedelta(days=90), "all")
    _timed("extension: one request with its evidence", lambda: extension.judge(cursor, policy, as_of, request), 7)
    _timed(
        "extension: frontier over ten years",
        lambda: extension.frontier(cursor, policy, as_of, loan_id, as_of, "all"),
        7,
    )
    _timed("verdicts: every rule for one loan", lambda: verdicts.of_loan(cursor, policy, as_of, loan_id), 7)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure Loanlight on this machine.")
    parser.add_argument("--loans", type=int, default=1_000_000, help="size of the demo book")
    loans = parser.parse_args().loans
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.duckdb"
        _timed(f"demo book: {loans:,} loans, 13 snapshots, facts", lambda: demo.build(path, loans, 1))
        print(f"  book of {path.stat().st_size / 1024**3:.2f} GB")
        with book.reading(path) as con:
            as_of = judging.pick_as_of(con, None)
        policy = judging.load()
        _check(path, policy, as_of)
        _extensions(path, policy, as_of)


if __name__ == "__main__":
    main()
