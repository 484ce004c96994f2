"""Extensions that no register has, but two exports show: a current maturity later than any before it.

A maturity that moves over nothing but days off is due on the next working day and is no extension (Civil Code,
article 203), unless the count of extensions changes with it.
"""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from data import dictionary
from data.reference import working_days

TABLE = "derived_extensions"
QUERY = Path(__file__).parent / "sql" / f"{TABLE}.sql"


def derive_extensions(con: duckdb.DuckDBPyConnection, as_of: date, kind: str) -> None:
    """Store the extensions of a day in a table of their own (`kind`: TABLE or TEMP TABLE)."""
    columns = {"judged_on": "DATE"} | {
        field.name: field.sql_type for field in dictionary.fields_of_table("extensions").values()
    }
    body = ", ".join(f'"{name}" {sql_type}' for name, sql_type in columns.items())
    con.execute(f"CREATE {kind} IF NOT EXISTS {TABLE} ({body})")
    con.execute("SET VARIABLE as_of = CAST($as_of AS DATE)", {"as_of": as_of})
    con.execute(f"DELETE FROM {TABLE} WHERE judged_on = getvariable('as_of')")
    _create_special_days(con)
    con.execute(f"INSERT INTO {TABLE} BY NAME {QUERY.read_text(encoding='utf-8')}")


def _create_special_days(con: duckdb.DuckDBPyConnection) -> None:
    """special_days [day, is_working]: the days that are not as their weekday; and the variable longest_break."""
    days = working_days.load_special_days()
    frame = pl.DataFrame(
        {"day": list(days), "is_working": [working_days.is_working_day(day) for day in days]},
        schema={"day": pl.Date, "is_working": pl.Boolean},
    )
    con.register("announced_days", frame)
    con.execute("CREATE OR REPLACE TEMP TABLE special_days AS FROM announced_days")
    con.unregister("announced_days")
    con.execute("SET VARIABLE longest_break = CAST($days AS INTEGER)", {"days": working_days.find_longest_break()})
