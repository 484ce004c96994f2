"""Sheets to plans: which mapping reads each sheet, with the filters and lookups of its profile."""

from dataclasses import dataclass, field, replace

import polars as pl

from data import headers, words
from data.errors import InputError
from data.mapping import Feed, Mapping
from data.messages import note
from data.profiles import FieldSpec, FileSpec, Lookup, Profile, factor
from data.readers import Sheet
from data.values import Reading


@dataclass(frozen=True)
class Plan:
    """`keep`: column -> texts to keep; `joins`: (column to match, frame whose KEY it matches)."""

    sheet: Sheet
    mapping: Mapping
    keep: dict[str, list[str]] = field(default_factory=dict)
    joins: tuple[tuple[str, pl.DataFrame], ...] = ()

    def join(self, rows: pl.DataFrame) -> pl.DataFrame:
        for column, other in self.joins:
            matched = rows.with_columns(pl.col(column).str.strip_chars().alias(KEY))
            rows = matched.join(other, on=KEY, how="left", maintain_order="left").drop(KEY)
        return rows


KEY = "_key"


def plain(sheets: list[Sheet]) -> list[Plan]:
    """By the dictionary alone. A workbook's sheet without any known header is left out if another has some."""
    known = {sheet.name: headers.find_row(sheet)[1] > 0 for sheet in sheets}
    plans = []
    for sheet in sheets:
        siblings = [other.name for other in sheets if other.source is sheet.source and known[other.name]]
        if known[sheet.name] or not siblings:
            skipped = [other.name for other in sheets if other.source is sheet.source and not known[other.name]]
            notes = [note("note_sheet_skipped", sheet=name) for name in skipped]
            mapping = headers.match(sheet)
            plans.append(Plan(sheet, replace(mapping, notes=(*notes, *mapping.notes))))
    return plans


@dataclass(frozen=True)
class _Known:
    """A sheet recognised as one of the profile's files."""

    spec: FileSpec
    sheet: Sheet
    row: int
    headers: dict[str, str]

    def columns(self) -> dict[str, str]:
        """Plain header -> column, or "" for a header that occurs twice."""
        found: dict[str, str] = {}
        for column, header in self.headers.items():
            found[words.plain(header)] = "" if words.plain(header) in found else column
        return found


def by_profile(sheets: list[Sheet], profile: Profile) -> tuple[list[Plan], dict[str, int]]:
    """Plans for the profile's tables, and the rows of files that only serve lookups."""
    known = [_recognise(sheet, profile) for sheet in sheets]
    if not any(entry.spec.table for entry in known):
        wanted = ", ".join(spec.name for spec in profile.files if spec.table)
        raise InputError(f"Profile {profile.name}: none of the files feeds a table. Add the file for: {wanted}.")
    lookups = {entry.sheet.name: _data_rows(entry).height for entry in known if not entry.spec.table}
    return [_plan(entry, known, profile) for entry in known if entry.spec.table], lookups


def _recognise(sheet: Sheet, profile: Profile) -> _Known:
    for spec in profile.files:
        row, _ = headers.find_row(sheet, frozenset(map(words.plain, spec.headers)))
        found = headers.texts(sheet, row)
        if {words.plain(header) for header in spec.headers} <= {words.plain(header) for header in found.values()}:
            return _Known(spec, sheet, row, found)
    wanted = "; ".join(f"{spec.name}: {', '.join(spec.headers)}" for spec in profile.files)
    raise InputError(f"{sheet.name} fits no file of profile {profile.name}, which knows them by headers: {wanted}.")


def _data_rows(entry: _Known) -> pl.DataFrame:
    rows = entry.sheet.cells[entry.row + 1 :]
    return rows.filter(~pl.all_horizontal(pl.col(list(entry.headers)).is_null()))


