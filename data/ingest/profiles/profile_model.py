"""What a profile says: its files, their fields, filters and lookups."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch

from data.dictionary import Field
from data.ingest.mapping.mapping import DuplicateRule
from data.ingest.parsing import file_vocabulary
from data.ingest.parsing.stated_values import StatedValues


@dataclass(frozen=True)
class FieldSpec:
    """How one field is made; `how` is the one of the keys column, constant, join, first, add_months, compute it has.

    A value that is no field of a table has VALUES for its table and says its `target` itself.
    """

    table: str
    field: str
    target: Field
    how: str
    columns: tuple[str, ...] = ()
    text: str = ""
    """The constant, or the expression of a computed one."""
    when: str = ""
    separator: str = "/"
    format: str | None = None
    unit: str = ""
    codes: Mapping[str, str] = dataclasses.field(default_factory=dict)
    stated: StatedValues = dataclasses.field(default_factory=StatedValues)
    has_file_unit: bool = False
    """The unit is that of all amounts of the file; a header's own goes before it."""


@dataclass(frozen=True)
class Lookup:
    """Columns of another file of the same command, joined where its columns `key` equal this file's `on`."""

    name: str
    on: tuple[str, ...]
    key: tuple[str, ...]


@dataclass(frozen=True)
class FileSpec:
    """A file is this one when it has all of `headers`. Without a table it only serves lookups."""

    name: str
    table: str | None
    headers: tuple[str, ...] = ()
    fields: tuple[FieldSpec, ...] = ()
    ignore: frozenset[str] = frozenset()
    ignore_others: bool = False
    row_filters: Mapping[str, list[str]] = dataclasses.field(default_factory=dict)
    lookups: tuple[Lookup, ...] = ()
    notes: tuple[dict[str, str], ...] = ()
    """What the mapping assumes, for the report."""
    columns: tuple[str, ...] = ()
    """The columns of a file without a header, in order: a code, and its label where it has one."""
    separator: str | None = None
    file_names: tuple[str, ...] = ()
    """Patterns of file names, such as JS_201_CLDWDK*.dat: what a file without a header is known by."""
    skip_reason: dict[str, str] | None = None
    """Why a file that is known by its name is left out."""
    duplicates: DuplicateRule | None = None
    has_many_days: bool = False
    """Each day that snapshots.snapshot_date names is a snapshot of its own."""

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(column.split()[0] for column in self.columns)

    @property
    def names_by_label(self) -> dict[str, str]:
        """Plain label -> plain name: a file may head its columns by either."""
        named = [column.split(maxsplit=1) for column in self.columns]
        return {
            file_vocabulary.normalise_text(parts[1]): file_vocabulary.normalise_text(parts[0])
            for parts in named
            if len(parts) == 2
        }

    def matches_file_name(self, name: str) -> bool:
        return any(fnmatch(name.lower(), pattern.lower()) for pattern in self.file_names)


@dataclass(frozen=True)
class Profile:
    name: str
    text: str
    blanks: tuple[str, ...]
    files: tuple[FileSpec, ...]

    @property
    def has_many_days(self) -> bool:
        """Whether one of its files holds many snapshots."""
        return any(spec.has_many_days for spec in self.files)

    def find_separator(self, name: str) -> str | None:
        """What separates the fields of the file of this name, where the profile says so."""
        return next((spec.separator for spec in self.files if spec.matches_file_name(name)), None)
