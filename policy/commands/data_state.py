"""The warning of commands that show a check whose data have changed since."""

import sys
from datetime import date

import duckdb

from data.messages.catalogue import bilingual
from policy.runs import data_changes
from policy.runs.store import Run
from policy.violations import results


def warn_of_data_change(con: duckdb.DuckDBPyConnection, run: Run) -> None:
    """On stderr, in both languages, when the book's data are no longer those that the run judged."""
    change = data_changes.find_data_change(con, run)
    if change is None:
        return
    names = {"judged_at": f"{run.judged_at:%Y-%m-%d %H:%M}", "tables": ", ".join(change.tables), "as_of": run.as_of}
    message = bilingual("commands.data_changed", n=change.loans_not_judged, **names)
    print(f"warning: {message}", f"注意：{message.zh}", sep="\n", file=sys.stderr)


def warn_of_data_change_on(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """The same for the latest run of a day, if there is one."""
    run = results.find_latest_run(con, as_of)
    if run is not None:
        warn_of_data_change(con, run)
