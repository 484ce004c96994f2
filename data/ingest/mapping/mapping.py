"""What a mapping says: which column of a sheet feeds which field of which table, and how its cells are read."""

import dataclasses
from dataclasses import dataclass

from data import dictionary
from data.dictionary import Field
from data.ingest.parsing.cell_parsing import ParseOptions
from data.messages.catalogue import Note

COMPANIONS = {"loans": ("snapshots", "guarantees", "borrowers")}
"""A flat loan file may carry fields of these tables beside the loan's own; where names clash the loan's own wins."""
EVENTS = "events"


VALUES = "values"
"""Stands for a table in the names of values that a profile reads beside the fields."""


@dataclass(frozen=True)
class DuplicateRule:
    """Which of several rows with one key counts: first, last, or highest or lowest by a mapped `by` (table.field)."""

    keep: str
    by: str = ""


@dataclass(frozen=True)
class ColumnMapping:
    """One field and where it comes from. `how`: column, constant, join, first, add_months or compute (see profiles)."""

    table: str
    field: str
    columns: tuple[str, ...]
    header: str
    reading: ParseOptions = dataclasses.field(default_factory=ParseOptions)
    how: str = "column"
    text: str = ""
    """The constant, or the expression of a computed one."""
    when: str = ""
    separator: str = "/"
    own_target: Field | None = None
    """What a value that is no field of a table is."""

    @property
    def name(self) -> str:
        """Column of the typed frame: table.field; for an event the step code takes the place of the field."""
        return f"{self.table}.{self.field}"

    @property
    def target(self) -> Field:
        return self.own_target or find_target_field(self.table, self.field)


def find_target_field(table: str, name: str) -> Field:
    """The dictionary's field; a step of a wide event file is a date."""
    if table == EVENTS and name not in dictionary.fields_of_table(EVENTS):
        step = dictionary.codes_of_list("step")[name]
        return Field(EVENTS, name, "date", "", "", f"{step.zh}日期", f"{step.en} date")
    return dictionary.fields_of_table(table)[name]


@dataclass(frozen=True)
class SheetMapping:
    """How one sheet becomes rows of `table` (and its companions)."""

    table: str
    header_row: int
    """Index of the header's last row among the sheet's rows, from 0; -1 where the rows begin at once."""
    headers: dict[str, str]
    """Column of the sheet (c0 …) -> header as written, each name once."""
    column_mappings: tuple[ColumnMapping, ...]
    notes: tuple[Note, ...] = ()
    header_depth: int = 1
    """Rows that the header takes."""
    duplicates: DuplicateRule | None = None
    has_many_days: bool = False
    """Each day that snapshots.snapshot_date names is a snapshot of its own."""

    @property
    def first_header_row(self) -> int:
        return self.header_row + 1 - self.header_depth

    def find_column_mapping(self, name: str) -> ColumnMapping | None:
        return next((feed for feed in self.column_mappings if feed.name == name), None)

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(feed.table for feed in self.column_mappings))
