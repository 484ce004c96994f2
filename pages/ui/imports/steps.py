"""The steps of the import page: files, mapping, rehearsal, import, outcome, and what the book holds."""

from copy import deepcopy
from dataclasses import dataclass
from datetime import date

import polars as pl
import streamlit as st

from data.errors import LoanlightError
from data.facts import derivation
from data.history import supersession
from data.ingest import pipeline, quarantine, quarantine_workbook
from data.ingest.mapping import profile_writing, profiles, suggestions
from data.ingest.mapping.suggestions import MappingProposal
from data.ingest.report import ImportReport
from data.queries import snapshots as book_snapshots
from data.storage import book
from pages.ui.app import background_jobs, queries, uploads, url_state
from pages.ui.app.uploads import Upload
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import by_language, escape_markdown, t
from pages.ui.imports import mapping_editor
from pages.ui.widgets import excel_export, tables

PROPOSED = "proposed"
POLL_SECONDS = 0.5
QUARANTINED = {"file": "text", "row_number": "count", "kept_field": "text", "value": "text", "kept_reason": "text"}
COUNTS = {
    "table": "text",
    "rows_in": "count",
    "loaded": "count",
    "quarantined": "count",
    "ignored": "count",
    "balance_in": "amount",
    "balance_loaded": "amount",
}
SNAPSHOTS = {
    "as_of": "date",
    "loans": "count",
    "balance": "amount",
    "loaded_at": "text",
    "files": "text",
    "state": "text",
}
FINDINGS = {"severity": "text", "finding": "text", "rows": "count", "amount": "amount", "foreign": "text"}


@dataclass(frozen=True)
class ImportOptions:
    """How the files are to be read: the profile's name or path (None: by the dictionary alone), their day and scope."""

    profile: str | None
    as_of: date
    scope: str | None


def draw_upload() -> Upload | None:
    """Step 1: the files; None while there are none."""
    st.subheader(t("import.files"))
    found = st.file_uploader(t("import.upload"), accept_multiple_files=True, key="import_files")
    if not found:
        st.caption(t("import.upload_note"))
        return None
    return uploads.store_files(found)


def draw_mapping(upload: Upload) -> ImportOptions | None:
    """Step 2: how the columns are read; None while something stands in the way, which is said."""
    st.subheader(t("import.mapping"))
    left, middle, right = st.columns(3)
    ways = {way: _label_mapping_source(way) for way in _list_mapping_sources(upload)}
    scopes = {
        scope: t(f"import.scope_{scope or 'branches'}") for scope in (None, supersession.PARTIAL, supersession.WHOLE)
    }
    way = left.selectbox(t("import.way"), list(ways), format_func=ways.__getitem__, key="import_way")
    scope = right.selectbox(t("import.scope"), list(scopes), format_func=scopes.__getitem__)
    try:
        profile, day = _draw_suggested_mapping(upload) if way == PROPOSED else (way, None)
        as_of = middle.date_input(
            t("import.as_of"), value=day or _day_of_last_import(), key=f"import_day:{upload.digest}"
        )
    except LoanlightError as error:
        error_message.show_error(t("import.refused"), error)
        return None
    if as_of is None:
        st.info(t("import.needs_day"))
        return None
    return ImportOptions(profile, as_of, scope)


def _day_of_last_import() -> date | None:
    """The day of the import made just now: a mended quarantine is of the same."""
    job = _import_job()
    return job.result.as_of if job is not None and job.result is not None else None


def _list_mapping_sources(upload: Upload) -> list[str]:
    own = [str(path) for path in upload.files if path.suffix.lower() == uploads.MAPPING_SUFFIX]
    shipped = sorted(path.stem for path in profiles.FOLDER.glob("*.toml"))
    return [*own, PROPOSED, *shipped]


def _label_mapping_source(way: str) -> str:
    if way == PROPOSED:
        return t("import.way_proposed")
    return t("import.way_profile", name=way.replace("\\", "/").rsplit("/", maxsplit=1)[-1])


def list_data_files(upload: Upload) -> list:
    return [path for path in upload.files if path.suffix.lower() != uploads.MAPPING_SUFFIX]


@st.cache_data(max_entries=20, show_spinner=False)
def _suggest_mappings(mark: str, tables: dict[str, str], _upload: Upload) -> list[MappingProposal]:  # noqa: ARG001  # the mark is the key
    return [suggestions.propose_mapping(path, tables) for path in list_data_files(_upload)]


def _draw_suggested_mapping(upload: Upload) -> tuple[str | None, date | None]:
    """The proposal, to be corrected; the path of the mapping it gives, None where the dictionary alone reads it all."""
    with st.spinner(t("import.reading")):
        found = deepcopy(_suggest_mappings(upload.digest, mapping_editor.read_chosen_tables(upload.digest), upload))
    sheets = [sheet for proposal in found for sheet in proposal.sheets]
    corrected = [mapping_editor.draw_sheet(sheet, upload.digest, number) for number, sheet in enumerate(sheets)]
    day = next((sheet.title_date for sheet in sheets if sheet.title_date), None)
    together = MappingProposal(", ".join(proposal.file for proposal in found), sheets)
    text = profile_writing.render_toml(together)
    st.download_button(t("import.save_mapping"), text.encode(), "mapping.toml", "application/toml", on_click="ignore")
    if not any(corrected) and all(column.how != suggestions.GUESS for column in together.columns):
        return None, day
    path = upload.folder / "proposed.toml"
    path.write_text(text, encoding="utf-8")
    return str(path), day


