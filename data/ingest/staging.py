"""Converted sheets to rows ready for the book: keys filled, duplicates quarantined, flat loan files split."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import polars as pl

from data import dictionary
from data.history.versions import KEEP_OLD
from data.ingest import flat_files, foreign_keys, guarantee_numbers
from data.ingest.conversion.duplicate_rows import INDEX
from data.ingest.conversion.sheet_conversion import ConvertedSheet
from data.ingest.files.sheet_cells import ROW
from data.ingest.mapping import row_errors
from data.messages.catalogue import Note
from data.storage import name_search

PART = "_part"


@dataclass
class LoadCounts:
    """Rows and balances of one table in one file."""

    table: str
    file: str
    sha256: str
    encoding: str
    rows_in: int
    loaded: int
    quarantined: int = 0
    ignored: int = 0
    balance_in: Decimal | None = None
    balance_loaded: Decimal | None = None
    derived: bool = False
    """Rows that a flat file yields beside its loans."""


@dataclass
class StagedImport:
    """`tables`: rows to load, a frame a table with the dictionary's columns, source_file, source_row, KEEP_OLD."""

    tables: dict[str, pl.DataFrame] = field(default_factory=dict)
    quarantine: list[pl.DataFrame] = field(default_factory=list)
    counts: list[LoadCounts] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def stage_sheets(parts: list[ConvertedSheet], as_of: date) -> StagedImport:
    """Group the parts by table; rows with problems and later rows of a key go to quarantine."""
    result = StagedImport()
    derived: dict[str, list[pl.DataFrame]] = {}
    for table in dictionary.load_tables():
        own = [part for part in parts if part.table == table]
        if own:
            rows = _stage_table(table, own, as_of, result)
            result.tables[table] = _select_table_columns(rows, table, keep_old=table == "snapshots")
            for companion, frame in flat_files.split_companions(rows, table, as_of, result.notes).items():
                derived.setdefault(companion, []).append(frame)
                _count_derived(companion, frame, own, result)
    for table, frames in derived.items():
        merged = _select_table_columns(pl.concat(frames, how="diagonal"), table, keep_old=True)
        result.notes += foreign_keys.find_magnitude_mismatches(result.tables.get(table), merged, table)
        result.tables[table] = _merge_derived(result.tables.get(table), merged, table)
    return result


def _stage_table(table: str, parts: list[ConvertedSheet], as_of: date, result: StagedImport) -> pl.DataFrame:
    """The loadable rows of a table's parts, with typed columns table.field."""
    records = [_add_snapshot_errors(part, as_of) for part in parts]
    good = [_select_valid_rows(part, record, i) for i, (part, record) in enumerate(zip(parts, records, strict=True))]
    rows = flat_files.fill_missing_key(
        guarantee_numbers.assign_unique_keys(pl.concat(good, how="diagonal"), table, result.notes), table
    )
    later = _find_duplicates(rows, table)
    if len(later):
        rows = rows.join(later.select(PART, INDEX), on=[PART, INDEX], how="anti", maintain_order="left")
    for i, part in enumerate(parts):
        again = row_errors.record_duplicates(later.filter(pl.col(PART) == i), table)
        rejected = row_errors.merge_by_row(pl.concat([records[i], again]))
        result.quarantine.append(_build_quarantine(part, rejected))
        loaded = rows.filter(pl.col(PART) == i) if len(parts) > 1 else rows
        result.counts.append(_build_counts(part, len(rejected), loaded))
        result.notes += [{**entry, "file": part.sheet.name} for entry in part.notes]
    return rows


def _select_valid_rows(part: ConvertedSheet, record: pl.DataFrame, number: int) -> pl.DataFrame:
    """Rows without problems."""
    bad = part.typed[INDEX].is_in(record[INDEX].unique().to_list()) if len(record) else None
    rows = part.typed if bad is None else part.typed.filter(~bad)
    return rows.with_columns(pl.lit(number, pl.Int32).alias(PART), pl.lit(part.sheet.name).alias("source_file"))


def _add_snapshot_errors(part: ConvertedSheet, as_of: date) -> pl.DataFrame:
    """A flat file that says its snapshot date must say the import's."""
    name = "snapshots.snapshot_date"
    if part.table == "snapshots" or name not in part.typed.columns:
        return part.problems
    other = part.typed.filter(pl.col(name) != as_of)
    if not len(other):
        return part.problems
    return pl.concat([part.problems, row_errors.record_other_snapshots(other[name], other[INDEX], as_of)])


