"""Faults of the data themselves, apart from the policy: of one snapshot, with the rows behind each."""

from contextvars import copy_context
from datetime import date
from functools import partial

import polars as pl
import streamlit as st

from data.quality import checks
from pages.ui.app import queries
from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import excel_export, tables

FINDING_COLUMNS = {
    "severity": "text",
    "finding": "text",
    "rows": "count",
    "checked": "count",
    "amount": "amount",
    "foreign": "text",
    "remedy": "text",
}
ROW_COLUMNS = {
    "row_id": "text",
    "loan_id": "text",
    "borrower_id": "text",
    "branch_id": "text",
    "amount": "amount",
    "detail": "text",
    "source_file": "text",
    "source_row": "count",
}
MAX_ROWS_SHOWN = 500  # rows behind a finding on screen; the workbook has all


def draw_findings(as_of: date) -> None:
    """The findings of a snapshot; a finding picked shows its rows."""
    st.subheader(t("quality.title"))
    with st.spinner(t("quality.looking")):
        found = queries.cached_query(checks.list_findings, as_of)
    hits = localize_findings(found.filter(pl.col("rows") > 0))
    st.caption(
        t("quality.of_checks", found=numbers.format_count(hits.height), checks=numbers.format_count(found.height))
    )
    if hits.is_empty():
        st.success(t("quality.none"))
        return
    row = tables.draw_table(hits, FINDING_COLUMNS, key=f"quality:{as_of}", selectable=True, height="content")
    if row is None:
        st.caption(t("quality.pick"))
        return
    _draw_rows(as_of, hits["check_id"][row], hits["finding"][row])


def localize_findings(findings: pl.DataFrame) -> pl.DataFrame:
    words = {level: t(f"quality.{level}") for level in checks.SEVERITIES}
    return findings.with_columns(
        severity=pl.col("severity").replace(words),
        finding=pl.col(by_language("title_zh", "title_en")),
        remedy=pl.col(by_language("remedy_zh", "remedy_en")),
    )


def _draw_rows(as_of: date, check_id: str, title: str) -> None:
    rows = queries.cached_query(checks.list_rows_of_finding, as_of, check_id)
    st.text(title)
    if rows.height > MAX_ROWS_SHOWN:
        st.caption(
            t("quality.first_rows", shown=numbers.format_count(MAX_ROWS_SHOWN), n=numbers.format_count(rows.height))
        )
    shown = rows.head(MAX_ROWS_SHOWN)
    tables.draw_table(
        shown,
        tables.find_non_empty_columns(shown, ROW_COLUMNS),
        key=f"quality_rows:{as_of}:{check_id}",
        height=tables.SHORT_HEIGHT,
    )
    st.download_button(
        t("quality.download"),
        partial(copy_context().run, _write_workbook, as_of, title, rows),
        f"quality-{check_id}-{as_of}.xlsx",
        excel_export.MIME,
        on_click="ignore",
    )


def _write_workbook(as_of: date, title: str, rows: pl.DataFrame) -> bytes:
    cover = {t("frame.as_of"): numbers.format_day(as_of), t("workbook.rows"): numbers.format_count(rows.height)}
    return excel_export.write_table(title, cover, rows.select(list(ROW_COLUMNS)))
