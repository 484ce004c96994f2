"""Tables inside a flat loan file beside its loans: snapshots, guarantees, borrowers and process events."""

from datetime import date

import polars as pl

from data import dictionary
from data.ingest import guarantee_numbers
from data.ingest.files.sheet_cells import ROW
from data.ingest.mapping.mapping import EVENTS
from data.messages.catalogue import Note, import_note

LINEAGE = ("_part", "source_file", ROW)
PAID_OUT = "9"


def split_companions(rows: pl.DataFrame, table: str, as_of: date, notes: list[Note]) -> dict[str, pl.DataFrame]:
    """Companion table -> its rows (columns table.field and the lineage), without empty tables."""
    if table != "loans" or not len(rows):
        return {}
    found = {
        "snapshots": _derive_snapshots(rows, as_of),
        "borrowers": _derive_borrowers(rows, notes),
        "guarantees": _derive_guarantees(rows, notes),
        EVENTS: _derive_events(rows),
    }
    return {name: frame for name, frame in found.items() if frame is not None and len(frame)}


def _list_own_columns(rows: pl.DataFrame, table: str) -> list[str]:
    return [column for column in rows.columns if column.startswith(f"{table}.")]


def _select_filled_rows(rows: pl.DataFrame, table: str) -> pl.DataFrame | None:
    """Rows that carry at least one of the table's fields."""
    own = _list_own_columns(rows, table)
    return rows.filter(pl.any_horizontal(pl.col(own).is_not_null())) if own else None


def _fill_from_loans(rows: pl.DataFrame, table: str, names: tuple[str, ...]) -> pl.DataFrame:
    """Fields that the loan's columns give where the table's own do not."""
    for name in names:
        given = f"{table}.{name}"
        source = pl.col(f"loans.{name}") if f"loans.{name}" in rows.columns else pl.lit(None, pl.String)
        rows = rows.with_columns((pl.col(given).fill_null(source) if given in rows.columns else source).alias(given))
    return rows


def _derive_snapshots(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row a loan, at the import's date."""
    dated = rows.with_columns(
        pl.col("loans.loan_id").alias("snapshots.loan_id"), pl.lit(as_of).alias("snapshots.snapshot_date")
    )
    if "loans.balance" in rows.columns:
        dated = dated.with_columns(pl.col("loans.balance").alias("snapshots.balance"))
    return dated.select(*_list_own_columns(dated, "snapshots"), *LINEAGE)


def _derive_borrowers(rows: pl.DataFrame, notes: list[Note]) -> pl.DataFrame | None:
    """One row per customer; where rows differ the first is used, with a note."""
    filled = _select_filled_rows(rows, "borrowers")
    if filled is None:
        return None
    keyed = _fill_from_loans(filled, "borrowers", ("borrower_id",))
    named = keyed.filter(pl.col("borrowers.borrower_id").is_not_null())
    if len(named) < len(keyed):
        notes.append(import_note("note_no_borrower", rows=len(keyed) - len(named)))
    own = _list_own_columns(named, "borrowers")
    once = named.select(*own, *LINEAGE).unique("borrowers.borrower_id", keep="first", maintain_order=True)
    conflicts = named.select(own).n_unique() - len(once) if len(once) < len(named) else 0
    if conflicts:
        notes.append(import_note("note_conflict", table="borrowers", rows=conflicts))
    return once


def _derive_guarantees(rows: pl.DataFrame, notes: list[Note]) -> pl.DataFrame | None:
    """One row a loan that names a guarantee or collateral; its kind is the loan's where it has none."""
    filled = _select_filled_rows(rows, "guarantees")
    if filled is None:
        return None
    filled = _fill_from_loans(filled, "guarantees", ("loan_id", "contract_no"))
    kind = pl.col("loans.guarantee_type") if "loans.guarantee_type" in rows.columns else pl.lit(None, pl.String)
    given = pl.col("guarantees.kind").fill_null(kind) if "guarantees.kind" in rows.columns else kind
    filled = _make_numbers_unique(filled.with_columns(given.alias("guarantees.kind")), notes)
    keyed = fill_missing_key(filled, "guarantees")
    return keyed.select(*_list_own_columns(keyed, "guarantees"), *LINEAGE)


def _make_numbers_unique(rows: pl.DataFrame, notes: list[Note]) -> pl.DataFrame:
    """A contract that secures several loans is one row a loan, so its number alone cannot be the key."""
    number = "guarantees.guarantee_id"
    if number not in rows.columns:
        return rows
    rows = guarantee_numbers.copy_given_number(rows)
    shared = pl.col(number).is_not_null() & pl.col(number).is_duplicated()
    count = rows.select(shared.sum()).item()
    if not count:
        return rows
    notes.append(import_note("note_shared_guarantee", rows=count))
    each = pl.concat_str(pl.col(number), pl.col("guarantees.loan_id"), separator="/")
    return rows.with_columns(pl.when(shared).then(each).otherwise(pl.col(number)).alias(number))


def _derive_events(rows: pl.DataFrame) -> pl.DataFrame | None:
    """One row a step whose date is filled; without such a column the disbursement date is the step of disbursement."""
    steps = {column: column.removeprefix("events.") for column in _list_own_columns(rows, EVENTS)}
    if not steps:
        return None
    rows = rows.filter(pl.any_horizontal(pl.col(list(steps)).is_not_null()))
    if PAID_OUT not in steps.values() and "loans.disbursed_on" in rows.columns:
        steps["loans.disbursed_on"] = PAID_OUT
    frames = [
        rows.filter(pl.col(column).is_not_null()).select(
            pl.col("loans.loan_id").alias("events.loan_id"),
            pl.lit(step).alias("events.step_code"),
            pl.col(column).alias("events.event_date"),
            *LINEAGE,
        )
        for column, step in steps.items()
    ]
    return fill_missing_key(pl.concat(frames), EVENTS)


def fill_missing_key(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """Fill a missing key from the fields that identify the row, joined by slashes."""
    entry = dictionary.load_tables()[table]
    if not entry.key_from:
        return rows
    name = f"{table}.{entry.key[0]}"
    parts = [
        pl.col(f"{table}.{part}").cast(pl.String).fill_null("") if f"{table}.{part}" in rows.columns else pl.lit("")
        for part in entry.key_from
    ]
    made = pl.concat_str(parts, separator="/")
    return rows.with_columns((pl.col(name).fill_null(made) if name in rows.columns else made).alias(name))
