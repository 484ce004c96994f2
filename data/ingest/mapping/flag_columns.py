"""Columns that say whether something happened, under a field that counts how often (data/tables/flag_columns.csv).

A flag is not a count: 1 under 展期标志 is no number of extensions, nor is 是 under 展期次数. Both are left empty, with
a note.
"""

from dataclasses import dataclass, replace
from functools import cache

import polars as pl

from data import dictionary
from data.ingest.mapping import header_vocabulary
from data.ingest.mapping.mapping import ColumnMapping
from data.ingest.parsing import file_vocabulary
from data.ingest.parsing.blank_cells import build_notes
from data.ingest.parsing.cell_parsing import ParsedColumn
from data.table_files import read_rows

HIGHEST_FLAG = 1
"""A number above it is a count, whatever the header says."""


@dataclass(frozen=True)
class FlagColumn:
    """`headers`: plain headers that announce a flag; `words`: plain cells that are one."""

    headers: frozenset[str]
    words: frozenset[str]


@cache
def _load_flags() -> dict[tuple[str, str], FlagColumn]:
    truth = [
        word for code in dictionary.codes_of_list("boolean").values() for word in (code.zh, code.en, *code.aliases)
    ]
    common = [word for word in (*dictionary.codes_of_list("boolean"), *truth) if not word.isdigit()]
    return {
        (row["table"], row["field"]): FlagColumn(
            frozenset(map(file_vocabulary.normalise_text, row["headers"].split("|"))),
            frozenset(map(file_vocabulary.normalise_text, [*common, *row["words"].split("|")])),
        )
        for row in read_rows("flag_columns.csv")
    }


def is_flag_header(header: str, table: str, field: str) -> bool:
    """Whether the header announces a flag where the field is a count."""
    flag = _load_flags().get((table, field))
    return flag is not None and file_vocabulary.normalise_text(header) in flag.headers


def rank_header(header: str, table: str) -> tuple[bool, bool, bool]:
    """Flags come last when two headers want one field: the other has the count."""
    options = header_vocabulary.find_candidates(header, table)
    is_flag = bool(options) and is_flag_header(header, *options[0])
    return is_flag, *header_vocabulary.rank_header(header, table)


def leave_flags_unknown(rows: pl.DataFrame, feed: ColumnMapping, parsed: ParsedColumn) -> ParsedColumn:
    """The counts of a column, its flags unknown: all of it under a flag's header, unless a number is above 1."""
    flag = _load_flags().get((feed.table, feed.field))
    if flag is None or feed.how != "column":
        return parsed
    text = rows[feed.columns[0]]
    highest = parsed.values.max()
    if is_flag_header(feed.header, feed.table, feed.field) and not (
        isinstance(highest, int) and highest > HIGHEST_FLAG
    ):
        flags = text.is_not_null() & (text.str.strip_chars() != "")
    elif parsed.bad.any():
        flags = parsed.bad & file_vocabulary.normalise_column(text).is_in(sorted(flag.words)).fill_null(False)
    else:
        return parsed
    values = pl.select(pl.when(~flags).then(parsed.values)).to_series()
    notes = build_notes("note_flag", flags, text)
    return replace(parsed, values=values, bad=parsed.bad & ~flags, notes=(*parsed.notes, *notes))