def _find_duplicates(rows: pl.DataFrame, table: str) -> pl.DataFrame:
    """Later rows of a key, with the file and row of the first."""
    keys = [name for key in dictionary.load_tables()[table].key if (name := f"{table}.{key}") in rows.columns]
    where = [PART, INDEX, *keys, ROW, "source_file"]
    if rows.select(pl.struct(keys) if len(keys) > 1 else keys[0]).to_series().n_unique() == len(rows):
        return rows.select(where).clear().with_columns(first_row=pl.lit(None, pl.UInt32), first_file=pl.lit(""))
    first = pl.col(ROW).first().over(keys), pl.col("source_file").first().over(keys)
    marked = rows.select(where).with_columns(first[0].alias("first_row"), first[1].alias("first_file"))
    return marked.filter(~pl.struct(keys).is_first_distinct())


def _build_quarantine(part: ConvertedSheet, rejected: pl.DataFrame) -> pl.DataFrame:
    index = rejected[INDEX]
    return rejected.select(
        pl.lit(part.table).alias("table_name"),
        pl.lit(part.sheet.name).alias("file"),
        part.typed[ROW].gather(index).alias("row_number"),
        "field",
        "value",
        "reason",
        "reason_zh",
        part.encode_rows_as_json(index).alias("content"),
    )


def _build_counts(part: ConvertedSheet, quarantined: int, loaded: pl.DataFrame) -> LoadCounts:
    balances = part.balances
    held = None if balances is None else loaded[f"{part.table}.balance"]
    return LoadCounts(
        part.table,
        part.sheet.name,
        part.sheet.source.sha256,
        part.sheet.encoding,
        part.rows_in,
        len(loaded),
        quarantined,
        part.ignored,
        sum_balances(balances),
        sum_balances(held),
    )


def sum_balances(balances: pl.Series | None) -> Decimal | None:
    """Exact sum; null for a table without a balance column."""
    return None if balances is None else Decimal(str(balances.cast(pl.Decimal(38, 2)).sum()))


def _count_derived(table: str, frame: pl.DataFrame, parts: list[ConvertedSheet], result: StagedImport) -> None:
    for i, part in enumerate(parts):
        rows = frame.filter(pl.col(PART) == i)
        if len(rows):
            held = sum_balances(rows["snapshots.balance"]) if "snapshots.balance" in rows.columns else None
            result.counts.append(
                LoadCounts(
                    table,
                    part.sheet.name,
                    part.sheet.source.sha256,
                    part.sheet.encoding,
                    len(rows),
                    len(rows),
                    balance_in=held,
                    balance_loaded=held,
                    derived=True,
                )
            )


def _select_table_columns(rows: pl.DataFrame, table: str, *, keep_old: bool) -> pl.DataFrame:
    """Only the table's own columns, by their dictionary names, and the lineage."""
    names = {f"{table}.{name}": name for name in dictionary.fields_of_table(table)}
    own = [pl.col(column).alias(names[column]) for column in rows.columns if column in names]
    keeps = pl.lit(True) if keep_old else guarantee_numbers.is_update(rows, table)
    alike = [
        name_search.normalise_expression(pl.col(f"{table}.{name}")).alias(key)
        for key, name in name_search.load_key_fields(table).items()
        if f"{table}.{name}" in rows.columns and f"{table}.{key}" not in rows.columns
    ]
    return rows.select(
        *own, *alike, "source_file", pl.col(ROW).cast(pl.Int32).alias("source_row"), keeps.alias(KEEP_OLD)
    )


def _merge_derived(own: pl.DataFrame | None, derived: pl.DataFrame, table: str) -> pl.DataFrame:
    """A file of the table itself goes before what a flat file says beside its loans."""
    if own is None:
        return derived
    keys = list(dictionary.load_tables()[table].key)
    both = own.join(derived, on=keys, how="full", coalesce=True, suffix="_derived", nulls_equal=True)
    values = [
        pl.coalesce(column, f"{column}_derived").alias(column) if f"{column}_derived" in both.columns else column
        for column in dict.fromkeys([*own.columns, *derived.columns])
    ]
    return both.select(values)
