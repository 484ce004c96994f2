"""What a flat loan file says beside its loans: snapshots, guarantees, borrowers and process events."""

from datetime import date

import polars as pl

from data import dictionary
from data.ingest import guarantee_numbers
from data.ingest.files.sheet_reading import ROW
from data.ingest.mapping.mapping import EVENTS
from data.messages.catalogue import import_note

LINEAGE = ("_part", "source_file", ROW)
PAID_OUT = "9"


def split(rows: pl.DataFrame, table: str, as_of: date, notes: list[dict]) -> dict[str, pl.DataFrame]:
    """Companion table -> its rows (columns table.field and the lineage), without empty tables."""
    if table != "loans" or not len(rows):
        return {}
    found = {
        "snapshots": _snapshots(rows, as_of),
        "borrowers": _borrowers(rows, notes),
        "guarantees": _guarantees(rows, notes),
        EVENTS: _events(rows),
    }
    return {name: frame for name, frame in found.items() if frame is not None and len(frame)}


def _own(rows: pl.DataFrame, table: str) -> list[str]:
    return [column for column in rows.columns if column.startswith(f"{table}.")]


def _filled(rows: pl.DataFrame, table: str) -> pl.DataFrame | None:
    """Rows that carry at least one of the table's fields."""
    own = _own(rows, table)
    return rows.filter(pl.any_horizontal(pl.col(own).is_not_null())) if own else None


def _from_loans(rows: pl.DataFrame, table: str, names: tuple[str, ...]) -> pl.DataFrame:
    """Fields that the loan's columns give where the table's own do not."""
    for name in names:
        given = f"{table}.{name}"
        source = pl.col(f"loans.{name}") if f"loans.{name}" in rows.columns else pl.lit(None, pl.String)
        rows = rows.with_columns((pl.col(given).fill_null(source) if given in rows.columns else source).alias(given))
    return rows


def _snapshots(rows: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """One row a loan, at the import's date."""
    dated = rows.with_columns(
        pl.col("loans.loan_id").alias("snapshots.loan_id"), pl.lit(as_of).alias("snapshots.snapshot_date")
    )
    if "loans.balance" in rows.columns:
        dated = dated.with_columns(pl.col("loans.balance").alias("snapshots.balance"))
    return dated.select(*_own(dated, "snapshots"), *LINEAGE)


def _borrowers(rows: pl.DataFrame, notes: list[dict]) -> pl.DataFrame | None:
    """One row a customer; where rows differ the first one holds, and a note says so."""
    filled = _filled(rows, "borrowers")
    if filled is None:
        return None
    keyed = _from_loans(filled, "borrowers", ("borrower_id",))
    named = keyed.filter(pl.col("borrowers.borrower_id").is_not_null())
    if len(named) < len(keyed):
        notes.append(import_note("note_no_borrower", rows=len(keyed) - len(named)))
    own = _own(named, "borrowers")
    once = named.select(*own, *LINEAGE).unique("borrowers.borrower_id", keep="first", maintain_order=True)
    conflicts = named.select(own).n_unique() - len(once) if len(once) < len(named) else 0
    if conflicts:
        notes.append(import_note("note_conflict", table="borrowers", rows=conflicts))
    return once


def _guarantees(rows: pl.DataFrame, notes: list[dict]) -> pl.DataFrame | None:
    """One row a loan that names a guarantee or collateral; its kind is the loan's where it has none."""
    filled = _filled(rows, "guarantees")
    if filled is None:
        return None
    filled = _from_loans(filled, "guarantees", ("loan_id", "contract_no"))
    kind = pl.col("loans.guarantee_type") if "loans.guarantee_type" in rows.columns else pl.lit(None, pl.String)
    given = pl.col("guarantees.kind").fill_null(kind) if "guarantees.kind" in rows.columns else kind
    filled = _numbered_once(filled.with_columns(given.alias("guarantees.kind")), notes)
    keyed = with_key(filled, "guarantees")
    return keyed.select(*_own(keyed, "guarantees"), *LINEAGE)


def _numbered_once(rows: pl.DataFrame, notes: list[dict]) -> pl.DataFrame:
    """A contract that secures several loans is one row a loan, so its number alone cannot be the key."""
    number = "guarantees.guarantee_id"
    if number not in rows.columns:
        return rows
    rows = guarantee_numbers.given(rows)
    shared = pl.col(number).is_not_null() & pl.col(number).is_duplicated()
    count = rows.select(shared.sum()).item()
    if not count:
        return rows
    notes.append(import_note("note_shared_guarantee", rows=count))
    each = pl.concat_str(pl.col(number), pl.col("guarantees.loan_id"), separator="/")
    return rows.with_columns(pl.when(shared).then(each).otherwise(pl.col(number)).alias(number))


def _events(rows: pl.DataFrame) -> pl.DataFrame | None:
    """One row a step whose date is filled; the loan's own date of disbursement is its step where no column is."""
    steps = {column: column.removeprefix("events.") for column in _own(rows, EVENTS)}
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
    return with_key(pl.concat(frames), EVENTS)


def with_key(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """Fill a missing key from the fields that identify the row, as text separated by slashes."""
    entry = dictionary.tables()[table]
    if not entry.key_from:
        return rows
    name = f"{table}.{entry.key[0]}"
    parts = [
        pl.col(f"{table}.{part}").cast(pl.String).fill_null("") if f"{table}.{part}" in rows.columns else pl.lit("")
        for part in entry.key_from
    ]
    made = pl.concat_str(parts, separator="/")
    return rows.with_columns((pl.col(name).fill_null(made) if name in rows.columns else made).alias(name))
