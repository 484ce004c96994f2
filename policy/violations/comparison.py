"""Which runs a run can be compared with: the judged snapshots before it, and those never judged."""

from datetime import date

import duckdb

from data.facts import derivation
from policy.runs import store
from policy.runs.store import Run
from policy.violations import lifecycle_store, resolution
from policy.violations.violation_query import RunComparison


def list_run_history(con: duckdb.DuckDBPyConnection, run_id: str) -> list[Run]:
    """The runs up to this one, one a judged snapshot, the oldest first."""
    return resolution.list_run_series(store.list_runs(con), store.find_run(con, run_id))


def list_unjudged_snapshots(con: duckdb.DuckDBPyConnection, run_id: str) -> list[date]:
    """Earlier snapshots that were never judged, the latest first."""
    known = list_run_history(con, run_id)
    judged = {run.as_of for run in known}
    return [day for day in reversed(derivation.list_as_of_dates(con)) if day < known[-1].as_of and day not in judged]


def resolve_comparison(con: duckdb.DuckDBPyConnection, run_id: str, since: date | None) -> RunComparison:
    """The run beside the judged snapshot `since`, else the one before it; without any where nothing was judged before.

    A day that was not judged counts as none; the page shows that.
    """
    run = store.find_run(con, run_id)
    known = resolution.list_run_series(store.list_runs(con), run)
    earlier = known[:-1]
    start = next((before for before in earlier if before.as_of == since), earlier[-1] if earlier else None)
    between = known[known.index(start) :] if start else known
    followed = lifecycle_store.is_stored(con, store.list_runs(con), run)
    return RunComparison(run, start, tuple(r.run_id for r in between), followed)
