"""What is wrong with single rows: one record a row, naming its first problem and listing all."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from data import dictionary
from data.ingest.files.sheet_cells import MISREAD, ROW, WIDTH
from data.ingest.mapping import key_cells
from data.ingest.mapping.mapping import ColumnMapping, SheetMapping
from data.ingest.parsing import file_vocabulary
from data.ingest.parsing.cell_parsing import ParsedColumn
from data.messages.catalogue import LANGUAGES, message_expression

SCHEMA = {
    "_index": pl.UInt32,
    "order": pl.Int32,
    "field": pl.String,
    "value": pl.String,
    "en": pl.String,
    "zh": pl.String,
}


def build_records(
    message: str, index: pl.Series, order: int, field: str, zh: str, values: pl.Series, **placeholders: Any
) -> pl.DataFrame:
    """Problem records of one kind for the rows at `index`; placeholders are constants or columns."""
    columns = {"_index": index.cast(pl.UInt32), "value": values.cast(pl.String)}
    columns |= {name: given for name, given in placeholders.items() if isinstance(given, pl.Series)}
    frame = pl.DataFrame(columns)
    given = {name: pl.col(name) if isinstance(v, pl.Series) else pl.lit(v) for name, v in placeholders.items()}
    given |= {"field": pl.lit(field), "field_zh": pl.lit(zh), "value": pl.col("value")}
    texts = {language: message_expression(message, language, given) for language in LANGUAGES}
    return frame.with_columns(order=pl.lit(order, pl.Int32), field=pl.lit(field), **texts).select(list(SCHEMA))


def collect_errors(
    rows: pl.DataFrame,
    typed: pl.DataFrame,
    mapping: SheetMapping,
    feeds: list[ColumnMapping],
    parsed: list[ParsedColumn],
    encoding: str,
    odd: pl.Series,
) -> pl.DataFrame:
    """All problems that a sheet shows by itself: encoding, widths, unreadable cells, missing keys.

    `odd`: numbers of the rows whose key is a word where others have a number.
    """
    records = [*_find_misread_rows(rows, encoding), *_find_wrong_widths(rows, mapping)]
    records += _find_word_keys(rows, odd, mapping)
    bad_keys = {}
    for order, (feed, result) in enumerate(zip(feeds, parsed, strict=True)):
        bad_keys[feed.name] = result.bad
        index = result.bad.arg_true()
        if len(index):
            value = rows[feed.columns[0]].gather(index) if feed.columns else result.values.gather(index)
            records.append(build_records(result.reason, index, order, format_field_label(feed), feed.target.zh, value))
    records += _find_missing_keys(typed, mapping, feeds, bad_keys)
    return pl.concat(records) if records else pl.DataFrame(schema=SCHEMA)


def format_field_label(feed: ColumnMapping) -> str:
    """The dictionary's field name; a step of a wide event file is events.STEP."""
    return feed.field if feed.field in dictionary.fields_of_table(feed.table) else feed.name


def _find_misread_rows(rows: pl.DataFrame, encoding: str) -> Iterator[pl.DataFrame]:
    """Rows that are not in the file's encoding."""
    if MISREAD in rows.columns and rows[MISREAD].any():
        index = rows[MISREAD].arg_true()
        nothing = pl.repeat(None, len(index), dtype=pl.String, eager=True)
        yield build_records("bad_encoding", index, -2, "", "", nothing, encoding=encoding)


def _find_wrong_widths(rows: pl.DataFrame, mapping: SheetMapping) -> Iterator[pl.DataFrame]:
    """Rows with fewer or more cells than the header."""
    last = max(int(column[1:]) for column in mapping.headers)
    beyond = [column for column in rows.columns if column[0] == "c" and column[1:].isdigit() and int(column[1:]) > last]
    long = rows.select(pl.any_horizontal(pl.col(beyond).is_not_null())).to_series() if beyond else None
    for message, mask in (("row_short", rows[WIDTH] <= last), ("row_long", long)):
        if mask is not None and mask.any():
            index = mask.arg_true()
            yield build_records(message, index, -1, "", "", pl.repeat(None, len(index), dtype=pl.String, eager=True))


def _find_word_keys(rows: pl.DataFrame, numbers: pl.Series, mapping: SheetMapping) -> Iterator[pl.DataFrame]:
    """Rows whose key is a word where others have a number, and whose amounts are no sum of them."""
    if not len(numbers):
        return
    index = rows[ROW].is_in(numbers.implode()).arg_true()
    column = key_cells.list_key_columns(mapping)[0]
    feed = next(feed for feed in mapping.column_mappings if column in feed.columns)
    yield build_records("word_for_key", index, 0, feed.field, feed.target.zh, rows[column].gather(index))


def _find_missing_keys(
    typed: pl.DataFrame, mapping: SheetMapping, feeds: list[ColumnMapping], bad: dict[str, pl.Series]
) -> Iterator[pl.DataFrame]:
    """Rows that fill no field of a group of which they must fill one."""
    for order, group in enumerate(file_vocabulary.load_required_fields(mapping.table), start=len(feeds)):
        named = [feed for feed in feeds if feed.table == mapping.table and feed.field in group]
        empty = typed.select(pl.all_horizontal(pl.col(feed.name).is_null() for feed in named)).to_series()
        for feed in named:
            empty = empty & ~bad[feed.name]
        index = empty.arg_true()
        if len(index):
            blank = pl.repeat(None, len(index), dtype=pl.String, eager=True)
            yield build_records("missing_key", index, order, named[0].field, named[0].target.zh, blank)


def merge_by_row(records: pl.DataFrame) -> pl.DataFrame:
    """One record a row: its first problem's field and value, the reasons of all."""
    ordered = records.sort("_index", "order", maintain_order=True)
    return ordered.group_by("_index", maintain_order=True).agg(
        pl.col("field").first(),
        pl.col("value").first(),
        pl.col("en").str.join("; ").alias("reason"),
        pl.col("zh").str.join("；").alias("reason_zh"),
    )


def record_duplicates(later: pl.DataFrame, table: str) -> pl.DataFrame:
    """Records for later rows of a key; `later` names the first one in first_row and first_file."""
    key = dictionary.load_tables()[table].key[0]
    where = {"row": later["first_row"], "file": later["first_file"]}
    zh = dictionary.fields_of_table(table)[key].zh
    return build_records("duplicate", later["_index"], 0, key, zh, later[f"{table}.{key}"], **where)


def record_other_snapshots(values: pl.Series, index: pl.Series, as_of: date) -> pl.DataFrame:
    """Records for rows of a flat file that belong to another date than the import's."""
    zh = dictionary.fields_of_table("snapshots")["snapshot_date"].zh
    return build_records("other_snapshot", index, 0, "snapshot_date", zh, values, as_of=as_of)
