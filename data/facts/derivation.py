"""Facts: one row per subject and day of judgement with every field that rules may read, derived from the registers."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path

import duckdb

from data import dictionary, table_files
from data.errors import BookError
from data.facts import derived_extensions, summaries
from data.history import guarantees
from data.history.validity import valid_on_sql
from data.messages.catalogue import bilingual
from data.reference import book_settings, working_days

SQL_FOLDER = Path(__file__).parent / "sql"
# Subjects read the facts of those before them.
SUBJECT_ORDER = (
    "loan",
    "borrower",
    "collateral",
    "extension",
    "inspection",
    "document",
    "group",
    "staff",
    "training",
    "branch",
    "portfolio",
)
SHARED_QUERIES = ("live_guarantee", "attested", "parameters", "loan_history")
QUERY_BEFORE_SUBJECT = {"borrower": "connected", "branch": "totals"}
ROWS_BEHIND_SUBJECT = {
    "borrower": "judged_loan WHERE borrower_id IS NOT NULL",
    "collateral": "current_guarantees",
    "extension": "request",
    "inspection": "current_inspections",
    "document": "current_documents",
    "group": "facts_borrower WHERE as_of = getvariable('as_of') AND group_id IS NOT NULL",
    "staff": "current_staff",
    "training": "current_training",
}
"""What each row of a subject comes from: without any, its query is not even planned, which takes most of a small
import. The other subjects always have a row where there is a loan."""
EXTENSION_TABLES = ("extensions", "consents", "events", "staff")
"""Registers that extension.sql reads, each as a relation of its own."""
HOME_CURRENCY_SQL = """coalesce("currency", getvariable('home_currency')) AS "currency\""""
HYPOTHETICAL_REQUESTS = "hypothetical_request"
HYPOTHETICAL_TABLE = "hypothetical_extension"
# The facts of a request, beside the day itself, that change with one of its two days.
DAY_DEPENDENT_FACTS = {"requested_maturity": ("requested_term_months",)}


@cache
def read_sql(name: str) -> str:
    """The text of a query of data/facts/sql: of a subject, or of what several subjects share."""
    return (SQL_FOLDER / f"{name}.sql").read_text(encoding="utf-8")


