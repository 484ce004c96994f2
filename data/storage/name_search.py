"""Names in one form to match and search by: full-width letters and brackets, spaces and case told apart no longer."""

from functools import cache

import duckdb
import polars as pl

from data.storage import query
from data.table_files import read_rows

BLANKS = r"[\s\u200b-\u200d\u2060\ufeff]+"


@cache
def load_key_fields(table: str) -> dict[str, str]:
    """Field that holds a key -> field of the name it is made of (data/tables/search_keys.csv)."""
    return {row["field"]: row["of"] for row in read_rows("search_keys.csv") if row["table"] == table}


def normalise_expression(name: pl.Expr) -> pl.Expr:
    return name.str.normalize("NFKC").str.replace_all(BLANKS, "").str.to_lowercase()


def normalise_name(name: str) -> str:
    """The key of one name, as the book keeps it."""
    return str(pl.select(normalise_expression(pl.lit(name))).item())


def fill_missing_keys(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Keys for rows that have none: of a book older than the field, or made by SQL alone."""
    for field, of in load_key_fields(table).items():
        names = query.fetch_frame(con, f'SELECT DISTINCT "{of}" AS name FROM "{table}" WHERE "{field}" IS NULL')
        alike = names.drop_nulls().with_columns(alike=normalise_expression(pl.col("name")))
        con.register("named", alike.to_arrow(compat_level=pl.CompatLevel.newest()))
        con.execute(f'UPDATE "{table}" t SET "{field}" = n.alike FROM named n WHERE t."{of}" = n.name')
        con.unregister("named")
