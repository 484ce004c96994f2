"""The board's report on violations, as a PDF: all its texts and numbers come written already, in its language."""

from dataclasses import dataclass, field
from datetime import date

from pages.documents import bank, printing

TEMPLATE = "board_report.typ"


@dataclass(frozen=True)
class ReportTable:
    """A table of the report; `right` names the columns whose numbers stand at the right, `note` stands under it."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[str, ...]]
    right: tuple[int, ...]
    widths: tuple[int, ...]
    note: str = ""


@dataclass(frozen=True)
class BarChart:
    """A bar a snapshot, of parts in the order of `names`; heights are parts of the highest bar."""

    title: str
    names: tuple[str, ...]
    bars: list[tuple[str, str, tuple[float, ...]]]  # day, its sum as written, the parts
    note: str = ""


@dataclass(frozen=True)
class BoardReport:
    lang: str
    title: str
    as_of: date
    subtitle: str
    foot: str
    summary: list[str]
    figures: list[tuple[str, str]]
    bars: BarChart | None
    listings: list[ReportTable]
    notes: list[str] = field(default_factory=list)


def render_report(report: BoardReport) -> bytes:
    """Raises PrintingError."""
    content: dict[str, object] = {
        "lang": report.lang,
        "title": report.title,
        "subtitle": report.subtitle,
        "bank": bank.load_name(report.lang),
        "foot": report.foot,
        "summary": report.summary,
        "figures": report.figures,
        "bars": vars(report.bars) if report.bars else None,
        "listings": [vars(each) for each in report.listings],
        "notes": report.notes,
    }
    return printing.render_pdf(TEMPLATE, content)