@cache
def compute_version() -> str:
    """A short hash of how facts are derived: of their queries, and of the dictionary that types them."""
    digest = hashlib.sha256()
    for path in (
        *sorted(SQL_FOLDER.glob("*.sql")),
        Path(guarantees.__file__),
        *(table_files.find_table_file(name) for name in ("fields.csv", "facts.csv", working_days.HOLIDAYS_FILE)),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def quote_names(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def fact_types(subject: str) -> dict[str, str]:
    """The SQL types of the facts of a subject."""
    return {name: field.sql_type for name, field in dictionary.facts_of_subject(subject).items()}


def _list_subjects_with_table(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The subjects for whose facts the book has a table with the columns of this dictionary."""
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for table, name, sql_type in con.execute(
        "SELECT table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE starts_with(table_name, 'facts_') AND NOT internal"
    ).fetchall():
        columns[table][name] = sql_type
    return {subject for subject in SUBJECT_ORDER if columns[f"facts_{subject}"] == fact_types(subject)}


def _create_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Facts can always be derived anew, so a table of an earlier dictionary is replaced."""
    for subject in sorted(set(SUBJECT_ORDER) - _list_subjects_with_table(con)):
        body = ", ".join(f'"{name}" {sql_type}' for name, sql_type in fact_types(subject).items())
        con.execute(f"CREATE OR REPLACE TABLE facts_{subject} ({body})")


def _create_current_views(con: duckdb.DuckDBPyConnection, as_of: date, tables: Iterable[str]) -> None:
    """current_<table>: the fields of the rows of a dated register that are current at the variable as_of."""
    con.execute("SET VARIABLE as_of = CAST($as_of AS DATE)", {"as_of": as_of})
    book_settings.set_variables(con)
    for table in tables:
        con.execute(f"CREATE OR REPLACE TEMP VIEW current_{table} AS {_current_rows_sql(con, table)}")
    con.execute(read_sql("prelude"))
    con.execute(read_sql("judged_loan"))


def _current_rows_sql(con: duckdb.DuckDBPyConnection, table: str) -> str:
    day, own = "getvariable('as_of')", quote_names(list(dictionary.fields_of_table(table)))
    if table == guarantees.TABLE:
        return f"SELECT {own} FROM ({guarantees.joined_rows_sql(con, day)})"
    own = own.replace('"currency"', HOME_CURRENCY_SQL) if table == "loans" else own
    return f"SELECT {own} FROM {table} WHERE {valid_on_sql(day)}" + derived_extensions_sql(con, table, day)


def derived_extensions_sql(con: duckdb.DuckDBPyConnection, table: str, day: str) -> str:
    """SQL that adds to the rows of the register the extensions that follow only from two exports; else empty."""
    held = "SELECT 1 FROM duckdb_tables() WHERE table_name = $name"
    if table != "extensions" or not con.execute(held, {"name": derived_extensions.TABLE}).fetchall():
        return ""
    own = quote_names(list(dictionary.fields_of_table(table)))
    return f" UNION ALL SELECT {own} FROM {derived_extensions.TABLE} WHERE judged_on = {day}"


def extension_sql(day: str = "getvariable('as_of')") -> str:
    """SQL of the facts of requests, booked or hypothetical.

    Reads the relations request (requests_booked, or requests_hypothetical), judged_loan and current_<table> for each
    of EXTENSION_TABLES. `day`: SQL expression of the day of judgement.
    """
    registers = {table: f"current_{table}" for table in EXTENSION_TABLES}
    return read_sql("extension").format(day=day, request="request", loan="judged_loan", **registers)


def hypothetical_requests_sql() -> str:
    """SQL of hypothetical requests in the columns of booked ones; reads the relation HYPOTHETICAL_REQUESTS."""
    return read_sql("requests_hypothetical").format(requests=HYPOTHETICAL_REQUESTS)


def _subject_sql(subject: str) -> str:
    return extension_sql() if subject == "extension" else read_sql(subject)


def derive_facts(con: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, int]:
    """Derive the facts of one as_of anew; those of other dates stay. Returns rows per subject."""
    _create_tables(con)
    for subject in SUBJECT_ORDER:
        con.execute(f"DELETE FROM facts_{subject} WHERE as_of = $as_of", {"as_of": as_of})
    derived_extensions.derive_extensions(con, as_of, "TABLE")
    counted = _derive_subjects(con, as_of)
    summaries.summarise_snapshot(con, as_of)
    _delete_metric_values(con, as_of)
    return counted


def _delete_metric_values(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Delete the metrics that were computed from the former facts of the day."""
    if con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'metric_values'").fetchall():
        con.execute("DELETE FROM metric_values WHERE as_of = $as_of", {"as_of": as_of})


def derive_temporary_facts(con: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, int]:
    """Derive the facts of as_of into temporary tables of this cursor, which hide those of the book."""
    for subject in SUBJECT_ORDER:
        body = ", ".join(f'"{name}" {sql_type}' for name, sql_type in fact_types(subject).items())
        con.execute(f"CREATE OR REPLACE TEMP TABLE facts_{subject} ({body})")
    derived_extensions.derive_extensions(con, as_of, "TEMP TABLE")
    return _derive_subjects(con, as_of)


def _derive_subjects(con: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, int]:
    _create_current_views(con, as_of, dictionary.load_tables())
    con.execute(working_days.day_off_macro_sql())
    for name in SHARED_QUERIES:
        con.execute(read_sql(name))
    con.execute(f"CREATE OR REPLACE TEMP TABLE request AS {read_sql('requests_booked')}")
    return {subject: _insert_facts(con, subject) for subject in SUBJECT_ORDER}


def _insert_facts(con: duckdb.DuckDBPyConnection, subject: str) -> int:
    rows = ROWS_BEHIND_SUBJECT.get(subject)
    if rows and not con.execute(f"SELECT EXISTS (FROM {rows})").fetchall()[0][0]:
        return 0
    if subject in QUERY_BEFORE_SUBJECT:
        con.execute(read_sql(QUERY_BEFORE_SUBJECT[subject]))
    columns = quote_names(list(fact_types(subject)))
    inserted = con.execute(f"INSERT INTO facts_{subject} SELECT {columns} FROM ({_subject_sql(subject)})").fetchone()
    return inserted[0] if inserted else 0


def derive_hypothetical_facts(con: duckdb.DuckDBPyConnection, as_of: date, requests: str) -> str:
    """Extension facts of hypothetical requests, as a temporary table of this cursor; returns its name.

    `requests` names a relation (request_id unique, loan_id, application_date, requested_maturity, consent). Works on
    a read-only cursor. A request for a loan that is not in the snapshot gets a row without loan facts.
    Raises BookError when the facts of as_of were never derived.
    """
    require_facts(con, as_of)
    _create_current_views(con, as_of, EXTENSION_TABLES)
    con.execute("SET VARIABLE requests = $requests", {"requests": requests})
    con.execute(
        f"CREATE OR REPLACE TEMP VIEW {HYPOTHETICAL_REQUESTS} AS SELECT * FROM query_table(getvariable('requests'))"
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE request AS {hypothetical_requests_sql()}")
    columns = ", ".join(
        f'CAST("{name}" AS {sql_type}) AS "{name}"' for name, sql_type in fact_types("extension").items()
    )
    con.execute(f"CREATE OR REPLACE TEMP TABLE {HYPOTHETICAL_TABLE} AS SELECT {columns} FROM ({extension_sql()})")
    return HYPOTHETICAL_TABLE


def list_as_of_dates(con: duckdb.DuckDBPyConnection) -> list[date]:
    """The dates that can be judged, oldest first: those with a snapshot that is current on its own date."""
    rows = con.execute(
        f"SELECT DISTINCT snapshot_date FROM snapshots WHERE {valid_on_sql('snapshot_date')} ORDER BY snapshot_date"
    ).fetchall()
    return [row[0] for row in rows]


def list_dates_with_facts(con: duckdb.DuckDBPyConnection) -> list[date]:
    """The dates for which the book has facts, oldest first; facts of an earlier dictionary do not count."""
    if "loan" not in _list_subjects_with_table(con):
        return []
    return [row[0] for row in con.execute("SELECT DISTINCT as_of FROM facts_loan ORDER BY as_of").fetchall()]


def require_facts(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Raises BookError when the book has no facts of as_of."""
    if as_of not in list_dates_with_facts(con):
        raise BookError(bilingual("facts.no_facts_of_day", day=as_of))
