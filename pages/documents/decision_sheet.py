"""The decision sheet of one extension request: what was asked, decided and why, and the lines to sign on."""

from dataclasses import asdict, dataclass

from pages.documents import bank, printing

TEMPLATE = "decision_sheet.typ"
Pairs = list[tuple[str, str]]


@dataclass(frozen=True)
class Part:
    """A table under its title; an empty one is left out."""

    title: str
    heads: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Sheet:
    """All in the words of `lang`, written out. `verdict`: allowed, blocked or not_assessable; `said`: in words."""

    lang: str
    title: str
    number: str
    foot: str
    loan: Pairs
    request: Pairs
    verdict: str
    said: str
    why: list[str]
    days: Pairs
    lines: list[Part]
    follows: Part
    opinion: str
    signatures: list[list[str]]
    note: str
    no_bank: str


def pdf(sheet: Sheet) -> bytes:
    """Raises PrintingError where the template fails or no font for Chinese is there."""
    named = bank.name(sheet.lang)
    return printing.pdf(TEMPLATE, asdict(sheet) | {"bank": named or sheet.no_bank, "bank_set": named is not None})
