"""The decision sheet of one extension request: what was asked, decided and why, and the lines to sign on."""

from dataclasses import asdict, dataclass

from pages.documents import bank, printing

TEMPLATE = "decision_sheet.typ"
LabelledValues = list[tuple[str, str]]


@dataclass(frozen=True)
class SheetTable:
    """A table under its title; an empty one is left out."""

    title: str
    heads: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class DecisionSheet:
    """All in the words of `lang`, written out. `verdict`: allowed, blocked or not_assessable; `said`: in words."""

    lang: str
    title: str
    number: str
    foot: str
    loan: LabelledValues
    request: LabelledValues
    verdict: str
    said: str
    why: list[str]
    days: LabelledValues
    lines: list[SheetTable]
    follows: SheetTable
    opinion: str
    signatures: list[list[str]]
    note: str
    no_bank: str


def render_sheet(sheet: DecisionSheet) -> bytes:
    """Raises PrintingError where the template fails or no font for Chinese is there."""
    named = bank.load_name(sheet.lang)
    return printing.render_pdf(
        TEMPLATE, asdict(sheet) | {"bank": named or sheet.no_bank, "bank_set": named is not None}
    )
