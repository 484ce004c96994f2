"""Guarantee numbers shared by several rows: several collaterals, or a contract and its collateral."""

import polars as pl

from data.messages.catalogue import Note, import_note

TABLE = "guarantees"
NUMBER, GIVEN_NUMBER = f"{TABLE}.guarantee_id", f"{TABLE}.guarantee_no"
"""The key of a row; the guarantee number as the file gives it."""
OWNERS = (f"{TABLE}.loan_id", f"{TABLE}.contract_no")
DISTINGUISHING_COLUMNS = (f"{TABLE}.collateral_id", f"{TABLE}.provider_id")


def assign_unique_keys(rows: pl.DataFrame, table: str, notes: list[Note]) -> pl.DataFrame:
    """Rows that share a number are distinguished by their loan or contract, collateral and provider.

    So is collateral that names neither loan nor contract: the plain number is its contract's.
    """
    if table != TABLE or NUMBER not in rows.columns:
        return rows
    rows = copy_given_number(rows)
    ownerless = _is_ownerless(rows)
    shared = pl.col(NUMBER).is_not_null() & pl.struct(NUMBER, ownerless.alias("ownerless")).is_duplicated()
    count = rows.select(shared.sum()).item()
    if count:
        notes.append(import_note("note_several_collaterals", rows=count))
    owner = [pl.coalesce(_filter_present(rows, OWNERS))] if _filter_present(rows, OWNERS) else []
    each = pl.concat_str(
        [NUMBER, *owner, *_filter_present(rows, DISTINGUISHING_COLUMNS)], separator="/", ignore_nulls=True
    )
    return rows.with_columns(pl.when(shared | ownerless).then(each).otherwise(NUMBER).alias(NUMBER))


def copy_given_number(rows: pl.DataFrame) -> pl.DataFrame:
    """The number as given is kept beside the key that is made of it."""
    own = pl.coalesce([*_filter_present(rows, (GIVEN_NUMBER,)), NUMBER])
    return rows.with_columns(own.alias(GIVEN_NUMBER))


def _filter_present(rows: pl.DataFrame, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in rows.columns]


def _is_ownerless(rows: pl.DataFrame) -> pl.Expr:
    owners = _filter_present(rows, OWNERS)
    return pl.all_horizontal(pl.col(owners).is_null()) if owners else pl.lit(True)


def is_update(rows: pl.DataFrame, table: str) -> pl.Expr:
    """Rows that name a number, but neither loan, contract nor collateral: what the book knows of it stays."""
    if table != TABLE or GIVEN_NUMBER not in rows.columns:
        return pl.lit(False)
    return _is_ownerless(rows) & (pl.col(NUMBER) == pl.col(GIVEN_NUMBER)).fill_null(False)
