"""The first steps of the import page: files, mapping, dry run, and the start of the import."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from data.errors import LoanlightError
from data.history import supersession
from data.ingest import pipeline, snapshot_series
from data.ingest.profiles import profiles
from data.ingest.proposals import profile_writing, suggestions
from data.ingest.proposals.suggestions import MappingProposal
from data.ingest.questions.open_questions import UnansweredError
from data.ingest.report import ImportReport
from data.ingest.snapshot_series import SeriesReport
from data.storage import book, private_files
from pages.ui.app import background_jobs, uploads
from pages.ui.app.uploads import Upload
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.imports import import_report, mapping_editor, outcome, questions
from pages.ui.widgets import tables

PROPOSED = "proposed"
QUARANTINED = {"file": "text", "row_number": "count", "kept_field": "text", "value": "text", "kept_reason": "text"}


@dataclass(frozen=True)
class ImportOptions:
    """How the files are to be read: the profile's name or path (None: by the dictionary alone), their day and scope.

    `has_many_days`: the profile finds many snapshots in a file; without a day all of them are loaded.
    """

    profile: str | None
    as_of: date | None
    scope: str | None
    has_many_days: bool = False


def draw_upload() -> Upload | None:
    """Step 1: the files; None while there are none."""
    st.subheader(t("import.files"))
    found = st.file_uploader(t("import.upload"), accept_multiple_files=True, key="import_files")
    if not found:
        st.caption(t("import.upload_note"))
        return None
    return uploads.store_files(found)


def draw_mapping(upload: Upload) -> ImportOptions | None:
    """Step 2: how the columns are read; None while something is missing or wrong, which is shown."""
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
        has_many_days = snapshot_series.holds_many_days(profile)
        as_of = _draw_day(middle, upload, None if has_many_days else day or _day_of_last_import(), has_many_days)
    except LoanlightError as error:
        error_message.show_error(t("import.not_importable"), error)
        return None
    if as_of is None and not has_many_days:
        st.info(t("import.needs_day"))
        return None
    return ImportOptions(profile, as_of, scope, has_many_days)


def _draw_day(place: DeltaGenerator, upload: Upload, day: date | None, has_many_days: bool) -> date | None:
    """The day of the files; where they hold many, one of them or none for all."""
    label = t("import.one_of_many_days") if has_many_days else t("import.as_of")
    chosen = place.date_input(label, value=day, key=f"import_day:{upload.digest}:{has_many_days}")
    return chosen if isinstance(chosen, date) else None


def _day_of_last_import() -> date | None:
    """The day of the last import of this session: a corrected quarantine file has the same."""
    job = outcome.current_import_job()
    return job.result.merge().as_of if job is not None and job.result is not None else None


def _list_mapping_sources(upload: Upload) -> list[str]:
    own = [str(path) for path in upload.files if path.suffix.lower() == uploads.MAPPING_SUFFIX]
    shipped = sorted(path.stem for path in profiles.FOLDER.glob("*.toml"))
    return [*own, PROPOSED, *shipped]


def _label_mapping_source(way: str) -> str:
    if way == PROPOSED:
        return t("import.way_proposed")
    return t("import.way_profile", name=way.replace("\\", "/").rsplit("/", maxsplit=1)[-1])


def list_data_files(upload: Upload) -> list[Path]:
    return [path for path in upload.files if path.suffix.lower() != uploads.MAPPING_SUFFIX]


@st.cache_data(max_entries=20, show_spinner=False)
def _suggest_mappings(mark: str, tables: dict[str, str], _upload: Upload) -> list[MappingProposal]:  # noqa: ARG001  # the mark is the key
    return [suggestions.propose_mapping(path, tables) for path in list_data_files(_upload)]


def _draw_suggested_mapping(upload: Upload) -> tuple[str | None, date | None]:
    """The suggestion, to be corrected; the path of its mapping (None: the dictionary alone suffices) and the day."""
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
    private_files.write_output(path, text.encode())
    return str(path), day


@st.cache_data(max_entries=5, show_spinner=False)
def _cached_dry_run(
    mark: str,  # noqa: ARG001
    mapping: str | None,  # noqa: ARG001
    reading: ImportOptions,
    answers: dict[str, str],
    _upload: Upload,
) -> tuple[ImportReport, pl.DataFrame]:
    files = list_data_files(_upload)
    if reading.has_many_days:
        series, kept_back = snapshot_series.simulate_series(files, reading.profile or "", reading.as_of, answers)
        return series.merge(), kept_back
    return pipeline.simulate_import(files, reading.as_of or date.max, reading.profile, answers)


def _import(
    files: list[Path], options: ImportOptions, answers: dict[str, str], on_step: Callable[[str], None]
) -> SeriesReport:
    """Import the files; one snapshot is a series of one."""
    path = book.default_path()
    if options.has_many_days:
        return snapshot_series.import_series(
            files, path, options.profile or "", options.as_of, options.scope, on_step, answers
        )
    day = options.as_of or date.max
    return SeriesReport([pipeline.import_files(files, day, path, options.profile, options.scope, on_step, answers)])


def draw_dry_run(upload: Upload, options: ImportOptions) -> None:
    """Step 3: what would load and what would be quarantined; then the button that loads it."""
    st.subheader(t("import.preview"))
    text = None
    answers = questions.draw_questions(upload.digest)
    try:
        if options.profile:
            text = profiles.load(options.profile).text
        with st.spinner(t("import.reading")):
            report, kept_back = _cached_dry_run(upload.digest, text, options, answers, upload)
    except UnansweredError as error:
        questions.ask(upload.digest, error.questions)
        return
    except LoanlightError as error:
        error_message.show_error(t("import.not_importable"), error)
        return
    import_report.draw_report(report)
    if kept_back.height:
        st.markdown(t("import.to_quarantine", n=numbers.format_count(kept_back.height)))
        tables.draw_table(_label_reasons(kept_back), QUARANTINED, height=tables.SHORT_HEIGHT)
    running = (job := outcome.current_import_job()) is not None and not job.done.is_set()
    label = t("import.load", n=numbers.format_count(report.loaded))
    if st.button(label, key="import_load", type="primary", disabled=running or not report.loaded):
        files = list_data_files(upload)
        st.session_state[outcome.JOB_KEY] = background_jobs.start_job(
            lambda on_step: _import(files, options, answers, on_step)
        )


def _label_reasons(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        pl.col(by_language("reason_zh", "reason")).alias("kept_reason"), pl.col("field").alias("kept_field")
    )
