"""python -m benchmarks.judging BOOK [--rules N]: the rules on loans over its snapshot, verdicts stored; prints JSON."""

import argparse
import json
import time
from pathlib import Path

from benchmarks import books
from benchmarks.measuring import peak_memory_gb
from data.facts import derivation
from data.storage import book
from policy.runs import snapshot_check


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.judging", description=__doc__)
    parser.add_argument("book", type=Path)
    parser.add_argument("--rules", type=int, help="how many of them (default: all)")
    given = parser.parse_args()
    policy = books.keep_loan_rules(snapshot_check.load_policy(), given.rules)
    with book.open_for_writing(given.book) as con:
        as_of = derivation.list_dates_with_facts(con)[-1]
        start = time.perf_counter()
        found = snapshot_check.judge_snapshot(con, policy, as_of)
        seconds = time.perf_counter() - start
    print(json.dumps({"loans": found.subjects["loan"], "seconds": seconds, "peak_gb": peak_memory_gb()}))


if __name__ == "__main__":
    main()
