"""Profiles: a TOML file a source system, telling which file feeds which table and how its columns are read."""

import tomllib
from pathlib import Path
from typing import Any

from data import dictionary
from data.errors import InputError
from data.ingest.mapping.mapping import COMPANIONS, EVENTS, find_target_field
from data.ingest.parsing import file_vocabulary
from data.ingest.profiles.profile_model import FieldSpec, FileSpec, Lookup, Profile
from data.messages.catalogue import BilingualText, bilingual

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
        raise InputError(bilingual("mapping.invalid_toml", file=where, error=error)) from error
    _require_known_keys(where, bilingual("mapping.part_profile"), content, PROFILE_KEYS)
    files = tuple(_parse_file(where, entry) for entry in content.get("files", []))
    if not files:
        raise InputError(bilingual("mapping.profile_without_files", file=where))
    return Profile(name, text, tuple(content.get("blanks", ())), files)


def _find_profile_path(name: str, folder: Path) -> Path:
    if name.lower().endswith(".toml"):
        if Path(name).is_file():
            return Path(name)
        raise InputError(bilingual("mapping.no_profile_file", name=name, profiles=_list_profile_names(folder)))
    if name not in _list_profile_names(folder).split(", "):
        raise InputError(bilingual("mapping.no_profile", name=name, profiles=_list_profile_names(folder)))
    return folder / f"{name}.toml"


def _list_profile_names(folder: Path) -> str:
    return ", ".join(sorted(found.stem for found in folder.glob("*.toml")))


def _require_known_keys(where: str, part: BilingualText, content: object, allowed: set[str]) -> None:
    if not isinstance(content, dict):
        raise InputError(bilingual("mapping.not_a_table", file=where, part=part, content=repr(content)))
    unknown = sorted(set(content) - allowed)
    if unknown:
        raise InputError(
            bilingual("mapping.unknown_key", file=where, part=part, key=unknown[0], allowed=", ".join(sorted(allowed)))
        )


def _parse_file(where: str, entry: dict[str, Any]) -> FileSpec:
    _require_known_keys(where, bilingual("mapping.part_file"), entry, FILE_KEYS)
    has_columns = (entry.get("columns") or entry.get("unread")) and entry.get("file_names")
    if not entry.get("name") or not (entry.get("headers") or has_columns):
        raise InputError(bilingual("mapping.file_not_recognisable", file=where))
    table = entry.get("table")
    if table is not None and table not in dictionary.load_tables():
        raise InputError(
            bilingual("mapping.unknown_table", file=where, table=table, tables=", ".join(dictionary.load_tables()))
        )
    for lookup in entry.get("lookups", []):
        _require_known_keys(where, bilingual("mapping.part_lookup"), lookup, LOOKUP_KEYS)
        if set(lookup) != LOOKUP_KEYS:
            raise InputError(bilingual("mapping.incomplete_lookup", file=where, keys=", ".join(sorted(lookup))))
    for note in [*entry.get("notes", []), *([entry["unread"]] if "unread" in entry else [])]:
        _require_known_keys(where, bilingual("mapping.part_note"), note, NOTE_KEYS)
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
            raise InputError(
                bilingual(
                    "mapping.key_not_mapped",
                    file=where,
                    table=table,
                    fields=BilingualText(" or ".join(group), "或".join(group)),
                )
            )


def _parse_field(where: str, table: str | None, name: str, spec: Any, entry: dict[str, Any]) -> FieldSpec:
    if table is None:
        raise InputError(bilingual("mapping.fields_without_table", file=where, name=entry["name"]))
    owner, field = _resolve_field(where, table, name)
    spec = {"column": spec} if isinstance(spec, str) else spec
    _require_known_keys(where, bilingual("mapping.part_field", field=name), spec, FIELD_KEYS)
    ways = [way for way in SOURCE_KINDS if way in spec]
    if len(ways) != 1:
        raise InputError(
            bilingual("mapping.one_source_needed", file=where, field=name, sources=", ".join(SOURCE_KINDS))
        )
    how = ways[0]
    given = [] if how == "constant" else [spec[how]] if how == "column" else list(spec[how])
    if how == "add_months" and len(given) != 2:
        raise InputError(bilingual("mapping.add_months_columns", file=where, field=name))
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
        raise InputError(bilingual("mapping.unknown_field", file=where, field=name, table=table))
    return owner, field


def _find_file_unit(entry: dict[str, Any], owner: str, field: str) -> str:
    """The unit of all amounts of the file, where it says one."""
    return entry.get("money_unit", "") if find_target_field(owner, field).type == "money" else ""


def _require_known_unit(where: str, owner: str, field: str, unit: str) -> str:
    known = file_vocabulary.load_units(find_target_field(owner, field).type)
    if unit and unit not in known:
        raise InputError(bilingual("mapping.unknown_unit", file=where, field=field, unit=unit, units=", ".join(known)))
    return unit


def _parse_codes(where: str, owner: str, field: str, entry: dict[str, Any], name: str) -> dict[str, str]:
    codes: dict[str, str] = entry.get("codes", {}).get(name, {})
    meant = find_target_field(owner, field)
    code_list = "boolean" if meant.type == "boolean" else meant.code_list
    known = dictionary.codes_of_list(code_list) if code_list else {}
    unknown = [code for code in codes.values() if code not in known and not meant.is_open_list]
    if unknown:
        raise InputError(
            bilingual("mapping.unknown_code", file=where, field=name, code=unknown[0], codes=", ".join(known))
        )
    return codes
