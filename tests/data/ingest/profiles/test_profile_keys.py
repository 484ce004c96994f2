"""The table of the keys of a profile: it drives the checks and the reference, and every example in it loads."""

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from data.ingest.profiles import documentation, profile_keys, profiles
from data.ingest.profiles.profile_keys import ProfileKey
from data.messages.catalogue import BilingualText
from tests.data.cli_import import ImportCli

DOCS = Path(__file__).parents[4] / "docs" / "profiles.md"
LABEL = BilingualText("a file", "文件")
KEYS = profile_keys.load_profile_keys()
WRONG_VALUES = (7, True, "text", ["text"], [7], {"a": "b"}, [{"a": "b"}])


def _name_key(entry: ProfileKey) -> str:
    return f"{entry.part}-{entry.key}"


def _build_base() -> dict[str, Any]:
    file = {"name": "loans", "table": "loans", "headers": ["Account"], "fields": {"loan_id": "Account"}}
    return {"files": [file]}


def _add_example(entry: ProfileKey) -> dict[str, Any]:
    """A profile with the example in its place: at the top, or in the one [[files]] section."""
    content, example = _build_base(), tomllib.loads(entry.example)
    if entry.part == "profile":
        return content | example
    own = example.pop("files", {})
    for key, value in {**example, **own}.items():
        held = content["files"][0].get(key)
        content["files"][0][key] = held | value if isinstance(held, dict) else value
    return content


@pytest.mark.parametrize("entry", KEYS, ids=_name_key)
def test_every_example_loads(entry: ProfileKey) -> None:
    assert f'"{entry.key}' in entry.example or f"{entry.key} " in entry.example or f"{entry.key}]" in entry.example
    assert profiles.parse_content("example", "", _add_example(entry)).files


def test_the_complete_example_loads_and_is_in_the_reference() -> None:
    assert profiles.parse("example", documentation.EXAMPLE.read_text(encoding="utf-8")).files
    assert documentation.EXAMPLE.read_text(encoding="utf-8").strip() in DOCS.read_text(encoding="utf-8")


def test_the_reference_is_up_to_date(cli: ImportCli) -> None:
    assert cli.run("profile", "--keys").out == DOCS.read_text(encoding="utf-8")


@pytest.mark.parametrize("entry", KEYS, ids=_name_key)
def test_a_value_of_another_type_is_refused_by_name(entry: ProfileKey) -> None:
    wrong = [value for value in WRONG_VALUES if not profile_keys.has_type(value, entry.type)]
    assert wrong
    for value in wrong:
        with pytest.raises(InputError, match=f"'{entry.key}' must be"):
            profile_keys.require_valid_keys("own.toml", LABEL, entry.part, {entry.key: value})


@pytest.mark.parametrize("entry", [entry for entry in KEYS if entry.choices], ids=_name_key)
def test_a_value_outside_its_choices_is_refused(entry: ProfileKey) -> None:
    with pytest.raises(InputError, match=f"'{entry.key}' must be one of {', '.join(entry.choices)}, not 'sum'"):
        profile_keys.require_valid_keys("own.toml", LABEL, entry.part, {entry.key: "sum"})


@pytest.mark.parametrize("entry", [entry for entry in KEYS if entry.is_required], ids=_name_key)
def test_a_key_that_must_be_there_is_missed(entry: ProfileKey) -> None:
    with pytest.raises(InputError, match="lacks '"):
        profile_keys.require_valid_keys("own.toml", LABEL, entry.part, {})


COMPLETE = tomllib.loads(documentation.EXAMPLE.read_text(encoding="utf-8"))
ODD_VALUES = st.recursive(
    st.sampled_from(
        [0, -1, 1.5, True, "", "loan_id", "Account", "balance", "lower", "last", "excel", "%Y", "元", "1 /"]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["", "column", "key", "a.b"]), inner),
    max_leaves=4,
)


def _list_places(content: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = list(content.items()) if isinstance(content, dict) else list(enumerate(content))
    nested = [(key, value) for key, value in items if isinstance(value, dict | list)]
    return [(*place, key) for key, _ in items] + [
        found for key, value in nested for found in _list_places(value, (*place, key))
    ]


@settings(deadline=None)
@given(place=st.sampled_from(_list_places(COMPLETE)), value=ODD_VALUES)
def test_a_profile_with_any_odd_value_loads_or_is_refused_in_words(place: tuple[Any, ...], value: Any) -> None:
    content = deepcopy(COMPLETE)
    holder = content
    for step in place[:-1]:
        holder = holder[step]
    holder[place[-1]] = value
    try:
        assert profiles.parse_content("odd", "", content).files
    except InputError as error:
        assert "odd.toml" in str(error)
