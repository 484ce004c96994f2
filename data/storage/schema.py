"""Creates the tables of the book, registers from the data dictionary and system tables, and updates earlier books."""

import duckdb

from data import dictionary
from data.storage import book_version, name_search
from data.storage.system_tables import load_system_tables

FORMER_COLUMN_NAMES = {"as_of": "row_valid_from", "until": "row_valid_to"}
"""Columns of every register as books up to 2026-12-01 name them, and their present names."""


def _register_columns(table: str) -> dict[str, str]:
    """The columns of a register with their SQL types: its fields, then its lineage."""
    fields = {field.name: field.sql_type for field in dictionary.fields_of_table(table).values()}
    return fields | dictionary.LINEAGE_COLUMNS


def _create_table(name: str) -> str:
    columns = _register_columns(name)
    body = ", ".join(f'"{column}" {sql_type}' for column, sql_type in columns.items())
    return f'CREATE TABLE IF NOT EXISTS "{name}" ({body})'


def _list_columns(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """(table, column) of everything that the book has."""
    return set(con.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal").fetchall())


def _rename_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Give the columns of registers that an earlier version wrote their present names; the rows stay as they are."""
    held = _list_columns(con)
    for table in dictionary.load_tables():
        for former, present in FORMER_COLUMN_NAMES.items():
            if (table, former) in held and (table, present) not in held:
                con.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{former}" TO "{present}"')


def _add_missing_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Add the fields that the dictionary has gained since the book was made."""
    held = _list_columns(con)
    for name in dictionary.load_tables():
        for field in dictionary.fields_of_table(name).values():
            if (name, field.name) not in held:
                con.execute(f'ALTER TABLE "{name}" ADD COLUMN "{field.name}" {field.sql_type}')
                name_search.fill_missing_keys(con, name)


def _add_missing_system_columns(con: duckdb.DuckDBPyConnection) -> None:
    """Add the columns that the system tables of the book have gained since it was made."""
    held = _list_columns(con)
    present = {table for table, _ in held}
    for table in load_system_tables().values():
        for column, sql_type in table.columns.items():
            if table.name in present and (table.name, column) not in held:
                con.execute(f'ALTER TABLE {table.name} ADD COLUMN "{column}" {sql_type}')


def _number_runs(con: duckdb.DuckDBPyConnection) -> None:
    """Runs of earlier versions have no sequence: they are numbered in the order in which their clocks judged."""
    con.execute(
        """UPDATE runs SET sequence = numbered.place
           FROM (SELECT run_id AS id, row_number() OVER (ORDER BY judged_at, run_id) AS place FROM runs) numbered
           WHERE runs.run_id = numbered.id AND NOT EXISTS (FROM runs WHERE sequence IS NOT NULL)"""
    )


def list_missing_columns(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables and columns (table.field) that a book of an earlier version does not have yet."""
    held = _list_columns(con)
    tables = {table for table, _ in held}
    wanted = [(name, column) for name in dictionary.load_tables() for column in _register_columns(name)]
    absent = [name if name not in tables else f"{name}.{field}" for name, field in wanted if (name, field) not in held]
    return list(dict.fromkeys(absent))


def create_tables(con: duckdb.DuckDBPyConnection) -> int | None:
    """Create what is missing and refresh the code lists, in one transaction: each alone would wait for the disk.

    Returns the schema number of a book of an earlier version, None for a new book and for one of this version.
    """
    found = None if not _list_columns(con) else book_version.read_schema_version(con)
    con.execute("BEGIN")
    create_tables_in_transaction(con)
    con.execute("COMMIT")
    is_earlier = found is not None and found < book_version.load_current_version().number
    return found if is_earlier else None


def create_tables_in_transaction(con: duckdb.DuckDBPyConnection) -> None:
    """As create, within the transaction that the connection is in."""
    tables = [table for table in load_system_tables().values() if table.is_created_with_book]
    for table in tables:
        con.execute(table.create_sql())
    _add_missing_system_columns(con)
    for name in dictionary.load_tables():
        con.execute(_create_table(name))
    _rename_columns(con)
    _add_missing_columns(con)
    _number_runs(con)
    con.execute("DELETE FROM codes")
    columns = [list(column) for column in zip(*dictionary.list_code_rows(), strict=True)]
    con.execute(f"INSERT INTO codes SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)
    book_version.write_version(con)
