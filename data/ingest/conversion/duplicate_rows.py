"""Which of several rows with one key counts, where a profile states it."""

import polars as pl

from data import dictionary
from data.ingest.mapping.mapping import DuplicateRule, SheetMapping
from data.messages.catalogue import BilingualText, Note, bilingual, import_note

INDEX = "_index"
RANK = "_rank"
SNAPSHOT_DAY = "snapshots.snapshot_date"


def find_outdone_rows(typed: pl.DataFrame, problems: pl.DataFrame, mapping: SheetMapping) -> pl.Series | None:
    """A mask of the rows that give way to another of their key; None where the profile has no rule.

    Rows with problems neither count nor give way: they are quarantined as they are.
    """
    rule, keys = mapping.duplicates, _list_key_columns(typed, mapping)
    if rule is None or not keys:
        return None
    good = typed.select(INDEX, *keys, *([rule.by] if rule.by not in ("", *keys) else []))
    good = good.join(problems.select(INDEX).unique(), on=INDEX, how="anti", maintain_order="left")
    kept = _order_rows(good, rule).unique(keys, keep="first", maintain_order=True)
    outdone = good.join(kept.select(INDEX), on=INDEX, how="anti")[INDEX]
    return pl.repeat(False, len(typed), dtype=pl.Boolean, eager=True).scatter(outdone, True)


def _order_rows(rows: pl.DataFrame, rule: DuplicateRule) -> pl.DataFrame:
    """The row that counts before the others of its key; of equals the first of the file, and an unknown one last."""
    if rule.keep == "last":
        return rows.reverse()
    if rule.by:
        return rows.sort(rule.by, descending=rule.keep == "highest", nulls_last=True, maintain_order=True)
    return rows


def _list_key_columns(typed: pl.DataFrame, mapping: SheetMapping) -> list[str]:
    """The columns of the table's key, or those that its key is made from; with the day where it tells snapshots."""
    table = dictionary.load_tables()[mapping.table]
    for names in (table.key, table.key_from):
        columns = [name for part in names if (name := f"{mapping.table}.{part}") in typed.columns]
        if columns:
            return list(dict.fromkeys([*columns, *([SNAPSHOT_DAY] if mapping.has_many_days else [])]))
    return []


def describe_rule(rule: DuplicateRule) -> BilingualText:
    """The rule in words: 'the last of the file', 'the highest snapshots.days_past_due'."""
    if rule.keep == "first":
        return bilingual("profiles.keeps_first")
    if rule.keep == "last":
        return bilingual("profiles.keeps_last")
    if rule.keep == "highest":
        return bilingual("profiles.keeps_highest", by=rule.by)
    return bilingual("profiles.keeps_lowest", by=rule.by)


def note_outdone_rows(rule: DuplicateRule, rows: int) -> Note:
    text = describe_rule(rule)
    return import_note("note_duplicates_dropped", rows=rows, rule=str(text), rule_zh=text.zh)
