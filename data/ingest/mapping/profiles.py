"""Profiles: a TOML file a source system, telling which file feeds which table and how its columns are read."""

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from data import dictionary
from data.errors import InputError
from data.ingest.mapping.mapping import COMPANIONS, EVENTS, find_target_field
from data.ingest.parsing import file_vocabulary

FOLDER = Path(__file__).parents[2] / "mappings"
PROFILE_KEYS = {"title", "blanks", "files"}
FILE_KEYS = {
    "name",
    "table",
    "headers",
    "columns",
    "separator",
    "file_names",
    "money_unit",
    "date_format",
    "ignore",
    "ignore_others",
    "keep",
    "fields",
    "codes",
    "lookups",
    "notes",
    "unread",
}
FIELD_KEYS = {"column", "constant", "join", "add_months", "first", "format", "unit", "when", "separator"}
LOOKUP_KEYS = {"name", "on", "key"}
NOTE_KEYS = {"en", "zh"}
SOURCE_KINDS = ("column", "constant", "join", "add_months", "first")


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


def load(name: str, folder: Path | None = None) -> Profile:
    """A profile by its name, or by the path of a TOML file. Raises InputError when unknown or with a mistake in it."""
    path = _find_profile_path(name, folder or FOLDER)
    return parse(path.stem, path.read_text(encoding="utf-8"))


def parse(name: str, text: str) -> Profile:
    """A profile from its text. Raises InputError for a mistake in it."""
    where = f"{name}.toml"
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"Profile {where} is not valid TOML: {error}.") from error
    _require_known_keys(where, "profile", content, PROFILE_KEYS)
    files = tuple(_parse_file(where, entry) for entry in content.get("files", []))
    if not files:
        raise InputError(f"Profile {where} has no [[files]]. Add one for each file it reads.")
    return Profile(name, text, tuple(content.get("blanks", ())), files)


def _find_profile_path(name: str, folder: Path) -> Path:
    if name.lower().endswith(".toml"):
        if Path(name).is_file():
            return Path(name)
        raise InputError(
            f"No file {name}. Check the name and the folder, or name a profile: {_list_profile_names(folder)}."
        )
    if name not in _list_profile_names(folder).split(", "):
        raise InputError(
            f"No profile '{name}'. Profiles: {_list_profile_names(folder)}. They are kept in data/mappings/; "
            "a mapping of your own is given by its path, ending in .toml."
        )
    return folder / f"{name}.toml"


def _list_profile_names(folder: Path) -> str:
    return ", ".join(sorted(found.stem for found in folder.glob("*.toml")))


def _require_known_keys(where: str, what: str, content: Any, allowed: set[str]) -> None:
    if not isinstance(content, dict):
        raise InputError(f"Profile {where}: {what} must be a table, not {content!r}.")
    unknown = sorted(set(content) - allowed)
    if unknown:
        raise InputError(f"Profile {where}: {what} has unknown '{unknown[0]}'. Allowed: {', '.join(sorted(allowed))}.")


def _parse_file(where: str, entry: dict[str, Any]) -> FileSpec:
    _require_known_keys(where, "a file", entry, FILE_KEYS)
    has_columns = (entry.get("columns") or entry.get("unread")) and entry.get("file_names")
    if not entry.get("name") or not (entry.get("headers") or has_columns):
        raise InputError(
            f"Profile {where}: every file needs a name and the headers by which it is known, "
            "or columns and file_names where it has no header, or unread (why) and file_names."
        )
    table = entry.get("table")
    if table is not None and table not in dictionary.load_tables():
        raise InputError(f"Profile {where}: unknown table '{table}'. Tables: {', '.join(dictionary.load_tables())}.")
    for lookup in entry.get("lookups", []):
        _require_known_keys(where, "a lookup", lookup, LOOKUP_KEYS)
        if set(lookup) != LOOKUP_KEYS:
            raise InputError(f"Profile {where}: a lookup needs name, on and key; found {', '.join(sorted(lookup))}.")
    for said in [*entry.get("notes", []), *([entry["unread"]] if "unread" in entry else [])]:
        _require_known_keys(where, "a note", said, NOTE_KEYS)
    fields = tuple(_parse_field(where, table, name, spec, entry) for name, spec in entry.get("fields", {}).items())
    if table:
        _require_key_fields(where, table, fields)
    return FileSpec(
        entry["name"],
        table,
        tuple(entry.get("headers", ())),
        fields,
        frozenset(map(file_vocabulary.normalise_text, entry.get("ignore", ()))),
        bool(entry.get("ignore_others", False)),
        entry.get("keep", {}),
        tuple(Lookup(**lookup) for lookup in entry.get("lookups", [])),
        tuple(entry.get("notes", [])),
        tuple(entry.get("columns", ())),
        entry.get("separator"),
        tuple(entry.get("file_names", ())),
        entry.get("unread"),
    )


