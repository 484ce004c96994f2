"""What was derived of a day, deleted when the book no longer has the day."""

from datetime import date

import duckdb

from data.facts import derivation, derived_extensions
from data.facts.summaries import SUMMARY_TABLES

DAY_COLUMNS = {
    **{f"facts_{subject}": "as_of" for subject in derivation.SUBJECT_ORDER},
    **dict.fromkeys(SUMMARY_TABLES, "as_of"),
    "metric_values": "as_of",
    derived_extensions.TABLE: "judged_on",
}
"""Table -> the column that states its day."""


def delete_facts(con: duckdb.DuckDBPyConnection, day: date) -> None:
    """Delete the facts of a day, and what was computed from them."""
    held = {row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    for table, column in DAY_COLUMNS.items():
        if table in held:
            con.execute(f"DELETE FROM {table} WHERE {column} = $day", {"day": day})
