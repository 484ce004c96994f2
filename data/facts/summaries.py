"""Summaries: what the health page shows of a snapshot, counted once when its facts are derived.

Each belongs to the day it was counted for and is replaced with the facts of that day. A correction derives the facts
of its own day and of every later one anew, so that moves and vintages never rest on a snapshot that was replaced.
"""

from datetime import date
from pathlib import Path

import duckdb

from data.history.validity import valid_on_sql
from data.reference import buckets, dimensions
from data.storage.system_tables import load_system_tables
from data.table_files import read_rows

SQL_FOLDER = Path(__file__).parent / "sql"
SUMMARY_TABLES = ("summary_cells", "summary_history", "summary_moves", "summary_vintages")
SNAPSHOT_DATES_SQL = f"""SELECT DISTINCT snapshot_date FROM snapshots
    WHERE {valid_on_sql("snapshot_date")} ORDER BY snapshot_date"""


def _format_sql(name: str, **parts: str) -> str:
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8").format(**parts)


def _dimensions_without_branch() -> list[dimensions.Dimension]:
    """The dimensions beside the branch, which every summary has."""
    return [each for each in dimensions.load_dimensions().values() if each.name != "branch_id"]


def _create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create the summary tables. One of other dimensions is replaced, since summaries can always be counted anew."""
    found = con.execute(
        "SELECT table_name, column_name FROM duckdb_columns() WHERE list_contains($tables, table_name)",
        {"tables": list(SUMMARY_TABLES)},
    ).fetchall()
    for name in SUMMARY_TABLES:
        table = load_system_tables()[name]
        if [column for of, column in found if of == name] != list(table.columns):
            con.execute(table.create_sql("CREATE OR REPLACE TABLE"))


def summarise_snapshot(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Count the snapshot whose facts were just derived on this connection."""
    _create_tables(con)
    for name in SUMMARY_TABLES:
        con.execute(f"DELETE FROM {name} WHERE as_of = $as_of", {"as_of": as_of})
    cells = ", ".join(f"{each.sql} AS {each.name}" for each in _dimensions_without_branch())
    con.execute(f"INSERT INTO summary_cells BY NAME {_format_sql('summary_cells', dimensions=cells)}")
    late = buckets.bucket_code_sql("late", "s.days_past_due")
    days = [row[0] for row in con.execute(SNAPSHOT_DATES_SQL).fetchall()]
    for opening in sorted(set(find_opening_snapshots(days, as_of).values())):
        con.execute(
            f"INSERT INTO summary_moves BY NAME {_format_sql('summary_moves', late=late)}", {"opening": opening}
        )
    con.execute(f"INSERT INTO summary_vintages BY NAME {_format_sql('summary_vintages')}")
    con.execute(
        f"INSERT INTO summary_history BY NAME {_format_sql('summary_history', late=late)}",
        {"days": _list_dates_without_history(con, days)},
    )


def _list_dates_without_history(con: duckdb.DuckDBPyConnection, days: list[date]) -> list[date]:
    """The snapshots that the history does not have yet; it forgets those that are no more."""
    con.execute("DELETE FROM summary_history WHERE NOT list_contains($days, as_of)", {"days": days})
    held = {row[0] for row in con.execute("SELECT DISTINCT as_of FROM summary_history").fetchall()}
    return [day for day in days if day not in held]


def _month_before(day: date, months: int) -> tuple[int, int]:
    """The year and month that lie so many months before the day's."""
    number = day.year * 12 + day.month - 1 - months
    return number // 12, number % 12 + 1


def find_opening_snapshots(days: list[date], as_of: date) -> dict[str, date]:
    """The snapshot of each row of comparison_periods.csv on a day, by its code; those not in the book are left out."""
    earlier, found = [day for day in days if day < as_of], {}
    for row in read_rows("comparison_periods.csv"):
        if row["months"]:
            wanted = _month_before(as_of, int(row["months"]))
            fitting = [day for day in earlier if (day.year, day.month) == wanted]
        elif row["year_end"]:
            fitting = [day for day in earlier if (day.year, day.month) == (as_of.year - int(row["year_end"]), 12)]
        else:
            fitting = earlier
        if fitting:
            found[row["code"]] = max(fitting)
    return found
