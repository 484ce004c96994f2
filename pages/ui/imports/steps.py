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
from data.ingest.mapping.suggestions import Proposal
from data.ingest.report import Report
from data.queries import snapshots as book_snapshots
from data.storage import book
from pages.ui.app import background_jobs, queries, uploads, url_state
from pages.ui.app.uploads import Upload
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import inert, pick, say
from pages.ui.imports import mapping_editor
from pages.ui.widgets import excel_export, tables

PROPOSED = "proposed"
POLL_SECONDS = 0.5
KEPT_BACK = {"file": "text", "row_number": "count", "kept_field": "text", "value": "text", "kept_reason": "text"}
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
class Reading:
    """How the files are to be read: the profile's name or path (None: by the dictionary alone), their day and scope."""

    profile: str | None
    as_of: date
    scope: str | None


def upload() -> Upload | None:
    """Step 1: the files; None while there are none."""
    st.subheader(say("import.files"))
    found = st.file_uploader(say("import.upload"), accept_multiple_files=True, key="import_files")
    if not found:
        st.caption(say("import.upload_note"))
        return None
    return uploads.keep(found)


def mapping(upload: Upload) -> Reading | None:
    """Step 2: how the columns are read; None while something stands in the way, which is said."""
    st.subheader(say("import.mapping"))
    left, middle, right = st.columns(3)
    ways = {way: _way_label(way) for way in _ways(upload)}
    scopes = {
        scope: say(f"import.scope_{scope or 'branches'}") for scope in (None, supersession.PARTIAL, supersession.WHOLE)
    }
    way = left.selectbox(say("import.way"), list(ways), format_func=ways.__getitem__, key="import_way")
    scope = right.selectbox(say("import.scope"), list(scopes), format_func=scopes.__getitem__)
    try:
        profile, day = _proposed(upload) if way == PROPOSED else (way, None)
        as_of = middle.date_input(say("import.as_of"), value=day or _day_before(), key=f"import_day:{upload.mark}")
    except LoanlightError as error:
        error_message.show(say("import.refused"), error)
        return None
    if as_of is None:
        st.info(say("import.needs_day"))
        return None
    return Reading(profile, as_of, scope)


def _day_before() -> date | None:
    """The day of the import made just now: a mended quarantine is of the same."""
    job = _job()
    return job.result.as_of if job is not None and job.result is not None else None


def _ways(upload: Upload) -> list[str]:
    own = [str(path) for path in upload.files if path.suffix.lower() == uploads.MAPPING]
    shipped = sorted(path.stem for path in profiles.FOLDER.glob("*.toml"))
    return [*own, PROPOSED, *shipped]


def _way_label(way: str) -> str:
    if way == PROPOSED:
        return say("import.way_proposed")
    return say("import.way_profile", name=way.replace("\\", "/").rsplit("/", maxsplit=1)[-1])


def data_files(upload: Upload) -> list:
    return [path for path in upload.files if path.suffix.lower() != uploads.MAPPING]


@st.cache_data(max_entries=20, show_spinner=False)
def _propose(mark: str, tables: dict[str, str], _upload: Upload) -> list[Proposal]:  # noqa: ARG001  # the mark is the key
    return [suggestions.propose(path, tables) for path in data_files(_upload)]


def _proposed(upload: Upload) -> tuple[str | None, date | None]:
    """The proposal, to be corrected; the path of the mapping it gives, None where the dictionary alone reads it all."""
    with st.spinner(say("import.reading")):
        found = deepcopy(_propose(upload.mark, mapping_editor.chosen_tables(upload.mark), upload))
    sheets = [sheet for proposal in found for sheet in proposal.sheets]
    corrected = [mapping_editor.draw(sheet, upload.mark, number) for number, sheet in enumerate(sheets)]
    day = next((sheet.as_of for sheet in sheets if sheet.as_of), None)
    together = Proposal(", ".join(proposal.file for proposal in found), sheets)
    text = profile_writing.text(together)
    st.download_button(say("import.save_mapping"), text.encode(), "mapping.toml", "application/toml", on_click="ignore")
    if not any(corrected) and all(column.how != suggestions.GUESS for column in together.columns):
        return None, day
    path = upload.folder / "proposed.toml"
    path.write_text(text, encoding="utf-8")
    return str(path), day


@st.cache_data(max_entries=5, show_spinner=False)
def _rehearse(mark: str, mapping: str | None, reading: Reading, _upload: Upload) -> tuple[Report, pl.DataFrame]:  # noqa: ARG001
    return pipeline.rehearse(data_files(_upload), reading.as_of, reading.profile)


