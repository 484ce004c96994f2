"""The board's report on violations, as a PDF: all its texts and numbers come written already, in its language."""

from dataclasses import dataclass, field
from datetime import date

from pages.documents import bank, printing

TEMPLATE = "board_report.typ"


@dataclass(frozen=True)
class Listing:
    """A table of the report; `right` names the columns whose numbers stand at the right, `note` stands under it."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]
    right: tuple[int, ...]
    widths: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True)
class Bars:
    """A bar a snapshot, of parts in the order of `names`; heights are parts of the highest bar."""

    title: str
    names: tuple[str, ...]
    bars: list[tuple[str, str, tuple[float, ...]]]  # day, its sum as written, the parts
    note: str = ""


@dataclass(frozen=True)
class Report:
    lang: str
    title: str
    as_of: date
    subtitle: str
    foot: str
    summary: list[str]
    figures: list[tuple[str, str]]
    bars: Bars | None
    listings: list[Listing]
    notes: list[str] = field(default_factory=list)


def make(report: Report) -> bytes:
    """Raises PrintingError."""
    content: dict[str, object] = {
        "lang": report.lang,
        "title": report.title,
        "subtitle": report.subtitle,
        "bank": bank.name(report.lang),
        "foot": report.foot,
        "summary": report.summary,
        "figures": report.figures,
        "bars": vars(report.bars) if report.bars else None,
        "listings": [vars(each) for each in report.listings],
        "notes": report.notes,
    }
    return printing.pdf(TEMPLATE, content)
