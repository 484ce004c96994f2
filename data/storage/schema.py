"""The tables of the book, made from the data dictionary."""

import duckdb

from data import dictionary
from data.storage import name_search

FORMER_COLUMN_NAMES = {"as_of": "row_valid_from", "until": "row_valid_to"}
"""Columns of every register as books up to 2026-12-01 name them, and their present names."""
SYSTEM_TABLES = """
CREATE TABLE IF NOT EXISTS codes (list VARCHAR, code VARCHAR, rank INTEGER, zh VARCHAR, en VARCHAR, attr VARCHAR);
CREATE TABLE IF NOT EXISTS batches (
    batch_id VARCHAR PRIMARY KEY, fingerprint VARCHAR, as_of DATE, profile VARCHAR, loaded_at TIMESTAMP,
    assumptions VARCHAR);
ALTER TABLE batches ADD COLUMN IF NOT EXISTS scope VARCHAR;
CREATE TABLE IF NOT EXISTS batch_tables (
    batch_id VARCHAR, table_name VARCHAR, file VARCHAR, sha256 VARCHAR, encoding VARCHAR,
    rows_in BIGINT, loaded BIGINT, quarantined BIGINT, ignored BIGINT,
    balance_in DECIMAL(38,2), balance_loaded DECIMAL(38,2), derived BOOLEAN);
CREATE TABLE IF NOT EXISTS quarantine (
    batch_id VARCHAR, table_name VARCHAR, file VARCHAR, row_number BIGINT, field VARCHAR, value VARCHAR,
    reason VARCHAR, reason_zh VARCHAR, content VARCHAR);
CREATE TABLE IF NOT EXISTS endings (table_name VARCHAR, row_key VARCHAR, ended_on DATE, batch_id VARCHAR);
CREATE TABLE IF NOT EXISTS policy_versions (policy_version VARCHAR PRIMARY KEY, tables VARCHAR, stored_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS runs (
    run_id VARCHAR PRIMARY KEY, as_of DATE, policy_version VARCHAR, engine_version VARCHAR, rules_of VARCHAR,
    judged_at TIMESTAMP);
ALTER TABLE runs ADD COLUMN IF NOT EXISTS data_version VARCHAR;
ALTER TABLE runs ADD COLUMN IF NOT EXISTS previous_run VARCHAR;
CREATE TABLE IF NOT EXISTS run_data (run_id VARCHAR, table_name VARCHAR, batch_id VARCHAR, current_rows BIGINT);
CREATE TABLE IF NOT EXISTS run_subjects (run_id VARCHAR, subject VARCHAR, subjects BIGINT);
CREATE TABLE IF NOT EXISTS run_counts (
    run_id VARCHAR, rule_id VARCHAR, subject VARCHAR, branch_id VARCHAR, verdict VARCHAR, reason VARCHAR,
    field VARCHAR, subjects BIGINT);
CREATE TABLE IF NOT EXISTS violations (
    run_id VARCHAR, violation_id VARCHAR, rule_id VARCHAR, subject VARCHAR, subject_id VARCHAR, loan_id VARCHAR,
    borrower_id VARCHAR, branch_id VARCHAR, officer_id VARCHAR, balance DECIMAL(18,2), measured VARCHAR,
    limit_value VARCHAR, policy_version VARCHAR);
CREATE TABLE IF NOT EXISTS quality_counts (
    as_of DATE, stamp VARCHAR, check_id VARCHAR, "rows" BIGINT, checked BIGINT, amount DECIMAL(38,2),
    "foreign" VARCHAR);
CREATE TABLE IF NOT EXISTS vanished (
    run_id VARCHAR, violation_id VARCHAR, rule_id VARCHAR, subject VARCHAR, subject_id VARCHAR, mark VARCHAR);
CREATE TABLE IF NOT EXISTS violation_lives (
    run_id VARCHAR, violation_id VARCHAR, state VARCHAR, first_seen DATE, opened_on DATE, times_reopened BIGINT);
CREATE TABLE IF NOT EXISTS violation_cubes (
    run_id VARCHAR, since_run VARCHAR, rule_id VARCHAR, branch_id VARCHAR, guarantee_type VARCHAR, state VARCHAR,
    movement VARCHAR, opened_on DATE, violations BIGINT);
"""


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


def list_missing_columns(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Tables and columns (table.field) that a book of an earlier version does not have yet."""
    held = _list_columns(con)
    tables = {table for table, _ in held}
    wanted = [(name, column) for name in dictionary.load_tables() for column in _register_columns(name)]
    absent = [name if name not in tables else f"{name}.{field}" for name, field in wanted if (name, field) not in held]
    return list(dict.fromkeys(absent))


def create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Create what is missing and refresh the code lists, in one transaction: each alone would wait for the disk."""
    con.execute("BEGIN")
    create_tables_in_transaction(con)
    con.execute("COMMIT")


def create_tables_in_transaction(con: duckdb.DuckDBPyConnection) -> None:
    """As create, within the transaction that the connection is in."""
    con.execute(SYSTEM_TABLES)
    for name in dictionary.load_tables():
        con.execute(_create_table(name))
    _rename_columns(con)
    _add_missing_columns(con)
    con.execute("DELETE FROM codes")
    columns = [list(column) for column in zip(*dictionary.list_code_rows(), strict=True)]
    con.execute(f"INSERT INTO codes SELECT {', '.join(['unnest(?)'] * len(columns))}", columns)
