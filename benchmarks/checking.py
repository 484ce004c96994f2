"""python -m benchmarks.checking BOOK: the loan rules over one snapshot, by the engine and by hand-written SQL."""

import argparse
import json
import re
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from benchmarks.measuring import peak_memory_gb, print_ratio, time_median
from data.facts import derivation
from data.storage import book
from policy.engine import batch
from policy.engine.compiler import CompiledSubject, compile_subject
from policy.model.records import Policy
from policy.runs import snapshot_check

HAND_WRITTEN = Path(__file__).with_name("hand_written.sql").read_text(encoding="utf-8")
RULES = tuple(dict.fromkeys(re.findall(r"'rule_id': '([^']+)'", HAND_WRITTEN)))
RUN_ID = "measured"


def judge_by_hand_written_sql(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    values = {"as_of": as_of, "run_id": RUN_ID, "version": "by hand"}
    for statement in filter(str.strip, HAND_WRITTEN.split(";\n")):
        con.execute(statement, {name: value for name, value in values.items() if f"${name}" in statement})


def keep_hand_written_rules(policy: Policy) -> Policy:
    """The shipped rules that the hand-written SQL states."""
    return replace(policy, versions=tuple(rule for rule in policy.versions if rule.rule_id in RULES))


def judge_by_engine(con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, as_of: date) -> None:
    """Judges and stores as a check does; a check compiles a policy once."""
    con.execute("DELETE FROM run_counts WHERE run_id = ?", [RUN_ID])
    con.execute("DELETE FROM violations WHERE run_id = ?", [RUN_ID])
    batch.judge_subject(con, compiled, RUN_ID, as_of)


def list_differences(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The two must have stored the same rows, or their ratio means nothing."""
    counts = "SELECT rule_id, branch_id, verdict, sum(subjects) FROM run_counts WHERE run_id = $run GROUP BY ALL"
    columns = "rule_id, violation_id, subject_id, borrower_id, branch_id, officer_id, balance, measured, limit_value"
    rows = f"SELECT {columns} FROM violations WHERE run_id = $run"
    theirs = ("SELECT * FROM by_hand_counts", f"SELECT {columns} FROM by_hand_violations")
    found = []
    for engine, hand in zip((counts, rows), theirs, strict=True):
        for a, b, who in ((engine, hand, "only the engine"), (hand, engine, "only by hand")):
            sql = f"SELECT rule_id, count(*) FROM (({a}) EXCEPT ({b})) GROUP BY 1"
            found += [f"{who}: {rule} ({n})" for rule, n in con.execute(sql, {"run": RUN_ID}).fetchall()]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.checking", description=__doc__)
    parser.add_argument("book", type=Path)
    parser.add_argument("--times", type=int, default=5, help="runs to take the median of")
    arguments = parser.parse_args()
    policy = snapshot_check.load_policy()
    with book.open_for_writing(arguments.book) as con:
        as_of = derivation.list_dates_with_facts(con)[-1]
        loans = con.execute("SELECT count(*) FROM facts_loan WHERE as_of = ?", [as_of]).fetchall()[0][0]
        print(f"{loans:,} loans")
        some = compile_subject(keep_hand_written_rules(policy), "loan")
        judge_by_engine(con, some, as_of)
        judge_by_hand_written_sql(con, as_of)
        if differ := list_differences(con):
            raise SystemExit(f"Engine and hand-written SQL disagree: {'; '.join(differ)}")
        label = f"judge: {len(RULES)} rules, rows and counts stored"
        engine = time_median(f"{label}, by the engine", lambda: judge_by_engine(con, some, as_of), arguments.times)
        hand = time_median(
            f"{label}, by hand-written SQL", lambda: judge_by_hand_written_sql(con, as_of), arguments.times
        )
        print_ratio("engine / hand-written", engine / hand, "<= 1.30")
        compiled = compile_subject(policy, "loan")
        every = len(compiled.rules)
        spent = time_median(f"judge: all {every} loan rules", lambda: judge_by_engine(con, compiled, as_of))
    print(json.dumps({"loans": loans, "seconds": spent, "engine": engine, "peak_gb": peak_memory_gb(), "rules": every}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
