"""Profiles: a TOML file a source system, telling which file feeds which table and how its columns are read."""

import tomllib
from pathlib import Path
from typing import Any

from data import dictionary
from data.errors import InputError
from data.ingest.mapping.mapping import VALUES, DuplicateRule
from data.ingest.parsing import file_vocabulary
from data.ingest.profiles import computed_fields
from data.ingest.profiles.field_parsing import parse_fields
from data.ingest.profiles.profile_keys import require_valid_keys
from data.ingest.profiles.profile_model import FieldSpec, FileSpec, Lookup, Profile
from data.messages.catalogue import BilingualText, bilingual

FOLDER = Path(__file__).parents[2] / "mappings"
ORDERED_TYPES = ("money", "rate", "number", "integer", "date", "timestamp")
SNAPSHOT_DAY = ("snapshots", "snapshot_date")


def load(name: str, folder: Path | None = None) -> Profile:
    """A profile by its name, or by the path of a TOML file. Raises InputError when unknown or with a mistake in it."""
    path = _find_profile_path(name, folder or FOLDER)
    try:
        return parse(path.stem, path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(bilingual("profiles.not_utf8", file=path.name)) from error


def parse(name: str, text: str) -> Profile:
    """A profile from its text. Raises InputError for a mistake in it."""
    where = f"{name}.toml"
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(bilingual("mapping.invalid_toml", file=where, error=error)) from error
    return parse_content(name, text, content)


def parse_content(name: str, text: str, content: dict[str, Any]) -> Profile:
    """A profile from the content of its text. Raises InputError for a mistake in it."""
    where = f"{name}.toml"
    require_valid_keys(where, bilingual("mapping.part_profile"), "profile", content)
    files = tuple(_parse_file(where, entry) for entry in content["files"])
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


def _parse_file(where: str, entry: dict[str, Any]) -> FileSpec:
    require_valid_keys(where, bilingual("mapping.part_file"), "file", entry)
    has_columns = (entry.get("columns") or entry.get("unread")) and entry.get("file_names")
    if not all(name.strip() for name in (entry["name"], *entry.get("headers", ()), *entry.get("columns", ()))):
        raise InputError(bilingual("profiles.empty_name", file=where))
    if not (entry.get("headers") or has_columns):
        raise InputError(bilingual("mapping.file_not_recognisable", file=where))
    table = entry.get("table")
    if table is not None and table not in dictionary.load_tables():
        raise InputError(
            bilingual("mapping.unknown_table", file=where, table=table, tables=", ".join(dictionary.load_tables()))
        )
    for note in [*entry.get("notes", []), *([entry["unread"]] if "unread" in entry else [])]:
        require_valid_keys(where, bilingual("mapping.part_note"), "note", note)
    fields = parse_fields(where, table, entry)
    if table:
        _require_key_fields(where, table, fields)
    computed_fields.require_computable(where, table or "", fields)
    return FileSpec(
        entry["name"],
        table,
        tuple(entry.get("headers", ())),
        fields,
        frozenset(map(file_vocabulary.normalise_text, entry.get("ignore", ()))),
        entry.get("ignore_others", False),
        _parse_row_filters(where, entry),
        tuple(_parse_lookup(where, lookup) for lookup in entry.get("lookups", [])),
        tuple(entry.get("notes", [])),
        tuple(entry.get("columns", ())),
        entry.get("separator"),
        tuple(entry.get("file_names", ())),
        entry.get("unread"),
        _parse_duplicates(where, table, entry, fields),
        _require_snapshot_days(where, entry, fields),
    )


def _parse_row_filters(where: str, entry: dict[str, Any]) -> dict[str, list[str]]:
    filters: dict[str, list[str]] = entry.get("keep", {})
    for column, texts in filters.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise InputError(bilingual("profiles.keep_not_texts", file=where, column=column, texts=repr(texts)))
    return filters


def _parse_lookup(where: str, lookup: dict[str, Any]) -> Lookup:
    require_valid_keys(where, bilingual("mapping.part_lookup"), "lookup", lookup)
    on, key = ((part,) if isinstance(part, str) else tuple(part) for part in (lookup["on"], lookup["key"]))
    if not on or len(on) != len(key):
        raise InputError(bilingual("profiles.lookup_uneven", file=where, name=lookup["name"], on=len(on), key=len(key)))
    return Lookup(lookup["name"], on, key)


def _parse_duplicates(
    where: str, table: str | None, entry: dict[str, Any], fields: tuple[FieldSpec, ...]
) -> DuplicateRule | None:
    if "duplicates" not in entry:
        return None
    given = entry["duplicates"]
    require_valid_keys(where, bilingual("profiles.part_duplicates"), "duplicates", given)
    needs_field, by = given["keep"] in ("highest", "lowest"), given.get("by", "")
    if bool(by) != needs_field:
        raise InputError(bilingual("profiles.duplicates_by", file=where, keep=given["keep"]))
    named = {f"{spec.table}.{spec.field}": spec for spec in fields}
    found = next((name for name in (by, f"{table}.{by}", f"{VALUES}.{by}") if name in named), "")
    if by and (not found or named[found].target.type not in ORDERED_TYPES):
        raise InputError(bilingual("profiles.duplicates_unknown_by", file=where, by=by, known=", ".join(named)))
    return DuplicateRule(given["keep"], found)


def _require_snapshot_days(where: str, entry: dict[str, Any], fields: tuple[FieldSpec, ...]) -> bool:
    """Whether the file holds many snapshots. Raises InputError where no field says the day of a row."""
    has_many_days = bool(entry.get("many_days", False))
    if has_many_days and not any((spec.table, spec.field) == SNAPSHOT_DAY for spec in fields):
        raise InputError(bilingual("profiles.many_days_without_day", file=where))
    return has_many_days


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