def _require_key_fields(where: str, table: str, fields: tuple[FieldSpec, ...]) -> None:
    own = {spec.field for spec in fields if spec.table == table}
    for group in file_vocabulary.load_required_fields(table):
        if not own.intersection(group):
            raise InputError(f"Profile {where}: table {table} needs {' or '.join(group)}. Map a column to it.")


def _parse_field(where: str, table: str | None, name: str, spec: Any, entry: dict[str, Any]) -> FieldSpec:
    if table is None:
        raise InputError(f"Profile {where}: file '{entry['name']}' maps fields but names no table.")
    owner, field = _resolve_field(where, table, name)
    spec = {"column": spec} if isinstance(spec, str) else spec
    _require_known_keys(where, f"field {name}", spec, FIELD_KEYS)
    ways = [way for way in SOURCE_KINDS if way in spec]
    if len(ways) != 1:
        raise InputError(f"Profile {where}: field {name} needs exactly one of {', '.join(SOURCE_KINDS)}.")
    how = ways[0]
    given = [] if how == "constant" else [spec[how]] if how == "column" else list(spec[how])
    if how == "add_months" and len(given) != 2:
        raise InputError(f"Profile {where}: field {name}: add_months takes a date column and a months column.")
    is_time = find_target_field(owner, field).type in ("date", "timestamp")
    return FieldSpec(
        owner,
        field,
        how,
        tuple(given),
        str(spec.get("constant", "")),
        spec.get("when", ""),
        spec.get("separator", "/"),
        spec.get("format", entry.get("date_format") if is_time else None),
        _require_known_unit(where, owner, field, spec.get("unit", _find_file_unit(entry, owner, field))),
        _parse_codes(where, owner, field, entry, name),
    )


def _resolve_field(where: str, table: str, name: str) -> tuple[str, str]:
    owner, _, field = name.rpartition(".")
    owner = owner or table
    steps = dictionary.codes_of_list("step") if owner == EVENTS and table != EVENTS else {}
    allowed = (table, *COMPANIONS.get(table, ()), *((EVENTS,) if table in COMPANIONS else ()))
    if owner not in allowed or field not in (steps or dictionary.fields_of_table(owner)):
        raise InputError(f"Profile {where}: unknown field '{name}' for table {table}. See data/tables/fields.csv.")
    return owner, field


def _find_file_unit(entry: dict[str, Any], owner: str, field: str) -> str:
    """The unit of all amounts of the file, where it says one."""
    return entry.get("money_unit", "") if find_target_field(owner, field).type == "money" else ""


def _require_known_unit(where: str, owner: str, field: str, unit: str) -> str:
    known = file_vocabulary.load_units(find_target_field(owner, field).type)
    if unit and unit not in known:
        raise InputError(f"Profile {where}: field {field} has unknown unit '{unit}'. Units: {', '.join(known)}.")
    return unit


def find_unit_factor(spec: FieldSpec) -> Decimal:
    return (
        file_vocabulary.load_units(find_target_field(spec.table, spec.field).type)[spec.unit].factor
        if spec.unit
        else Decimal(1)
    )


def _parse_codes(where: str, owner: str, field: str, entry: dict[str, Any], name: str) -> dict[str, str]:
    codes = entry.get("codes", {}).get(name, {})
    meant = find_target_field(owner, field)
    code_list = "boolean" if meant.type == "boolean" else meant.code_list
    known = dictionary.codes_of_list(code_list) if code_list else {}
    strange = [code for code in codes.values() if code not in known and not meant.is_open_list]
    if strange:
        raise InputError(f"Profile {where}: field {name} has unknown code '{strange[0]}'. Codes: {', '.join(known)}.")
    return codes
