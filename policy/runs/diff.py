"""Why two runs differ: each change of a verdict has one cause, time passed, data moved, or policy moved.

The way from run A to run B has three steps, always in this order, each judged whole:

1. time: A's policy on A's data, unchanged, on B's day;
2. data: A's policy on B's data on B's day;
3. policy: B's policy (and B's choice of the act's or today's rules) on B's data on B's day, which is run B.

A violation that only one of the runs has is laid to the last step that changed it: after it nothing moved any more.
The counts of every rule change step by step, so the three parts add up to the whole.
"""

from dataclasses import dataclass
from typing import Any

import polars as pl

from data.errors import InputError, LoanlightError
from data.messages.catalogue import bilingual
from data.storage import query
from data.storage.book import BookReader
from policy.model.records import VERDICTS, Policy
from policy.runs import in_memory, replay, store
from policy.runs.in_memory import TEMPORARY_RUN_ID, DataState
from policy.runs.store import Run

CAUSES = ("time", "data", "policy")
IDENTITY = ("violation_id", "rule_id", "subject", "subject_id", "loan_id", "branch_id", "balance")


@dataclass(frozen=True)
class StepResult:
    """What one of the four judgements on the way left: its violations, and counts by rule and verdict."""

    violations: pl.DataFrame
    counts: pl.DataFrame


@dataclass(frozen=True)
class RunDifference:
    """`changes`: [*IDENTITY, change (appeared, vanished), cause].

    `counts`: [rule_id, verdict, before, after, *CAUSES], the parts of after - before.
    """

    before: Run
    after: Run
    changes: pl.DataFrame
    counts: pl.DataFrame

    def count_changes(self, cause: str, change: str) -> int:
        return self.changes.filter((pl.col("cause") == cause) & (pl.col("change") == change)).height


def compare_runs(reader: BookReader, first: str, second: str) -> RunDifference:
    """Raises InputError when a run is unknown, was judged by another engine, or its data cannot be rebuilt."""
    con = reader.cursor()
    a, b = store.find_run(con, first), store.find_run(con, second)
    for run in (a, b):
        if run.engine_version != store.engine_version():
            raise InputError(
                bilingual(
                    "runs.other_engine",
                    run=run.run_id,
                    engine=run.engine_version,
                    own=store.engine_version(),
                    as_of=run.as_of,
                )
            )
    corners = _judge_steps(reader, a, b)
    found = RunDifference(a, b, _assign_causes(corners), _count_by_cause(corners))
    _verify_totals(found, corners)
    return found


def _judge_steps(reader: BookReader, a: Run, b: Run) -> list[StepResult]:
    con = reader.cursor()
    (data_a, _), (data_b, _) = replay.rebuild_data(reader, a), replay.rebuild_data(reader, b)
    policy = store.load_stored_policy(con, a.policy_version)
    start, end = _load_result(con, a.run_id), _load_result(con, b.run_id)
    after_time = start if a.as_of == b.as_of else _judge_step(reader, policy, data_a, a, b)
    if (a.policy_version, a.rules_of) == (b.policy_version, b.rules_of):
        after_data = end
    elif (a.as_of, a.data_version) == (b.as_of, b.data_version):
        after_data = after_time
    else:
        after_data = _judge_step(reader, policy, data_b, a, b)
    return [start, after_time, after_data, end]


def _judge_step(reader: BookReader, policy: Policy, data: DataState, a: Run, b: Run) -> StepResult:
    """A's policy on these data on B's day."""
    con = reader.cursor()
    in_memory.judge_data(con, policy, data, b.as_of, today=a.uses_current_rules)
    return _load_result(con, TEMPORARY_RUN_ID)


def _load_result(con: Any, run_id: str) -> StepResult:
    violations = f"SELECT {', '.join(IDENTITY)} FROM violations WHERE run_id = $run"
    counts = "SELECT rule_id, verdict, sum(subjects)::BIGINT AS n FROM run_counts WHERE run_id = $run GROUP BY ALL"
    return StepResult(query.fetch_frame(con, violations, run=run_id), query.fetch_frame(con, counts, run=run_id))


def _assign_causes(corners: list[StepResult]) -> pl.DataFrame:
    """Violations that only the first or only the last corner has, each with its cause."""
    start, after_time, after_data, end = (corner.violations for corner in corners)
    both = []
    for change, has, lacks in (("appeared", end, start), ("vanished", start, end)):
        found = has.join(lacks, on="violation_id", how="anti")
        found = _flag_present(_flag_present(found, after_time, "after_time"), after_data, "after_data")
        moved = change == "vanished"  # the state it had in A; the last step that ended it is the cause
        cause = (
            pl.when(pl.col("after_data") == moved)
            .then(pl.lit("policy"))
            .when(pl.col("after_time") == moved)
            .then(pl.lit("data"))
            .otherwise(pl.lit("time"))
        )
        both.append(found.with_columns(pl.lit(change).alias("change"), cause.alias("cause")))
    return pl.concat(both).select(*IDENTITY, "change", "cause").sort("rule_id", "subject_id")


def _flag_present(found: pl.DataFrame, corner: pl.DataFrame, name: str) -> pl.DataFrame:
    present = corner.select("violation_id").unique().with_columns(pl.lit(True).alias(name))
    return found.join(present, on="violation_id", how="left").with_columns(pl.col(name).fill_null(False))


def _count_by_cause(corners: list[StepResult]) -> pl.DataFrame:
    keys = ["rule_id", "verdict"]
    whole = pl.concat([corner.counts.select(keys) for corner in corners]).unique()
    for number, corner in enumerate(corners):
        whole = whole.join(corner.counts.rename({"n": f"n{number}"}), on=keys, how="left")
    whole = whole.with_columns(pl.col(f"n{number}").fill_null(0) for number in range(4))
    steps = [(pl.col(f"n{k + 1}") - pl.col(f"n{k}")).alias(cause) for k, cause in enumerate(CAUSES)]
    named = whole.select(*keys, pl.col("n0").alias("before"), pl.col("n3").alias("after"), *steps)
    order = pl.col("verdict").replace_strict({verdict: n for n, verdict in enumerate(VERDICTS)})
    return named.filter(pl.any_horizontal(pl.col(cause) != 0 for cause in CAUSES)).sort("rule_id", order)


def _verify_totals(found: RunDifference, corners: list[StepResult]) -> None:
    """Raises LoanlightError when the parts are not the whole; that would be a fault of ours."""
    appeared = found.changes.filter(pl.col("change") == "appeared").height
    vanished = found.changes.height - appeared
    rows = corners[0].violations.height + appeared - vanished
    moved = found.counts.filter(pl.col("verdict") == "violation").select(sum(pl.col(c) for c in CAUSES)).sum().item()
    if rows != corners[3].violations.height or (moved or 0) != appeared - vanished:
        raise LoanlightError(
            bilingual("runs.changes_not_reconciled", before=found.before.run_id, after=found.after.run_id)
        )
