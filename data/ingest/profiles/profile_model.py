"""What a profile says: its files, their fields, filters and lookups."""

from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatch

from data.ingest.mapping.mapping import find_target_field
from data.ingest.parsing import file_vocabulary


@dataclass(frozen=True)
class FieldSpec:
    """How one field is made: a column, a constant, several columns joined, the first filled one, a date and months."""

    table: str
    field: str
    how: str
    columns: tuple[str, ...]
    constant: str
    when: str
    separator: str
    format: str | None
    unit: str
    codes: dict[str, str]


@dataclass(frozen=True)
class Lookup:
    """Columns of another file of the same command, joined where its `key` equals this file's `on`."""

    name: str
    on: str
    key: str


@dataclass(frozen=True)
class FileSpec:
    """A file is this one when it has all of `headers`. Without a table it only serves lookups."""

    name: str
    table: str | None
    headers: tuple[str, ...]
    fields: tuple[FieldSpec, ...]
    ignore: frozenset[str]
    ignore_others: bool
    row_filters: dict[str, list[str]]
    lookups: tuple[Lookup, ...]
    notes: tuple[dict[str, str], ...]
    """What the mapping assumes, for the report."""
    columns: tuple[str, ...] = ()
    """The columns of a file without a header, in order: a code, and its label where it has one."""
    separator: str | None = None
    file_names: tuple[str, ...] = ()
    """Patterns of file names, such as JS_201_CLDWDK*.dat: what a file without a header is known by."""
    skip_reason: dict[str, str] | None = None
    """Why a file that is known by its name is left out."""

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

    def find_separator(self, name: str) -> str | None:
        """What separates the fields of the file of this name, where the profile says so."""
        return next((spec.separator for spec in self.files if spec.matches_file_name(name)), None)


def find_unit_factor(spec: FieldSpec) -> Decimal:
    return (
        file_vocabulary.load_units(find_target_field(spec.table, spec.field).type)[spec.unit].factor
        if spec.unit
        else Decimal(1)
    )