def _plan(entry: _Known, known: list[_Known], profile: Profile) -> Plan:
    columns = entry.columns()
    joins, notes = [], []
    for lookup in entry.spec.lookups:
        other = next((found for found in known if found.spec.name == lookup.name), None)
        if other is None:
            notes.append(note("note_missing_lookup", lookup=lookup.name))
        elif words.plain(lookup.on) in columns:
            joins.append((columns[words.plain(lookup.on)], _lookup_frame(lookup, other)))
            columns |= {words.plain(name): name for name in joins[-1][1].columns if name != KEY}
    missing = {lookup.name for lookup in entry.spec.lookups} - {name.split(".")[0] for name in columns.values()}
    feeds = [_feed(entry.sheet.name, spec, columns, profile) for spec in entry.spec.fields if not _needs(spec, missing)]
    feeds += _others(entry, feeds)
    notes += [{"id": "note_profile"} | said for said in entry.spec.notes] + headers.reading_notes(entry.headers, feeds)
    mapping = Mapping(entry.spec.table or "", entry.row, entry.headers, tuple(feeds), tuple(notes))
    return Plan(entry.sheet, mapping, _keep(entry), tuple(joins))


def _keep(entry: _Known) -> dict[str, list[str]]:
    return {_column(entry.sheet.name, name, entry.columns()): texts for name, texts in entry.spec.keep.items()}


def _column(file: str, name: str, columns: dict[str, str]) -> str:
    column = columns.get(words.plain(name))
    if not column:
        wrong = "does not have" if column is None else "has twice"
        raise InputError(f"{file}: the profile reads column '{name}', which the file {wrong}. Correct either.")
    return column


def _needs(spec: FieldSpec, missing: set[str]) -> bool:
    return any(name.split(".")[0] in missing for name in (*spec.columns, spec.when) if "." in name)


def _lookup_frame(lookup: Lookup, other: _Known) -> pl.DataFrame:
    """KEY and the other file's columns as name.header. Raises InputError when a key occurs twice."""
    keep = _keep(other)
    rows = _data_rows(other).filter(pl.all_horizontal(pl.lit(True), *(pl.col(c).is_in(t) for c, t in keep.items())))
    key = _column(other.sheet.name, lookup.key, other.columns())
    named = rows.select(
        pl.col(key).str.strip_chars().alias(KEY),
        *(pl.col(column).alias(f"{lookup.name}.{header}") for column, header in other.headers.items()),
    ).filter(pl.col(KEY).is_not_null())
    twice = named.filter(pl.col(KEY).is_duplicated())
    if len(twice):
        raise InputError(
            f"{other.sheet.name}: {lookup.key} '{twice[KEY][0]}' occurs more than once, so it cannot be looked up. "
            "Narrow the profile's keep filter."
        )
    return named


def _feed(file: str, spec: FieldSpec, columns: dict[str, str], profile: Profile) -> Feed:
    reading = Reading(
        format=spec.format, factor=factor(spec), own_unit=bool(spec.unit), codes=spec.codes, blanks=profile.blanks
    )
    when = _column(file, spec.when, columns) if spec.when else ""
    header = " + ".join(spec.columns) or f"'{spec.constant}'"
    found = tuple(_column(file, name, columns) for name in spec.columns)
    return Feed(spec.table, spec.field, found, header, reading, spec.how, spec.constant, when, spec.separator)


def _others(entry: _Known, feeds: list[Feed]) -> list[Feed]:
    """Columns that the profile does not name: ignored as it says, or read by the dictionary's names."""
    used = {column for feed in feeds for column in feed.columns}
    if entry.spec.ignore_others:
        return []
    rest = {
        column: header
        for column, header in entry.headers.items()
        if column not in used and words.plain(header) not in entry.spec.ignore
    }
    found = headers.feeds_for(entry.sheet.name, entry.spec.table or "", rest)
    taken = {feed.name: feed.header for feed in feeds}
    for feed in found:
        if feed.name in taken:
            raise InputError(f"{entry.sheet.name}: columns '{taken[feed.name]}' and '{feed.header}' both name "
                             f"{feed.field}. Add one to the profile's ignore list.")  # fmt: skip
    return found
