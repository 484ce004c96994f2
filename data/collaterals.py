"""Guarantee numbers that stand for several rows: several collaterals, or contracts apart from their collateral."""

import polars as pl

from data.messages import note

TABLE = "guarantees"
NUMBER = f"{TABLE}.guarantee_id"
OWNERS = (f"{TABLE}.loan_id", f"{TABLE}.contract_no")
TELLING = (f"{TABLE}.collateral_id", f"{TABLE}.provider_id")
PLEDGED = tuple(f"{TABLE}.{name}" for name in ("collateral_id", "collateral_type", "appraised_value"))
GIVEN = "_number"
"""The guarantee number as the file gives it."""


def numbered(rows: pl.DataFrame, table: str, notes: list[dict]) -> pl.DataFrame:
    """Rows that share a number are told apart by their loan or contract, collateral and provider."""
    if table != TABLE or NUMBER not in rows.columns:
        return rows
    rows = rows.with_columns(pl.col(NUMBER).alias(GIVEN))
    shared = pl.col(NUMBER).is_not_null() & pl.col(NUMBER).is_duplicated()
    count = rows.select(shared.sum()).item()
    if not count:
        return rows
    notes.append(note("note_several_collaterals", rows=count))
    parts = [pl.coalesce(_present(rows, OWNERS))] if _present(rows, OWNERS) else []
    each = pl.concat_str([NUMBER, *parts, *_present(rows, TELLING)], separator="/", ignore_nulls=True)
    return rows.with_columns(pl.when(shared).then(each).otherwise(NUMBER).alias(NUMBER))


def _present(rows: pl.DataFrame, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if name in rows.columns]


def is_ownerless(rows: pl.DataFrame, table: str) -> pl.Expr:
    """Collateral that names neither loan nor contract: what the book knows of its number stays."""
    if table != TABLE:
        return pl.lit(False)
    owners = _present(rows, OWNERS)
    return pl.all_horizontal(pl.col(owners).is_null()) if owners else pl.lit(True)


def completed(rows: pl.DataFrame, table: str, notes: list[dict]) -> pl.DataFrame:
    """Collateral without a loan or contract takes them, and kind, amount and dates, from the rows of its number.

    A number that secures several contracts gives a row for each; a contract's bare row gives way to its collateral's.
    """
    if table != TABLE or GIVEN not in rows.columns or not _present(rows, OWNERS):
        return rows
    orphan = pl.col(GIVEN).is_not_null() & is_ownerless(rows, table)
    orphans, rest = rows.filter(orphan), rows.filter(~orphan)
    contracts = rest.filter(pl.col(GIVEN).is_in(orphans[GIVEN].unique().to_list()))
    if not len(contracts):
        return rows
    fields = [name for name in rows.columns if name.startswith(f"{TABLE}.") and name != NUMBER]
    joined = orphans.join(contracts.select(GIVEN, *fields), on=GIVEN, how="left", suffix="+", maintain_order="left")
    filled = joined.with_columns(pl.coalesce(name, f"{name}+").alias(name) for name in fields).select(rows.columns)
    again = ~pl.struct("_part", "_index").is_first_distinct()
    key = pl.concat_str([NUMBER, pl.coalesce(_present(rows, OWNERS))], separator="/", ignore_nulls=True)
    filled = filled.with_columns(pl.when(again).then(key).otherwise(NUMBER).alias(NUMBER))
    notes.append(note("note_collateral_contract", rows=len(orphans.join(contracts, on=GIVEN, how="semi"))))
    bare = pl.all_horizontal(pl.col(_present(rows, PLEDGED)).is_null()) if _present(rows, PLEDGED) else pl.lit(True)
    kept = rest.filter(~(pl.col(GIVEN).is_in(contracts[GIVEN].to_list()).fill_null(False) & bare))
    return pl.concat([kept, filled])
