"""Many requests by upload of a file: their decisions as a table and a workbook, the bad rows with their reasons."""

import io

import polars as pl
import streamlit as st

from data.errors import LoanlightError
from data.ingest import extension_request_file as uploaded
from data.storage import formula_escaping
from pages.ui.app import queries, uploads, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import excel_export, tables
from policy.extensions import request_files

MODES = ("one", "many")
DECISION_COLUMNS = {
    "row_number": "count",
    "loan_id": "text",
    "application_date": "date",
    "requested_maturity": "date",
    "consent": "text",
    "verdict": "text",
    "term_class": "text",
    "latest_permitted": "date",
    "apply_by": "date",
    "blocked": "text",
}
BAD_ROW_COLUMNS = {
    "row_number": "count",
    "loan_id": "text",
    "request_column": "text",
    "value": "text",
    "kept_reason": "text",
}


def is_file_mode_selected() -> bool:
    """Whether a file of requests is asked about, and not one loan."""
    labels = {way: t(f"whatif.way_{way}") for way in MODES}
    return url_state.select_segment("way", t("whatif.way"), labels, default=MODES[0]) == "many"


def draw_upload(view: SnapshotView) -> None:
    found = st.file_uploader(t("whatif.upload"), type=["csv", "xlsx", "xls", "txt"], key="request_file")
    st.download_button(
        t("whatif.template"),
        _write_template(),
        "requests.xlsx",
        excel_export.MIME,
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )
    if not found:
        st.caption(t("whatif.upload_note"))
        return
    kept = uploads.store_files([found])
    try:
        with st.spinner(t("whatif.judging")):
            answered, bad = queries.cached_query(
                request_files.decide_uploaded_file, view.policy, view.as_of, kept.files[0]
            )
    except LoanlightError as error:
        error_message.show_error(t("whatif.cannot_read"), error)
        return
    _draw_results(view, answered, bad)


def _write_template() -> bytes:
    """A workbook with the header to fill in under."""
    titles = {column: by_language(row["zh"], row["en"]) for column, row in uploaded.load_columns().items()}
    buffer = io.BytesIO()
    formula_escaping.escape_frame(pl.DataFrame(schema=dict.fromkeys(titles.values(), pl.String))).write_excel(
        buffer, autofit=True
    )
    return buffer.getvalue()


def _draw_results(view: SnapshotView, decisions: pl.DataFrame, bad: pl.DataFrame) -> None:
    words = language.labels_of_kind("decision_short")
    counts = dict(decisions.group_by("verdict").len().iter_rows())
    for column, (code, word) in zip(st.columns(len(words) + 1), [*words.items(), ("bad", "")], strict=True):
        label = word or t("whatif.bad_rows")
        column.metric(label, numbers.format_count(bad.height if code == "bad" else counts.get(code, 0)), border=True)
    rows, kept_back = localize_decisions(view, decisions), _localize_bad_rows(bad)
    st.download_button(
        t("whatif.download_results"),
        lambda: _write_workbook(view, rows, kept_back),
        f"requests-{view.as_of.isoformat()}.xlsx",
        excel_export.MIME,
        on_click="ignore",
        type="primary",
        icon=":material/download:",
    )
    if bad.height:
        st.warning(t("whatif.bad_note", n=numbers.format_count(bad.height)))
        tables.draw_table(kept_back, BAD_ROW_COLUMNS, height=tables.TALL_HEIGHT)
    tables.draw_table(rows, DECISION_COLUMNS, height=tables.TALL_HEIGHT)


def localize_decisions(view: SnapshotView, decisions: pl.DataFrame) -> pl.DataFrame:
    """Verdicts, classes and rules in words."""
    titles = {rule_id: by_language(rule.title_zh, rule.title_en) for rule_id, rule in view.policy.rules.items()}
    return decisions.with_columns(
        pl.col("verdict").replace(language.labels_of_kind("decision_short")),
        pl.col("term_class").replace(language.code_labels("term_class")),
        pl.col("consent").replace(language.labels_of_kind("consent")),
        blocked=pl.col("blocked_by").list.eval(pl.element().replace(titles)).list.join("; "),
    ).select(list(DECISION_COLUMNS))


def _localize_bad_rows(bad: pl.DataFrame) -> pl.DataFrame:
    names = {column: by_language(row["zh"], row["en"]) for column, row in uploaded.load_columns().items()}
    return bad.with_columns(
        request_column=pl.col("column").replace(names),
        kept_reason=pl.col("reason").replace(language.labels_of_kind("request_error")),
    ).select(list(BAD_ROW_COLUMNS))


def _write_workbook(view: SnapshotView, rows: pl.DataFrame, bad: pl.DataFrame) -> bytes:
    cover = {
        t("frame.as_of"): numbers.format_day(view.as_of),
        t("workbook.policy"): view.policy.version,
        t("workbook.rows"): numbers.format_count(rows.height + bad.height),
    }
    sheets = {t("whatif.results"): rows} | ({t("whatif.bad_rows"): bad} if bad.height else {})
    return excel_export.write_tables(t("page.extension_what_if"), cover, sheets)
