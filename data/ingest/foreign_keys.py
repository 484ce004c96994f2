"""Foreign keys resolved by a later batch, officers given by name, and balances that differ by a factor of 10,000."""

import duckdb
import polars as pl

from data import dictionary
from data.history import guarantees
from data.ingest.parsing import file_vocabulary
from data.messages.catalogue import Note, import_note
from data.table_files import read_rows

CURRENT = "row_valid_to IS NULL"


def resolve_references(con: duckdb.DuckDBPyConnection, batch: str) -> list[Note]:
    """Notes on rows of earlier batches whose keys this batch's rows resolve; the quality checks list what is left."""
    resolved = [
        note
        for row in read_rows("foreign_keys.csv")
        if _batch_has_rows(con, batch, row["target"])
        for note in _note_resolved_keys(con, batch, row)
    ]
    return [*_resolve_officer_names(con), *resolved, *_note_linked_collateral(con, batch)]


def _has_current_rows(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    return bool(con.execute(f'SELECT EXISTS (FROM "{table}" WHERE {CURRENT})').fetchall()[0][0])


def _batch_has_rows(con: duckdb.DuckDBPyConnection, batch: str, table: str) -> bool:
    return bool(con.execute(f'SELECT EXISTS (FROM "{table}" WHERE "batch_id" = ?)', [batch]).fetchall()[0][0])


def _note_resolved_keys(con: duckdb.DuckDBPyConnection, batch: str, row: dict[str, str]) -> list[Note]:
    """Notes on current rows of earlier batches whose key only this batch contains."""
    count = con.execute(
        f"""SELECT count(*) FROM "{row["table"]}" n WHERE n.{CURRENT} AND n."batch_id" <> $batch
        AND n."{row["field"]}" IN (SELECT t."{row["target_field"]}" FROM "{row["target"]}" t
            GROUP BY ALL HAVING bool_and(t."batch_id" = $batch))""",
        {"batch": batch},
    ).fetchall()[0][0]
    zh = dictionary.fields_of_table(row["table"])[row["field"]].zh
    return (
        [import_note("note_resolved", table=row["table"], rows=count, field=row["field"], field_zh=zh)] if count else []
    )


def _note_linked_collateral(con: duckdb.DuckDBPyConnection, batch: str) -> list[Note]:
    """Collateral of the batch that found the contract of its number, and of former ones that only now does."""
    owned, unowned = f"NOT {guarantees.IS_OWNERLESS.format('c')}", guarantees.IS_OWNERLESS.format("p")
    own, former = con.execute(
        f"""WITH contract AS (
            SELECT c.guarantee_no, bool_and(c.batch_id = $batch) AS is_new FROM {guarantees.TABLE} c
            WHERE c.{CURRENT} AND c.guarantee_no IS NOT NULL AND {owned} GROUP BY ALL)
        SELECT count(*) FILTER (p.batch_id = $batch), count(*) FILTER (p.batch_id <> $batch AND c.is_new)
        FROM {guarantees.TABLE} p JOIN contract c USING (guarantee_no) WHERE p.{CURRENT} AND {unowned}""",
        {"batch": batch},
    ).fetchall()[0]
    zh = dictionary.fields_of_table(guarantees.TABLE)["guarantee_no"].zh
    found: list[Note] = [import_note("note_collateral_contract", rows=own)] if own else []
    placeholders = {"table": guarantees.TABLE, "field": "guarantee_no", "field_zh": zh}
    return found + ([import_note("note_resolved", rows=former, **placeholders)] if former else [])


def _resolve_officer_names(con: duckdb.DuckDBPyConnection) -> list[Note]:
    """Officers given by a name that one member of staff has get that one's number; others stay as written."""
    named = f"""FROM "loans" l WHERE l.{CURRENT} AND regexp_matches(l."officer_id", '\\p{{Han}}')"""
    if not _has_current_rows(con, "staff") or not con.execute(f"SELECT EXISTS ({named})").fetchall()[0][0]:
        return []
    con.execute(
        f"""CREATE OR REPLACE TEMP TABLE "known_names" AS SELECT "name", min("staff_id") AS "staff_id" FROM "staff"
        WHERE {CURRENT} GROUP BY "name" HAVING count(DISTINCT "staff_id") = 1"""
    )
    resolved = con.execute(
        f"""UPDATE "loans" SET "officer_id" = s."staff_id" FROM "known_names" s
        WHERE "loans".{CURRENT} AND "loans"."officer_id" = s."name" """
    ).fetchall()[0][0]
    con.execute('DROP TABLE "known_names"')
    left, value = con.execute(f'SELECT count(*), min(l."officer_id") {named}').fetchall()[0]
    found: list[Note] = [import_note("note_officer_named", rows=resolved)] if resolved else []
    return found + ([import_note("note_officer_unknown", rows=left, value=value)] if left else [])


def find_magnitude_mismatches(own: pl.DataFrame | None, derived: pl.DataFrame, table: str) -> list[Note]:
    """Balances of the snapshot file that are 10,000 times, or a 10,000th of, those of the loan file beside it."""
    if table != "snapshots" or own is None or "balance" not in own.columns or "balance" not in derived.columns:
        return []
    both = own.join(derived, on=list(dictionary.load_tables()[table].key), suffix="_derived")
    one, other, times = pl.col("balance"), pl.col("balance_derived"), int(file_vocabulary.read_setting("magnitude"))
    differ = both.filter((one != 0) & ((one == other * times) | (other == one * times)))
    if not len(differ):
        return []
    first = differ.row(0, named=True)
    zh = dictionary.fields_of_table(table)["balance"].zh
    return [
        import_note(
            "note_magnitude",
            rows=len(differ),
            value=first["loan_id"],
            row=first["source_row_derived"],
            field="balance",
            field_zh=zh,
        )
    ]
