"""Faults of the data themselves, apart from the policy: of one snapshot, with the rows behind each."""

from contextvars import copy_context
from datetime import date
from functools import partial

import polars as pl
import streamlit as st

from data.quality import checks
from pages.ui.app import queries
from pages.ui.i18n import numbers
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import excel_export, tables

FINDINGS = {
    "severity": "text",
    "finding": "text",
    "rows": "count",
    "checked": "count",
    "amount": "amount",
    "foreign": "text",
    "remedy": "text",
}
ROWS = {
    "row_id": "text",
    "loan_id": "text",
    "borrower_id": "text",
    "branch_id": "text",
    "amount": "amount",
    "detail": "text",
    "source_file": "text",
    "source_row": "count",
}
SHOWN = 500  # rows behind a finding on screen; the workbook has all


def section(as_of: date) -> None:
    """The findings of a snapshot; a finding picked shows its rows."""
    st.subheader(say("quality.title"))
    with st.spinner(say("quality.looking")):
        found = queries.ask(checks.findings, as_of)
    hits = worded(found.filter(pl.col("rows") > 0))
    st.caption(say("quality.of_checks", found=numbers.count(hits.height), checks=numbers.count(found.height)))
    if hits.is_empty():
        st.success(say("quality.none"))
        return
    row = tables.show(hits, FINDINGS, key=f"quality:{as_of}", pick=True, height="content")
    if row is None:
        st.caption(say("quality.pick"))
        return
    _rows(as_of, hits["check_id"][row], hits["finding"][row])


def worded(found: pl.DataFrame) -> pl.DataFrame:
    words = {level: say(f"quality.{level}") for level in checks.SEVERITIES}
    return found.with_columns(
        severity=pl.col("severity").replace(words),
        finding=pl.col(pick("title_zh", "title_en")),
        remedy=pl.col(pick("remedy_zh", "remedy_en")),
    )


def _rows(as_of: date, check_id: str, title: str) -> None:
    rows = queries.ask(checks.rows, as_of, check_id)
    st.text(title)
    if rows.height > SHOWN:
        st.caption(say("quality.first_rows", shown=numbers.count(SHOWN), n=numbers.count(rows.height)))
    shown = rows.head(SHOWN)
    tables.show(shown, tables.filled(shown, ROWS), key=f"quality_rows:{as_of}:{check_id}", height=tables.LOW)
    st.download_button(
        say("quality.download"),
        partial(copy_context().run, _workbook, as_of, title, rows),
        f"quality-{check_id}-{as_of}.xlsx",
        excel_export.MIME,
        on_click="ignore",
    )


def _workbook(as_of: date, title: str, rows: pl.DataFrame) -> bytes:
    cover = {say("frame.as_of"): numbers.day(as_of), say("workbook.rows"): numbers.count(rows.height)}
    return excel_export.make(title, cover, rows.select(list(ROWS)))