@st.cache_data(max_entries=5, show_spinner=False)
def _cached_dry_run(
    mark: str,  # noqa: ARG001
    mapping: str | None,  # noqa: ARG001
    reading: ImportOptions,
    _upload: Upload,
) -> tuple[ImportReport, pl.DataFrame]:
    return pipeline.simulate_import(list_data_files(_upload), reading.as_of, reading.profile)


def draw_dry_run(upload: Upload, options: ImportOptions) -> None:
    """Step 3: what would load and what would be kept back; then the button that loads it."""
    st.subheader(t("import.rehearsal"))
    text = None
    try:
        if options.profile:
            text = profiles.load(options.profile).text
        with st.spinner(t("import.reading")):
            report, kept_back = _cached_dry_run(upload.digest, text, options, upload)
    except LoanlightError as error:
        error_message.show_error(t("import.refused"), error)
        return
    _draw_report(report)
    if kept_back.height:
        st.markdown(t("import.kept_back", n=numbers.format_count(kept_back.height)))
        tables.draw_table(_label_reasons(kept_back), QUARANTINED, height=tables.SHORT_HEIGHT)
    running = (job := _import_job()) is not None and not job.done.is_set()
    label = t("import.load", n=numbers.format_count(report.loaded))
    if st.button(label, key="import_load", type="primary", disabled=running or not report.loaded):
        path = book.default_path()
        st.session_state["import_job"] = background_jobs.start_job(
            lambda on_step: pipeline.import_files(
                list_data_files(upload), options.as_of, path, options.profile, options.scope, on_step
            )
        )


def _label_reasons(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        pl.col(by_language("reason_zh", "reason")).alias("kept_reason"), pl.col("field").alias("kept_field")
    )


def _import_job() -> background_jobs.Job | None:
    return st.session_state.get("import_job")


def draw_outcome() -> None:
    """Step 4: how far the import is, then what it did; the quarantine to take away, mend and load again."""
    job = _import_job()
    if job is None:
        return
    st.subheader(t("import.outcome"))
    _draw_progress(job)
    report = getattr(job.error, "report", job.result)
    if job.error is not None:
        error_message.show_error(t("import.refused"), job.error)
    if report is None:
        return
    if job.error is None:
        st.success(t("import.already" if report.already_loaded else "import.done", batch=escape_markdown(report.batch)))
    _draw_report(report)
    if report.findings:
        st.markdown(t("import.findings"))
        _draw_findings(report)
    if report.quarantined:
        st.markdown(t("import.quarantined", n=numbers.format_count(report.quarantined)))
        st.download_button(
            t("import.quarantine_download"),
            lambda: _build_quarantine_workbook(report.batch),
            f"quarantine-{report.batch}.xlsx",
            excel_export.MIME,
            on_click="ignore",
        )
    st.caption(t("import.check_next"))


def _draw_progress(job: background_jobs.Job) -> None:
    """The steps as they are begun; the import itself runs on, whoever leaves the page."""
    if job.done.is_set():
        return
    with st.status(t("import.running"), expanded=True) as status:
        shown = 0
        while not job.done.wait(POLL_SECONDS) or shown < len(job.steps):
            for step in job.steps[shown:]:
                st.write(t(f"import.step_{step}"))
            shown = len(job.steps)
        status.update(label=t("import.ran"), state="error" if job.error else "complete", expanded=False)


def _draw_report(report: ImportReport) -> None:
    """Rows in = loaded + quarantined + ignored, a line a table, and what was assumed."""
    counted = [{"table": mapping_editor.table_label(name)} | counts for name, counts in report.sum_by_table().items()]
    tables.draw_table(pl.DataFrame(counted, infer_schema_length=None), COUNTS, height="content")
    said = [
        f"{note.get('file', '')} {by_language(note['zh'], note['en'])}".strip()
        for note in report.totals + report.assumptions
    ]
    if said:
        with st.expander(t("import.assumed", n=numbers.format_count(len(said))), expanded=False):
            st.code("\n".join(said), language=None, wrap_lines=True)


def _draw_findings(report: ImportReport) -> None:
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


def _build_quarantine_workbook(batch: str) -> bytes:
    return quarantine_workbook.render_xlsx(
        [row for row in quarantine.load_rows(book.default_path()) if row["batch"] == batch]
    )


def draw_snapshots() -> date | None:
    """What the book holds: each snapshot with the batches that made and corrected it; the one chosen."""
    if book.read_generation(book.default_path()) is None:
        return None
    listed = queries.cached_query(book_snapshots.list_snapshots)
    if not listed:
        return None
    st.subheader(t("import.snapshots"))
    rows = [
        {
            "as_of": entry["as_of"],
            "loans": entry["loans"],
            "balance": entry["balance"],
            "loaded_at": numbers.format_timestamp(batch["loaded_at"]),
            "files": ", ".join(batch["files"] or []),
            "state": t("import.corrected") if batch["corrected"] else t("import.standing"),
        }
        for entry in reversed(listed)
        for batch in entry["batches"]
    ]
    tables.draw_table(pl.DataFrame(rows, infer_schema_length=None), SNAPSHOTS, height=tables.SHORT_HEIGHT)
    days = queries.cached_query(derivation.list_dates_with_facts)[::-1]
    if not days:
        return None
    with st.columns([1, 3])[0]:
        chosen = url_state.select_persisted(
            "as_of", t("frame.as_of"), {day.isoformat(): numbers.format_day(day) for day in days}
        )
    return date.fromisoformat(chosen)
