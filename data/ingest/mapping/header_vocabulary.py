"""Words of headers: which fields a header may name, and the unit in it."""

import difflib
import re
import unicodedata
from functools import cache

from data import dictionary
from data.dictionary import Field
from data.ingest.mapping.mapping import COMPANIONS, EVENTS, find_target_field
from data.ingest.parsing import file_vocabulary, rate_units
from data.ingest.parsing.cell_parsing import HEADER, ParseOptions

GROUP = "_"
"""Joins a group's header with the header under it: 担保情况_担保方式."""
BETWEEN = "_-–—: *"
"""What may stand between a name and its unit, and after them."""
BRACKETED = re.compile(r"[(\[【]([^)\]】]*)[)\]】]")


@cache
def build_vocabulary(table: str) -> dict[str, str]:
    """Plain header -> field of this table: names first, then labels, then aliases."""
    fields = dictionary.fields_of_table(table).values()
    texts = [(f.name, f.name) for f in fields] + [(f"{table}.{f.name}", f.name) for f in fields]
    texts += [(label, f.name) for f in fields for label in (f.zh, f.en)]
    texts += [(alias, f.name) for f in fields for alias in f.aliases]
    found: dict[str, str] = {}
    for text, name in texts:
        found.setdefault(file_vocabulary.normalise_text(text), name)
    return found


@cache
def collect_known_words() -> frozenset[str]:
    known = {word for table in dictionary.load_tables() for word in build_vocabulary(table)}
    return frozenset(known | set(file_vocabulary.load_event_columns()) | file_vocabulary.load_ignored_words("header"))


@cache
def split_unit(header: str) -> tuple[str, str]:
    """'贷款余额(万元)', '贷款余额_万元:' -> ('贷款余额', '万元'); the unit is empty where the header says none."""
    text = unicodedata.normalize("NFKC", header)
    for bracket in BRACKETED.finditer(text):
        unit = bracket[1].strip().removeprefix("单位").lstrip(": ")
        if any(unit in file_vocabulary.load_units(kind) for kind in ("money", "rate", "integer")):
            return text[: bracket.start()] + text[bracket.end() :], unit
    plain = text.rstrip(BETWEEN)
    units = [unit for unit in file_vocabulary.load_units("money") if len(unit) > 1]
    units += [unit for unit in file_vocabulary.load_units("rate") if not unit.isalnum() and "#" not in unit]
    for unit in units:
        if plain.endswith(unit) and (bare := plain.removesuffix(unit).rstrip(BETWEEN)):
            return bare.removesuffix("单位").rstrip(BETWEEN) or bare, unit
    return header, ""


@cache
def list_header_forms(header: str) -> tuple[str, ...]:
    """The plain header, whole and without its unit; then a sub-header before its group's (到期日期), or alone."""
    bare = split_unit(header)[0]
    found = [file_vocabulary.normalise_text(header), file_vocabulary.normalise_text(bare)]
    group, _, sub = bare.rpartition(GROUP)
    if group and sub and not (group + sub).isascii():
        found += [file_vocabulary.normalise_text(sub + group), file_vocabulary.normalise_text(sub)]
    return tuple(dict.fromkeys(found))


@cache
def _list_rate_forms(header: str) -> tuple[str, ...]:
    """The forms of the header without the period of its rates: 月利率(‰) is 利率, if that names a rate a year."""
    bare, unit = split_unit(header)
    plain, period = rate_units.split_period(bare, unit)
    return list_header_forms(plain) if period else ()


def _find_field(header: str, table: str) -> str | None:
    """The field of this table that the header names."""
    known = build_vocabulary(table)
    whole = next((known[form] for form in list_header_forms(header) if form in known), None)
    if whole:
        return whole
    rates = (known[form] for form in _list_rate_forms(header) if form in known)
    return next((name for name in rates if rate_units.is_annual(dictionary.fields_of_table(table)[name])), None)


def find_candidates(header: str, table: str) -> list[tuple[str, str]]:
    """(table, field) that this header may mean in a file of this table, the likeliest first."""
    found = []
    for owner in (table, *COMPANIONS.get(table, ())):
        name = _find_field(header, owner)
        if name:
            found.append((owner, name))
    if table in COMPANIONS:
        found += [
            (EVENTS, file_vocabulary.load_event_columns()[form])
            for form in list_header_forms(header)
            if form in file_vocabulary.load_event_columns()
        ][:1]
    return found


def is_ignorable(header: str) -> bool:
    return any(form in file_vocabulary.load_ignored_words("header") for form in list_header_forms(header))


def rank_header(header: str, table: str) -> tuple[bool, bool]:
    """Names and labels come before aliases when two headers want one field."""
    options = find_candidates(header, table)
    if not options or options[0][0] == EVENTS:
        return True, True
    field = find_target_field(*options[0])
    plain = file_vocabulary.normalise_text(header)
    return plain != file_vocabulary.normalise_text(field.name), plain not in (
        file_vocabulary.normalise_text(field.zh),
        file_vocabulary.normalise_text(field.en),
    )


def find_nearest(header: str, table: str) -> list[str]:
    """Up to three known fields whose name, label or alias is close to the header: 'loan_id (借据号)'."""
    known = {
        text: f.name
        for owner in (table, *COMPANIONS.get(table, ()))
        for f in dictionary.fields_of_table(owner).values()
        for text in (f.name, f.zh, f.en, *f.aliases)
    }
    near = difflib.get_close_matches(header, known, n=3, cutoff=0.5)
    return list(dict.fromkeys(f"{known[text]} ({text})" for text in near))


def build_parse_options(header: str, choice: tuple[str, str]) -> ParseOptions:
    """Parse options with the unit in the header, as read_unit."""
    return read_unit(header, find_target_field(*choice))


def read_unit(header: str, field: Field) -> ParseOptions:
    """Parse options with the unit in the header, if it has one that the field can have, and the period of rates."""
    bare, unit = split_unit(header)
    period = ""
    if field.type == "rate":
        period = rate_units.choose_period(field, rate_units.split_period(bare, unit)[1])
        unit = rate_units.name_unit(unit, period)
    known = file_vocabulary.load_units(field.type)
    if unit not in known:
        return ParseOptions(period=period)
    return ParseOptions(factor=known[unit].factor, own_unit=True, unit=unit, unit_source=HEADER, period=period)


def list_choices(table: str) -> dict[str, tuple[str, str]]:
    """Plain word -> (table, field) for the table, its companions and the steps of a wide file."""
    found: dict[str, tuple[str, str]] = {}
    for owner in (table, *COMPANIONS.get(table, ())):
        for text, name in build_vocabulary(owner).items():
            found.setdefault(text, (owner, name))
    if table in COMPANIONS:
        for text, step in file_vocabulary.load_event_columns().items():
            found.setdefault(text, (EVENTS, step))
    return found
