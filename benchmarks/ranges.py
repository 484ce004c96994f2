"""python -m benchmarks.ranges BOOK: range rules over the loans, by the engine and by pandera on Polars."""

import argparse
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pandera.polars as pa

from benchmarks.checking import RUN_ID, judge_by_engine
from benchmarks.measuring import print_ratio, time_median
from data.facts import derivation
from data.storage import book, query
from policy.engine.compiler import compile_subject
from policy.model.records import Policy
from policy.runs import snapshot_check

RANGES = {
    "balance": ("<=", Decimal("5000000")),
    "principal": ("<=", Decimal("10000000")),
    "days_past_due": ("<=", 90),
    "classification_rank": ("<=", 2),
    "original_term_months": ("<=", 120),
    "guarantor_count": ("<=", 3),
    "extension_count": ("<=", 1),
    "weekend_events": ("<=", 0),
}
CHECKS = {"<=": pa.Check.le, ">=": pa.Check.ge}


def range_rules(policy: Policy) -> Policy:
    """The ranges as rules, in the form of a shipped one."""
    form = next(rule for rule in policy.versions if rule.subject == "loan")
    plain = {"scope": "", "unit": "", "as_of": ""}
    made = tuple(
        replace(form, rule_id=name, measure=name, comparator=sign, limit=str(bound), **plain)
        for name, (sign, bound) in RANGES.items()
    )
    return replace(policy, versions=made)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ranges", description=__doc__)
    parser.add_argument("book", type=Path)
    compiled = compile_subject(range_rules(snapshot_check.load_policy()), "loan")
    with book.open_for_writing(parser.parse_args().book) as con:
        as_of = derivation.list_dates_with_facts(con)[-1]
        frame = query.fetch_frame(
            con.cursor(), f"SELECT {', '.join(RANGES)} FROM facts_loan WHERE as_of = $as_of", as_of=as_of
        )
        columns = {
            name: pa.Column(frame.schema[name], CHECKS[sign](bound), nullable=True)
            for name, (sign, bound) in RANGES.items()
        }
        schema, theirs = pa.DataFrameSchema(columns), {}

        def by_pandera() -> None:
            try:
                schema.validate(frame, lazy=True)
            except pa.errors.SchemaErrors as failed:
                theirs.update(failed.failure_cases.group_by("column").len().iter_rows())

        label = f"{len(RANGES)} range rules, {len(frame):,} loans"
        engine = time_median(f"{label}: engine, all stored", lambda: judge_by_engine(con, compiled, as_of), 3)
        pandera = time_median(f"{label}: pandera, frame in memory", by_pandera, 3)
        ours = dict(
            con.execute("SELECT rule_id, count(*) FROM violations WHERE run_id = ? GROUP BY 1", [RUN_ID]).fetchall()
        )
    if ours != theirs:
        raise SystemExit(f"The engine finds {ours}, pandera {theirs}.")
    print_ratio("pandera / engine, time", pandera / engine, "> 1")
    return 0


if __name__ == "__main__":
    sys.exit(main())
