"""Extension requests by file: a CSV in, the same rows with their decisions out."""

from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from data.errors import InputError
from data.ingest import extension_request_file as uploaded
from data.ingest.parsing import dates
from data.messages.catalogue import BilingualText, bilingual
from data.storage import formula_escaping
from policy.extensions.extension_decision import judge_request_frame
from policy.model.records import Policy

REQUEST_COLUMNS = ("loan_id", "application_date", "requested_maturity", "consent")
DECISION_COLUMNS = ("verdict", "term_class", "latest_permitted", "apply_by", "blocked_by")
DATE_COLUMNS = ("application_date", "requested_maturity")


def read_requests(path: Path) -> pl.DataFrame:
    """The requests as text, row by row. Raises InputError for a missing file, column, id, or a broken date."""
    if not path.is_file():
        raise InputError(bilingual("extensions.no_request_file", path=path, columns=", ".join(REQUEST_COLUMNS)))
    text = _read_text(path)
    try:
        frame = pl.read_csv(text.encode(), infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InputError(
            bilingual("extensions.request_file_not_readable", path=path, why=str(error).splitlines()[0])
        ) from error
    missing = [column for column in REQUEST_COLUMNS if column not in frame.columns]
    if missing:
        raise InputError(
            bilingual(
                "extensions.request_columns_missing",
                path=path,
                missing=", ".join(missing),
                columns=", ".join(REQUEST_COLUMNS),
            )
        )
    frame = frame.select(pl.col(column).str.strip_chars() for column in REQUEST_COLUMNS)
    for column in DATE_COLUMNS:
        _require_valid(
            path,
            frame,
            column,
            _is_filled(frame[column]) & _parse_days(frame[column]).is_null(),
            bilingual("extensions.not_a_date"),
        )
    empty = frame["loan_id"].is_null() | (frame["loan_id"] == "")
    _require_valid(path, frame, "loan_id", empty, bilingual("extensions.is_empty"))
    return frame


def _is_filled(cells: pl.Series) -> pl.Series:
    return cells.fill_null("") != ""


def _parse_days(cells: pl.Series) -> pl.Series:
    """Days as exports and spreadsheets write them; blank stays unknown, so the request cannot be judged."""
    return dates.parse(cells.replace("", None), None).values


def _read_text(path: Path) -> str:
    raw = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputError(bilingual("extensions.request_file_encoding", path=path))


def _require_valid(path: Path, frame: pl.DataFrame, column: str, bad: pl.Series, problem: BilingualText) -> None:
    rows = bad.arg_true()
    if len(rows):
        value = frame[column][rows[0]]
        raise InputError(
            bilingual(
                "extensions.bad_request_cell",
                path=path,
                row=rows[0] + 2,
                column=column,
                value=value or "",
                problem=problem,
            )
        )


def decide_requests(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, frame: pl.DataFrame) -> pl.DataFrame:
    """The requests with verdict, term_class, latest_permitted, apply_by, blocked_by (rule ids joined by |)."""
    numbered = frame.with_row_index("request_id").with_columns(
        pl.col("request_id").cast(pl.String), *(_parse_days(frame[column]).alias(column) for column in DATE_COLUMNS)
    )
    found = judge_request_frame(con, policy, as_of, numbered).select(
        pl.col("request_id").cast(pl.Int64), *DECISION_COLUMNS[:-1], pl.col("blocked_by").list.join("|")
    )
    return pl.concat([frame, found.sort("request_id").drop("request_id")], how="horizontal")


def decide_uploaded_file(
    con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, path: Path
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The decisions on the good rows of a file a person made, and the bad rows with their reasons.

    [row_number, loan_id, application_date, requested_maturity, consent, *ANSWERS]; `blocked_by` is a list.
    Raises InputError for a file that cannot be read.
    """
    asked = uploaded.read_requests(con, as_of, path)
    numbered = asked.valid_rows.select(pl.col("row_number").cast(pl.String).alias("request_id"), *REQUEST_COLUMNS)
    found = judge_request_frame(con, policy, as_of, numbered).select(
        pl.col("request_id").cast(pl.Int64).alias("row_number"), *DECISION_COLUMNS
    )
    return asked.valid_rows.join(found, on="row_number", how="left", maintain_order="left"), asked.rejected_rows


def write_decisions(path: Path, decided: pl.DataFrame) -> None:
    """Raises InputError when the file cannot be written."""
    try:
        formula_escaping.write_csv(decided, path)
    except OSError as error:
        raise InputError(bilingual("common.not_writable", path=path, why=error.strerror or error)) from error
