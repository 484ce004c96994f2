"""The fields and values of a file in a profile: what makes each, and how its cells are read."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from data import dictionary
from data.dictionary import Field
from data.errors import InputError
from data.ingest.mapping.mapping import COMPANIONS, EVENTS, VALUES, find_target_field
from data.ingest.parsing import day_numbers, file_vocabulary
from data.ingest.parsing.day_numbers import DayNumbers
from data.ingest.parsing.stated_values import LOWER, UPPER, Bucket, StatedValues, lacks_day
from data.ingest.profiles.profile_keys import require_valid_keys
from data.ingest.profiles.profile_model import FieldSpec
from data.messages.catalogue import bilingual

SOURCE_KINDS = ("column", "constant", "join", "add_months", "first", "compute")
BUCKET_ENDS = {"_from": LOWER, "_to": UPPER}
"""Suffixes of the fields that keep the ends of a range, where the table has such."""


def parse_fields(where: str, table: str | None, entry: Mapping[str, Any]) -> tuple[FieldSpec, ...]:
    """The fields and values of one [[files]] section, those for the ends of ranges included. Raises InputError."""
    _require_tables(where, entry)
    found: list[FieldSpec] = []
    for name, given in entry.get("fields", {}).items():
        if table is None:
            raise InputError(bilingual("mapping.fields_without_table", file=where, name=entry["name"]))
        owner, field = _resolve_field(where, table, name)
        spec = _parse_field(where, owner, find_target_field(owner, field), name, given, entry)
        found += [spec, *_list_bucket_ends(spec)]
    for name, given in entry.get("values", {}).items():
        found.append(_parse_value(where, name, given, entry))
    _require_each_once(where, found)
    _require_used(where, entry, found)
    return tuple(found)


def _parse_value(where: str, name: str, given: Any, entry: Mapping[str, Any]) -> FieldSpec:
    require_valid_keys(where, bilingual("profiles.part_value", value=name), "value", given)
    target = Field(VALUES, name, given["type"], "", "", name, name)
    spec = {key: value for key, value in given.items() if key != "type"}
    return _parse_field(where, VALUES, target, name, spec, entry)


def _require_each_once(where: str, specs: list[FieldSpec]) -> None:
    """Raises InputError for a field that is given twice, as balance and as loans.balance, or beside its ranges."""
    names = [f"{spec.table}.{spec.field}" for spec in specs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise InputError(bilingual("profiles.field_twice", file=where, field=twice))


def _require_used(where: str, entry: Mapping[str, Any], specs: list[FieldSpec]) -> None:
    """Raises InputError for codes or buckets of a field that the file does not have."""
    own = {spec.field for spec in specs} | {f"{spec.table}.{spec.field}" for spec in specs}
    for key in ("codes", "buckets"):
        name = next((name for name in entry.get(key, {}) if name not in own), None)
        if name is not None:
            raise InputError(bilingual("profiles.no_such_field", file=where, key=key, field=name))


def _require_tables(where: str, entry: Mapping[str, Any]) -> None:
    """Raises InputError where codes or buckets are no tables, or a code is no text."""
    for key in ("codes", "buckets"):
        for name, content in entry.get(key, {}).items():
            if not isinstance(content, dict):
                raise InputError(bilingual("mapping.not_a_table", file=where, part=f"{key}.{name}", content=content))
    for name, codes in entry.get("codes", {}).items():
        odd = next((text for text, code in codes.items() if not isinstance(code, str)), None)
        if odd is not None:
            about = {"field": name, "text": odd, "code": repr(codes[odd])}
            raise InputError(bilingual("profiles.code_not_text", file=where, **about))


def _resolve_field(where: str, table: str, name: str) -> tuple[str, str]:
    owner, _, field = name.rpartition(".")
    owner = owner or table
    steps = dictionary.codes_of_list("step") if owner == EVENTS and table != EVENTS else {}
    allowed = (table, *COMPANIONS.get(table, ()), *((EVENTS,) if table in COMPANIONS else ()))
    if owner not in allowed or field not in (steps or dictionary.fields_of_table(owner)):
        raise InputError(bilingual("mapping.unknown_field", file=where, field=name, table=table))
    return owner, field


def _parse_field(where: str, owner: str, target: Field, name: str, given: Any, entry: Mapping[str, Any]) -> FieldSpec:
    spec = {"column": given} if isinstance(given, str) else given
    require_valid_keys(where, bilingual("mapping.part_field", field=name), "field", spec)
    ways = [way for way in SOURCE_KINDS if way in spec]
    if len(ways) != 1:
        raise InputError(
            bilingual("mapping.one_source_needed", file=where, field=name, sources=", ".join(SOURCE_KINDS))
        )
    how = ways[0]
    columns = () if how in ("constant", "compute") else (spec[how],) if how == "column" else tuple(spec[how])
    if how == "add_months" and len(columns) != 2:
        raise InputError(bilingual("mapping.add_months_columns", file=where, field=name))
    form, day, numbers = _parse_date_form(where, name, target, spec, entry)
    buckets = _parse_buckets(where, name, target, entry)
    if "bound" in spec and not buckets:
        raise InputError(bilingual("profiles.bound_without_buckets", file=where, field=name))
    return FieldSpec(
        owner,
        target.name,
        target,
        how,
        columns,
        str(spec.get(how, "")) if not columns else "",
        spec.get("when", ""),
        spec.get("separator", "/"),
        form,
        _require_known_unit(where, target, spec.get("unit", _find_file_unit(entry, target))),
        _parse_codes(where, name, target, entry),
        StatedValues(tuple(map(str, spec.get("absent", ()))), buckets, spec.get("bound", ""), day, numbers),
        "unit" not in spec,
    )


def _find_own_entries(key: str, name: str, target: Field, entry: Mapping[str, Any]) -> dict[str, Any]:
    """What codes or buckets say of a field, by its name as the profile writes it or with its table."""
    given = entry.get(key, {})
    found: dict[str, Any] = given.get(name, given.get(f"{target.owner}.{target.name}", {}))
    return found


def _find_file_unit(entry: Mapping[str, Any], target: Field) -> str:
    """The unit of all amounts of the file, where it says one."""
    return str(entry.get("money_unit", "")) if target.type == "money" else ""


def _require_known_unit(where: str, target: Field, unit: str) -> str:
    known = file_vocabulary.load_units(target.type)
    if unit and unit not in known:
        raise InputError(
            bilingual("mapping.unknown_unit", file=where, field=target.name, unit=unit, units=", ".join(known))
        )
    return unit


def _parse_codes(where: str, name: str, target: Field, entry: Mapping[str, Any]) -> dict[str, str]:
    codes = _find_own_entries("codes", name, target, entry)
    code_list = "boolean" if target.type == "boolean" else target.code_list
    known = dictionary.codes_of_list(code_list) if code_list else {}
    unknown = [code for code in codes.values() if code not in known and not target.is_open_list]
    if unknown:
        raise InputError(
            bilingual("mapping.unknown_code", file=where, field=name, code=unknown[0], codes=", ".join(known))
        )
    return codes


def _parse_buckets(where: str, name: str, target: Field, entry: Mapping[str, Any]) -> dict[str, Bucket]:
    given = _find_own_entries("buckets", name, target, entry)
    if given and target.type not in ("integer", "number"):
        raise InputError(bilingual("profiles.buckets_of_numbers", file=where, field=name))
    return {text: _parse_bucket(where, name, text, ends) for text, ends in given.items()}


def _parse_bucket(where: str, name: str, text: str, ends: Any) -> Bucket:
    is_range = isinstance(ends, list) and len(ends) in (1, 2) and all(type(end) is int for end in ends)
    if not is_range or ends[0] > ends[-1]:
        raise InputError(bilingual("profiles.bad_bucket", file=where, field=name, text=text, ends=repr(ends)))
    return ends[0], ends[1] if len(ends) == 2 else None


def _list_bucket_ends(spec: FieldSpec) -> list[FieldSpec]:
    """The fields that keep the ends of the range, where the table has them."""
    if not spec.stated.buckets or spec.table == VALUES:
        return []
    known = dictionary.fields_of_table(spec.table)
    return [
        replace(spec, field=name, target=known[name], stated=replace(spec.stated, bound=end))
        for suffix, end in BUCKET_ENDS.items()
        if (name := spec.field + suffix) in known
    ]


def _parse_date_form(
    where: str, name: str, target: Field, spec: Mapping[str, Any], entry: Mapping[str, Any]
) -> tuple[str | None, str, DayNumbers | None]:
    """Format, day of the month and day numbers of a date; what the field says goes before what the file says."""
    if target.type not in ("date", "timestamp"):
        return spec.get("format"), "", None
    has_own_form = "format" in spec or "day" in spec
    numbers = spec.get("day_numbers", "" if has_own_form else entry.get("day_numbers", ""))
    form = spec.get("format", None if "day_numbers" in spec else entry.get("date_format"))
    day = spec.get("day", "" if "day_numbers" in spec else entry.get("day", ""))
    if numbers and (form or day):
        raise InputError(bilingual("profiles.two_date_forms", file=where, field=name))
    if form and target.type == "date" and lacks_day(form) and not day:
        raise InputError(bilingual("profiles.format_without_day", file=where, field=name, format=form))
    system = day_numbers.find_system(numbers) if numbers else None
    if numbers and system is None:
        known = ", ".join(day_numbers.load_systems())
        raise InputError(bilingual("profiles.unknown_day_numbers", file=where, field=name, value=numbers, known=known))
    return form, day, system
