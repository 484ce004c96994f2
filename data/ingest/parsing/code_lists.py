"""Texts to codes of a code list: the code itself, its labels, its aliases, and forms such as '1-正常'."""

import re
import unicodedata
from functools import cache

import polars as pl

from data import dictionary

SEPARATORS = r"[-–—:_()\s]+|(?<=[0-9.])(?=[\u4e00-\u9fff])"
BARE_CODE = r"[0-9A-Za-z.]+"


def resolve_codes(cells: pl.Series, code_list: str, *, keep_unknown: bool, profile_codes: dict[str, str]) -> pl.Series:
    """Codes; a text outside the list is null, or unchanged with `keep_unknown`. `profile_codes`: text -> code."""
    texts = cells.drop_nulls().unique().to_list()
    found = {
        text: profile_codes.get(text) or _resolve_code(text, code_list) or (text if keep_unknown else None)
        for text in texts
    }
    return cells.replace_strict(list(found), list(found.values()), default=None, return_dtype=pl.String)


def _normalise_text(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


@cache
def _build_vocabulary(code_list: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for code in dictionary.codes_of_list(code_list).values():
        for text in (code.code, code.zh, code.en, *code.aliases):
            found.setdefault(_normalise_text(text), code.code)
    return found


def _resolve_code(text: str, code_list: str) -> str | None:
    vocabulary = _build_vocabulary(code_list)
    parts = [part for part in re.split(SEPARATORS, _normalise_text(text)) if part]
    finer = _extend_known_code(parts[0], vocabulary) if parts and code_list in dictionary.find_finer_lists() else None
    return vocabulary.get(_normalise_text(text)) or finer or _resolve_parts(parts, vocabulary)


def _extend_known_code(part: str, vocabulary: dict[str, str]) -> str | None:
    """'1310' and 'c1310' as C1310: the longest known beginning in its own code, the further digits after it."""
    for end in range(len(part) - 1, 0, -1):
        if part[:end] in vocabulary and part[end:].isdigit():
            return vocabulary[part[:end]] + part[end:]
    return None


def _resolve_parts(parts: list[str], vocabulary: dict[str, str]) -> str | None:
    """'1-正常': the parts that are known must agree, and an unknown part may only be a bare code."""
    known = {vocabulary[part] for part in parts if part in vocabulary}
    strangers = [part for part in parts if part not in vocabulary and not re.fullmatch(BARE_CODE, part)]
    return known.pop() if len(known) == 1 and not strangers else None
