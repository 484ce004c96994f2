"""What came to the book since a run was judged: its figures are those of the data it saw."""

from dataclasses import dataclass

import duckdb

from data.history import time_travel
from policy.runs import store
from policy.runs.store import Run


@dataclass(frozen=True)
class DataChange:
    """`tables`: registers whose rows changed; `loans_not_judged`: loans of the day beyond those that the run judged."""

    tables: tuple[str, ...]
    loans_not_judged: int


def find_data_change(con: duckdb.DuckDBPyConnection, run: Run) -> DataChange | None:
    """What changed in the data of the run's day since it was judged; None when they are the same.

    A run that does not name its data (of an earlier version) cannot be compared and is taken as it is.
    """
    if run.data_version is None:
        return None
    known, now = store.load_run_data(con, run), time_travel.count_current_rows(con, run.as_of)
    if time_travel.hash_data_version(con, now) == run.data_version:
        return None
    moved = {key for key in known.keys() | now.keys() if known.get(key) != now.get(key)}
    tables = tuple(sorted({table for table, _ in moved}))
    return DataChange(tables, _count_loans_not_judged(con, run))


def _count_loans_not_judged(con: duckdb.DuckDBPyConnection, run: Run) -> int:
    """Loans of the day that came since, whichever others went meanwhile."""
    loaded, judged = con.execute(
        """SELECT (SELECT count(*) FROM facts_loan WHERE as_of = $as_of),
                  (SELECT coalesce(max(subjects), 0) FROM run_subjects WHERE run_id = $run AND subject = 'loan')""",
        {"as_of": run.as_of, "run": run.run_id},
    ).fetchall()[0]
    return max(int(loaded) - int(judged), 0)
