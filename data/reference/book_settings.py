"""Settings that a book keeps of its own, such as its home currency; else those of quality_limits.csv hold."""

from decimal import Decimal
from functools import cache

import duckdb

from data.errors import InputError
from data.messages.catalogue import bilingual
from data.table_files import read_rows

TABLE = "book_settings"
HOME_CURRENCY = "home_currency"
UNKNOWN_SHARE = "max_unknown_share"


@cache
def _load_defaults() -> dict[str, str]:
    return {row["limit"]: row["value"] for row in read_rows("quality_limits.csv")}


def load_max_unknown_share() -> Decimal:
    """The share of loans without a field beyond which no ratio over it is computed."""
    return Decimal(_load_defaults()[UNKNOWN_SHARE])


def read_setting(con: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """A setting of this book; None where it does not set it."""
    if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [TABLE]).fetchone():
        return None
    row = con.execute(f"SELECT value FROM {TABLE} WHERE name = ?", [name]).fetchone()
    return str(row[0]) if row else None


def read_home_currency(con: duckdb.DuckDBPyConnection) -> str:
    """The currency of amounts whose currency is not stated, and of every total that names none, such as CNY."""
    return read_setting(con, HOME_CURRENCY) or _load_defaults()[HOME_CURRENCY]


def write_home_currency(con: duckdb.DuckDBPyConnection, currency: str) -> None:
    """Keep the book's home currency. Raises InputError where a book with loans has another one."""
    present = read_home_currency(con)
    if currency == present and read_setting(con, HOME_CURRENCY):
        return
    if currency != present and con.execute("SELECT 1 FROM loans LIMIT 1").fetchone():
        raise InputError(bilingual("reference.other_home_currency", present=present, currency=currency))
    con.execute(f"DELETE FROM {TABLE} WHERE name = ?", [HOME_CURRENCY])
    con.execute(f"INSERT INTO {TABLE} VALUES (?, ?)", [HOME_CURRENCY, currency])


def set_variables(con: duckdb.DuckDBPyConnection) -> None:
    """The settings that queries of facts read, as variables of the connection."""
    con.execute("SET VARIABLE home_currency = $value", {"value": read_home_currency(con)})
    con.execute("SET VARIABLE max_unknown_share = $value", {"value": load_max_unknown_share()})
