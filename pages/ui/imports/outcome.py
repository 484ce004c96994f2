"""Step 4 of the import page: the progress of the import, its report, and the quarantine to download."""

import streamlit as st

from data.ingest import quarantine, quarantine_workbook
from data.ingest.snapshot_series import SeriesReport
from pages.ui.app import background_jobs, queries
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import escape_markdown, t
from pages.ui.imports import import_report
from pages.ui.widgets import excel_export

POLL_SECONDS = 0.5
JOB_KEY = "import_job"


def current_import_job() -> background_jobs.Job | None:
    """The import that was started in this session, if any."""
    job: background_jobs.Job | None = st.session_state.get(JOB_KEY)
    return job


def draw_outcome() -> None:
    """Step 4: how far the import is, then what it did; the quarantine to download, correct and load again."""
    job = current_import_job()
    if job is None:
        return
    st.subheader(t("import.outcome"))
    _draw_progress(job)
    stopped = getattr(job.error, "report", None)
    series: SeriesReport | None = SeriesReport([stopped]) if stopped else job.result
    if job.error is not None:
        error_message.show_error(t("import.not_importable"), job.error)
    if series is None:
        return
    report = series.merge()
    if job.error is None:
        st.success(
            t("import.loaded_before" if report.already_loaded else "import.done", batch=escape_markdown(report.batch))
        )
    if len(series.reports) > 1:
        first, last = (numbers.format_day(each.as_of) for each in (series.reports[0], series.reports[-1]))
        st.markdown(t("import.snapshots_loaded", n=numbers.format_count(len(series.reports)), first=first, last=last))
    import_report.draw_report(report)
    if report.findings:
        st.markdown(t("import.findings"))
        import_report.draw_findings(report)
    if report.quarantined:
        st.markdown(t("import.quarantined", n=numbers.format_count(report.quarantined)))
        st.download_button(
            t("import.quarantine_download"),
            lambda: _build_quarantine_workbook([each.batch for each in series.reports]),
            f"quarantine-{report.batch}.xlsx",
            excel_export.MIME,
            on_click="ignore",
        )
    st.caption(t("import.check_next"))


def _draw_progress(job: background_jobs.Job) -> None:
    """The steps as they begin; the import itself goes on when the page is left."""
    if job.done.is_set():
        return
    with st.status(t("import.running"), expanded=True) as status:
        shown = 0
        while not job.done.wait(POLL_SECONDS) or shown < len(job.steps):
            for step in job.steps[shown:]:
                st.write(t(f"import.step_{step}"))
            shown = len(job.steps)
        status.update(label=t("import.steps"), state="error" if job.error else "complete", expanded=False)


def _build_quarantine_workbook(batches: list[str]) -> bytes:
    return quarantine_workbook.render_xlsx(
        [row for row in quarantine.load_rows(queries.require_reader().cursor()) if row["batch"] in batches]
    )
