"""Many requests by upload of a file: their decisions as a table and a workbook, the bad rows with their reasons."""

import io

import polars as pl
import streamlit as st

from data.errors import LoanlightError
from data.ingest import extension_request_file as uploaded
from data.storage import formula_escaping
from pages.ui.app import queries, uploads, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import excel_export, tables
from policy.extensions import request_files

WAYS = ("one", "many")
ANSWERED = {
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
BAD = {"row_number": "count", "loan_id": "text", "request_column": "text", "value": "text", "kept_reason": "text"}


def wanted() -> bool:
    """Whether a file of requests is asked about, and not one loan."""
    labels = {way: say(f"whatif.way_{way}") for way in WAYS}
    return url_state.switch("way", say("whatif.way"), labels, default=WAYS[0]) == "many"


def draw(view: View) -> None:
    found = st.file_uploader(say("whatif.upload"), type=["csv", "xlsx", "xls", "txt"], key="request_file")
    st.download_button(
        say("whatif.template"),
        _template(),
        "requests.xlsx",
        excel_export.MIME,
        on_click="ignore",
        icon=":material/download:",
        type="tertiary",
    )
    if not found:
        st.caption(say("whatif.upload_note"))
        return
    kept = uploads.keep([found])
    try:
        with st.spinner(say("whatif.judging")):
            answered, bad = queries.ask(request_files.answered, view.policy, view.as_of, kept.files[0])
    except LoanlightError as error:
        error_message.show(say("whatif.cannot_read"), error)
        return
    _result(view, answered, bad)


def _template() -> bytes:
    """A workbook with the header to fill in under."""
    titles = {column: pick(row["zh"], row["en"]) for column, row in uploaded.columns().items()}
    buffer = io.BytesIO()
    formula_escaping.frame(pl.DataFrame(schema=dict.fromkeys(titles.values(), pl.String))).write_excel(
        buffer, autofit=True
    )
    return buffer.getvalue()


def _result(view: View, answered: pl.DataFrame, bad: pl.DataFrame) -> None:
    words = language.terms("decision_short")
    counts = dict(answered.group_by("verdict").len().iter_rows())
    for column, (code, word) in zip(st.columns(len(words) + 1), [*words.items(), ("bad", "")], strict=True):
        label = word or say("whatif.bad_rows")
        column.metric(label, numbers.count(bad.height if code == "bad" else counts.get(code, 0)), border=True)
    rows, kept_back = worded(view, answered), _bad(bad)
    st.download_button(
        say("whatif.take_results"),
        lambda: _as_workbook(view, rows, kept_back),
        f"requests-{view.as_of.isoformat()}.xlsx",
        excel_export.MIME,
        on_click="ignore",
        type="primary",
        icon=":material/download:",
    )
    if bad.height:
        st.warning(say("whatif.bad_note", n=numbers.count(bad.height)))
        tables.show(kept_back, BAD, height=tables.TALL)
    tables.show(rows, ANSWERED, height=tables.TALL)


def worded(view: View, answered: pl.DataFrame) -> pl.DataFrame:
    """Verdicts, classes and rules in words."""
    titles = {rule_id: pick(rule.title_zh, rule.title_en) for rule_id, rule in view.policy.rules.items()}
    return answered.with_columns(
        pl.col("verdict").replace(language.terms("decision_short")),
        pl.col("term_class").replace(language.code_labels("term_class")),
        pl.col("consent").replace(language.terms("consent")),
        blocked=pl.col("blocked_by").list.eval(pl.element().replace(titles)).list.join("; "),
    ).select(list(ANSWERED))


def _bad(bad: pl.DataFrame) -> pl.DataFrame:
    names = {column: pick(row["zh"], row["en"]) for column, row in uploaded.columns().items()}
    return bad.with_columns(
        request_column=pl.col("column").replace(names), kept_reason=pl.col("reason").replace(language.terms("bad"))
    ).select(list(BAD))


def _as_workbook(view: View, rows: pl.DataFrame, bad: pl.DataFrame) -> bytes:
    cover = {
        say("frame.as_of"): numbers.day(view.as_of),
        say("workbook.policy"): view.policy.version,
        say("workbook.rows"): numbers.count(rows.height + bad.height),
    }
    sheets = {say("whatif.results"): rows} | ({say("whatif.bad_rows"): bad} if bad.height else {})
    return excel_export.several(say("page.extension_what_if"), cover, sheets)
