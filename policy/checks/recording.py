"""What follows every check: metrics, data quality counts and the lifecycle of violations, stored with the run.

The command line, the import page and `policy adopt` all record by these functions, so that no trend misses a day.
"""

from datetime import date

import duckdb

from data.quality import checks
from policy.model.records import Policy
from policy.monitoring import metric_store
from policy.runs import snapshot_check, store
from policy.runs.snapshot_check import CheckResult
from policy.violations import lifecycle


def check_and_record(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    as_of: date,
    *,
    today: bool = False,
    refresh_later_runs: bool = True,
) -> CheckResult:
    """Derives the facts of as_of, judges them and stores the run with everything that pages read beside it.

    `refresh_later_runs`: see record_results. Raises BookError when the book has no loans of as_of.
    """
    result = snapshot_check.build_facts_and_judge(con, policy, as_of, today=today)
    record_results(con, policy, result.run_id, refresh_later_runs=refresh_later_runs)
    return result


def record_results(
    con: duckdb.DuckDBPyConnection, policy: Policy, run_id: str, *, refresh_later_runs: bool = True
) -> None:
    """Stores the metrics, the data quality counts and the lifecycle of violations of a run that was just stored.

    The metrics are those of the policy that the run was judged by; `policy` saves reading it where it is the same.
    With `refresh_later_runs` the runs of later snapshots are followed again, as this run is part of their past; a
    caller that checks several snapshots, the oldest first, asks for it with the last one only.

    Raises InputError when there is no such run, and PolicyError when its policy can no longer be read.
    """
    run = store.find_run(con, run_id)
    if run.policy_version != policy.version:
        policy = store.load_stored_policy(con, run.policy_version)
    metric_store.evaluate_and_store(con, policy, run.as_of)
    checks.count_and_store(con, run.as_of)
    lifecycle.record_lifecycle(con, run_id, refresh_later_runs=refresh_later_runs)
