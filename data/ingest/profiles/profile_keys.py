"""The keys of a profile, one table of them: what each means, what it may hold, and the check of a part against them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

from data.errors import InputError
from data.messages.catalogue import BilingualText, bilingual, term
from data.table_files import read_rows

TABLE = "profile_keys.csv"
INHERITED = {"value": "field"}
"""Parts that take the keys of another part beside their own."""


@dataclass(frozen=True)
class ProfileKey:
    """One key of a part of a profile; `choices`: the only values it takes, where there are such."""

    part: str
    key: str
    type: str
    is_required: bool
    choices: tuple[str, ...]
    en: str
    zh: str
    example: str


@cache
def load_profile_keys() -> tuple[ProfileKey, ...]:
    """All keys in the order of the table."""
    return tuple(
        ProfileKey(
            r["part"],
            r["key"],
            r["type"],
            r["required"] == "yes",
            tuple(choice for choice in r["choices"].split("|") if choice),
            r["en"],
            r["zh"],
            r["example"],
        )
        for r in read_rows(TABLE)
    )


@cache
def list_keys(part: str) -> dict[str, ProfileKey]:
    """The keys that a part takes, those inherited included."""
    parts = (part, INHERITED.get(part))
    return {entry.key: entry for entry in load_profile_keys() if entry.part in parts}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list_of(test: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(test, value))


TYPE_TESTS: dict[str, Callable[[object], bool]] = {
    "text": _is_text,
    "number": _is_number,
    "flag": lambda value: isinstance(value, bool),
    "texts": _is_list_of(_is_text),
    "texts or numbers": _is_list_of(lambda item: _is_text(item) or _is_number(item)),
    "table": lambda value: isinstance(value, dict),
    "tables": _is_list_of(lambda item: isinstance(item, dict)),
}


def has_type(value: object, name: str) -> bool:
    """Whether a value is of a type of the table, which may be two: 'text or texts'."""
    test = TYPE_TESTS.get(name)
    return test(value) if test else any(TYPE_TESTS[one](value) for one in name.split(" or "))


def require_valid_keys(where: str, label: BilingualText, part: str, content: object) -> None:
    """Raises InputError for a part that is no table, lacks a key, or has an unknown key, type or choice."""
    if not isinstance(content, Mapping):
        raise InputError(bilingual("mapping.not_a_table", file=where, part=label, content=repr(content)))
    keys = list_keys(part)
    unknown = sorted(set(content) - set(keys))
    if unknown:
        raise InputError(
            bilingual("mapping.unknown_key", file=where, part=label, key=unknown[0], allowed=", ".join(sorted(keys)))
        )
    for name, value in content.items():
        _require_valid_value(where, label, keys[name], value)
    for entry in keys.values():
        if entry.is_required and entry.key not in content:
            raise InputError(bilingual("profiles.key_missing", file=where, part=label, key=entry.key))


def _require_valid_value(where: str, label: BilingualText, entry: ProfileKey, value: object) -> None:
    about = {"file": where, "part": label, "key": entry.key, "value": repr(value)}
    if not has_type(value, entry.type):
        raise InputError(bilingual("profiles.wrong_type", **about, type=term(entry.type), example=entry.example))
    if entry.choices and value not in entry.choices:
        raise InputError(bilingual("profiles.wrong_choice", **about, choices=", ".join(entry.choices)))
