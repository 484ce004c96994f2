"""Extension requests out of a file a person made: CSV or a workbook, guarded, its rows good or bad with the reason."""

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import duckdb
import polars as pl

from data.errors import InputError
from data.ingest.files import sheet_reading
from data.ingest.files.sheet_cells import ROW
from data.ingest.files.sheet_reading import Sheet
from data.ingest.parsing import dates
from data.messages.catalogue import BilingualText, bilingual
from data.storage import query
from data.table_files import read_rows

DATES = ("application_date", "requested_maturity")
HEADER_ROWS = 20  # how far down the header may stand
NO_LOAN, UNKNOWN_LOAN, BAD_DATE = "no_loan", "unknown_loan", "bad_date"


@dataclass(frozen=True)
class ParsedRequests:
    """Every row of the file that is not blank, as one of the two.

    `valid_rows`: [row_number, loan_id, application_date, requested_maturity, consent];
    `rejected_rows`: [row_number, loan_id, column, value, reason].
    """

    valid_rows: pl.DataFrame
    rejected_rows: pl.DataFrame


@cache
def load_columns() -> dict[str, dict[str, str]]:
    """The columns of such a file, by their names, with words and aliases (tables/request_columns.csv)."""
    return {row["column"]: row for row in read_rows("request_columns.csv")}


@cache
def _index_headers() -> dict[str, str]:
    return {
        _normalise_header(name): column
        for column, row in load_columns().items()
        for name in (column, row["zh"], row["en"], *row["aliases"].split("|"))
    }


def _normalise_header(header: str | None) -> str:
    return "".join((header or "").split()).lower()


def read_requests(cursor: duckdb.DuckDBPyConnection, as_of: date, path: Path) -> ParsedRequests:
    """Raises InputError for a file that is not a table or lacks the columns; a rejected row is not an error."""
    tables = [
        sheet
        for sheet in sheet_reading.read_sheets(sheet_reading.load_file(path))
        if not sheet.is_hidden and sheet.cells.height
    ]
    for sheet in tables:
        header = _find_header(sheet)
        if header:
            return _validate_rows(cursor, as_of, _extract_rows(sheet, *header), sheet.date_serials)
    columns = BilingualText(
        ", ".join(f"{row['zh']} ({column})" for column, row in load_columns().items()),
        "、".join(row["zh"] for row in load_columns().values()),
    )
    raise InputError(bilingual("ingest.requests_without_header", name=path.name, columns=columns))


def _find_header(sheet: Sheet) -> tuple[int, dict[str, str]] | None:
    """(row of the header, column of the file by column of ours)."""
    for at, row in enumerate(sheet.cells.head(HEADER_ROWS).select(sheet.columns).iter_rows()):
        found = {
            _index_headers()[_normalise_header(text)]: sheet.columns[n]
            for n, text in enumerate(row)
            if _normalise_header(text) in _index_headers()
        }
        if found.keys() >= load_columns().keys() - {"consent"}:
            return at, found
    return None


def _extract_rows(sheet: Sheet, at: int, found: dict[str, str]) -> pl.DataFrame:
    """The rows under the header that hold anything, as text."""
    texts = [
        pl.col(found[column]).str.strip_chars().replace("", None).alias(column)
        if column in found
        else pl.lit(None, pl.String).alias(column)
        for column in load_columns()
    ]
    rows = sheet.cells[at + 1 :].select(pl.col(ROW).cast(pl.Int64).alias("row_number"), *texts)
    return rows.filter(~pl.all_horizontal(pl.exclude("row_number").is_null()))


def _validate_rows(
    cursor: duckdb.DuckDBPyConnection, as_of: date, rows: pl.DataFrame, serials: date | None
) -> ParsedRequests:
    read = {column: dates.parse(rows[column], serials).values for column in DATES}
    known = _find_known_loans(cursor, as_of, rows)
    reasons = [
        (pl.col("loan_id").is_null(), "loan_id", NO_LOAN),
        (~pl.col("loan_id").is_in(known.to_list()), "loan_id", UNKNOWN_LOAN),
    ]
    reasons += [(pl.col(column).is_not_null() & pl.lit(read[column].is_null()), column, BAD_DATE) for column in DATES]
    marked = rows.with_columns(
        reason=pl.coalesce(pl.when(test).then(pl.lit(reason)) for test, _, reason in reasons),
        column=pl.coalesce(pl.when(test).then(pl.lit(column)) for test, column, _ in reasons),
        value=pl.coalesce(pl.when(test).then(pl.col(column)) for test, column, _ in reasons),
    )
    bad = marked.filter(pl.col("reason").is_not_null()).select("row_number", "loan_id", "column", "value", "reason")
    days = rows.with_columns(read[column].alias(column) for column in DATES)
    return ParsedRequests(days.filter(marked["reason"].is_null()), bad)


def _find_known_loans(cursor: duckdb.DuckDBPyConnection, as_of: date, rows: pl.DataFrame) -> pl.Series:
    """Which of the loans asked for the snapshot has."""
    return query.fetch_frame(
        cursor,
        "SELECT loan_id FROM facts_loan WHERE as_of = $as_of AND loan_id IN (SELECT unnest($wanted))",
        as_of=as_of,
        wanted=rows["loan_id"].drop_nulls().unique().to_list(),
    )["loan_id"]