def rehearsal(upload: Upload, reading: Reading) -> None:
    """Step 3: what would load and what would be kept back; then the button that loads it."""
    st.subheader(say("import.rehearsal"))
    text = None
    try:
        if reading.profile:
            text = profiles.load(reading.profile).text
        with st.spinner(say("import.reading")):
            report, kept_back = _rehearse(upload.mark, text, reading, upload)
    except LoanlightError as error:
        error_message.show(say("import.refused"), error)
        return
    _report(report)
    if kept_back.height:
        st.markdown(say("import.kept_back", n=numbers.count(kept_back.height)))
        tables.show(_reasons(kept_back), KEPT_BACK, height=tables.LOW)
    running = (job := _job()) is not None and not job.done.is_set()
    label = say("import.load", n=numbers.count(report.loaded))
    if st.button(label, key="import_load", type="primary", disabled=running or not report.loaded):
        path = book.default_path()
        st.session_state["import_job"] = background_jobs.start(
            lambda on_step: pipeline.import_files(
                data_files(upload), reading.as_of, path, reading.profile, reading.scope, on_step
            )
        )


def _reasons(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        pl.col(pick("reason_zh", "reason")).alias("kept_reason"), pl.col("field").alias("kept_field")
    )


def _job() -> background_jobs.Job | None:
    return st.session_state.get("import_job")


def outcome() -> None:
    """Step 4: how far the import is, then what it did; the quarantine to take away, mend and load again."""
    job = _job()
    if job is None:
        return
    st.subheader(say("import.outcome"))
    _watch(job)
    report = getattr(job.error, "report", job.result)
    if job.error is not None:
        error_message.show(say("import.refused"), job.error)
    if report is None:
        return
    if job.error is None:
        st.success(say("import.already" if report.already_loaded else "import.done", batch=inert(report.batch)))
    _report(report)
    if report.findings:
        st.markdown(say("import.findings"))
        _findings(report)
    if report.quarantined:
        st.markdown(say("import.quarantined", n=numbers.count(report.quarantined)))
        st.download_button(
            say("import.quarantine_download"),
            lambda: _quarantine(report.batch),
            f"quarantine-{report.batch}.xlsx",
            excel_export.MIME,
            on_click="ignore",
        )
    st.caption(say("import.check_next"))


def _watch(job: background_jobs.Job) -> None:
    """The steps as they are begun; the import itself runs on, whoever leaves the page."""
    if job.done.is_set():
        return
    with st.status(say("import.running"), expanded=True) as status:
        shown = 0
        while not job.done.wait(POLL_SECONDS) or shown < len(job.steps):
            for step in job.steps[shown:]:
                st.write(say(f"import.step_{step}"))
            shown = len(job.steps)
        status.update(label=say("import.ran"), state="error" if job.error else "complete", expanded=False)


def _report(report: Report) -> None:
    """Rows in = loaded + quarantined + ignored, a line a table, and what was assumed."""
    counted = [{"table": mapping_editor.table_label(name)} | counts for name, counts in report.tables().items()]
    tables.show(pl.DataFrame(counted, infer_schema_length=None), COUNTS, height="content")
    said = [
        f"{note.get('file', '')} {pick(note['zh'], note['en'])}".strip() for note in report.totals + report.assumptions
    ]
    if said:
        with st.expander(say("import.assumed", n=numbers.count(len(said))), expanded=False):
            st.code("\n".join(said), language=None, wrap_lines=True)


def _findings(report: Report) -> None:
    rows = [
        {
            "severity": say(f"quality.{entry['severity']}"),
            "finding": pick(entry["zh"], entry["en"]),
            "rows": entry["rows"],
            "amount": entry["amount"],
            "foreign": entry.get("foreign"),
        }
        for entry in report.findings
    ]
    tables.show(pl.DataFrame(rows, infer_schema_length=None), FINDINGS, height="content")


def _quarantine(batch: str) -> bytes:
    return quarantine_workbook.make([row for row in quarantine.rows(book.default_path()) if row["batch"] == batch])


def snapshots() -> date | None:
    """What the book holds: each snapshot with the batches that made and corrected it; the one chosen."""
    if book.generation(book.default_path()) is None:
        return None
    listed = queries.ask(book_snapshots.listed)
    if not listed:
        return None
    st.subheader(say("import.snapshots"))
    rows = [
        {
            "as_of": entry["as_of"],
            "loans": entry["loans"],
            "balance": entry["balance"],
            "loaded_at": numbers.moment(batch["loaded_at"]),
            "files": ", ".join(batch["files"] or []),
            "state": say("import.corrected") if batch["corrected"] else say("import.standing"),
        }
        for entry in reversed(listed)
        for batch in entry["batches"]
    ]
    tables.show(pl.DataFrame(rows, infer_schema_length=None), SNAPSHOTS, height=tables.LOW)
    days = queries.ask(derivation.built_dates)[::-1]
    if not days:
        return None
    with st.columns([1, 3])[0]:
        chosen = url_state.kept("as_of", say("frame.as_of"), {day.isoformat(): numbers.day(day) for day in days})
    return date.fromisoformat(chosen)
