"""Stores when each violation of a run was opened, so that pages need not replay the history.

The rows are those that policy.life builds; what moved between two runs follows from them, the violations of both, and
the marks of what vanished (data.violation_rows).
"""

from itertools import pairwise

import duckdb

from policy.runs.store import Run
from policy.violations import resolution

STANDING_STATES = ("open", "pending", "reopened", "acknowledged")
TEMPORARY_TABLES = ("vanished", "history", "seen", "spells", "lives", "rule_life")


def store_lifecycles(con: duckdb.DuckDBPyConnection, run_id: str) -> None:
    """Stores the standing rows of `lives`, which policy.life has just built, and clears away what it built them in.

    A temporary `vanished` left standing would take the marks of the next run.
    """
    con.execute("DELETE FROM violation_lives WHERE run_id = ?", [run_id])
    con.execute(
        """INSERT INTO violation_lives
        SELECT $run, violation_id, state, first_seen, opened_on, times_reopened FROM lives
        WHERE list_contains($standing, state)""",
        {"run": run_id, "standing": list(STANDING_STATES)},
    )
    for table in TEMPORARY_TABLES:
        con.execute(f"DROP TABLE IF EXISTS temp.{table}")


def find_later_runs(known: list[Run], run: Run) -> list[Run]:
    """The runs judged last of each later snapshot by the same kind of rules, the oldest first."""
    latest = {
        other.as_of: other
        for other in sorted(known, key=lambda other: other.sequence)
        if other.rules_of == run.rules_of and other.as_of > run.as_of
    }
    return [latest[day] for day in sorted(latest)]


def is_stored(con: duckdb.DuckDBPyConnection, known: list[Run], run: Run) -> bool:
    """Whether the book has the opening day of each violation of the run, and no run was inserted before it since."""
    if not con.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'violation_lives'").fetchall()[0][0]:
        return False
    if any(after.previous_run != before.run_id for before, after in pairwise(resolution.list_run_series(known, run))):
        return False
    counts = con.execute(
        """SELECT (SELECT count(*) FROM violations WHERE run_id = $run),
            (SELECT count(*) FROM violation_lives WHERE run_id = $run)""",
        {"run": run.run_id},
    ).fetchall()[0]
    return bool(counts[0] == counts[1])
