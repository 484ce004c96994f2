"""What a finding or an error says: a sentence in English that knows itself in Chinese, its values filled in.

The English stands in the code and is the key of the row that has the Chinese; values may be such sentences themselves.
"""

import csv
from functools import cache

from data.dictionary import TABLES


class Told(str):
    """A text in English, with the same in Chinese."""

    zh: str

    def __new__(cls, english: str, chinese: str = "") -> "Told":
        told = super().__new__(cls, english)
        told.zh = chinese or english
        return told


@cache
def sentences() -> dict[str, str]:
    """English, with the names of its values in braces, to Chinese with the same."""
    with (TABLES / "told.csv").open(encoding="utf-8", newline="") as file:
        return {row["en"]: row["zh"] for row in csv.DictReader(file)}


def chinese(value: object) -> object:
    """A sentence in Chinese; anything else, such as a name or a number, as it is."""
    return getattr(value, "zh", value)


def tell(sentence: str, **values: object) -> Told:
    """The sentence with its values, in both languages."""
    return Told(
        sentence.format(**values),
        sentences()[sentence].format(**{name: chinese(value) for name, value in values.items()}),
    )


def word(text: str) -> Told:
    """A word that stands in a sentence, such as the kind of a value; one without a row stays as it is."""
    return Told(text, sentences().get(text, text))
