"""What an import did with the rows: counts by table, what was assumed, and the findings of the data-quality checks."""

import polars as pl
import streamlit as st

from data.ingest.report import ImportReport
from data.messages.catalogue import Note
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables

COUNTS = {
    "table": "text",
    "rows_in": "count",
    "loaded": "count",
    "quarantined": "count",
    "ignored": "count",
    "balance_in": "amount",
    "balance_loaded": "amount",
}
FINDINGS = {"severity": "text", "finding": "text", "rows": "count", "amount": "amount", "foreign": "text"}


def draw_report(report: ImportReport) -> None:
    """Rows in = loaded + quarantined + ignored, a row for each table, and what was assumed."""
    if report.first_notes:
        st.code("\n".join(map(_format_note, report.first_notes)), language=None, wrap_lines=True)
    counted = [{"table": language.table_label(name)} | counts for name, counts in report.sum_by_table().items()]
    tables.draw_table(pl.DataFrame(counted, infer_schema_length=None), COUNTS, height="content")
    notes = [_format_note(note) for note in report.totals + report.other_notes]
    if notes:
        with st.expander(t("import.notes", n=numbers.format_count(len(notes))), expanded=False):
            st.code("\n".join(notes), language=None, wrap_lines=True)


def _format_note(note: Note) -> str:
    return f"{note.get('file', '')} {by_language(note['zh'], note['en'])}".strip()


def draw_findings(report: ImportReport) -> None:
    """The findings of the data-quality checks, as a table."""
    rows = [
        {
            "severity": t(f"quality.{entry['severity']}"),
            "finding": by_language(entry["zh"], entry["en"]),
            "rows": entry["rows"],
            "amount": entry["amount"],
            "foreign": entry.get("foreign"),
        }
        for entry in report.findings
    ]
    tables.draw_table(pl.DataFrame(rows, infer_schema_length=None), FINDINGS, height="content")
