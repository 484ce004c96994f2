"""Which runs a run can be compared with: the judged snapshots before it, and those never judged."""

from datetime import date

import duckdb

from data.facts import derivation
from policy.runs import store
from policy.violations import lifecycle_store, resolution
from policy.violations.results import Run as Found
from policy.violations.violation_list import Span


def _found(run: store.Run) -> Found:
    return Found(run.run_id, run.as_of, run.policy_version, run.engine_version, run.judged_at)


def history(con: duckdb.DuckDBPyConnection, run_id: str) -> list[Found]:
    """The runs up to this one, one a judged snapshot, the oldest first."""
    return [_found(run) for run in resolution.series(store.listed(con), store.find(con, run_id))]


def unjudged(con: duckdb.DuckDBPyConnection, run_id: str) -> list[date]:
    """Earlier snapshots that were never judged, the latest first."""
    known = history(con, run_id)
    judged = {run.as_of for run in known}
    return [day for day in reversed(derivation.as_of_dates(con)) if day < known[-1].as_of and day not in judged]


def span(con: duckdb.DuckDBPyConnection, run_id: str, since: date | None) -> Span:
    """The run beside the judged snapshot `since`, else the one before it; without any where nothing was judged before.

    A day that was not judged is as none: the page says so.
    """
    run = store.find(con, run_id)
    known = resolution.series(store.listed(con), run)
    earlier = known[:-1]
    start = next((before for before in earlier if before.as_of == since), earlier[-1] if earlier else None)
    between = known[known.index(start) :] if start else known
    followed = lifecycle_store.is_kept(con, store.listed(con), run)
    return Span(_found(run), _found(start) if start else None, tuple(r.run_id for r in between), followed)
