"""The check from the page: judges a snapshot by the policy in force, without disturbing readers of the book."""

from datetime import date

import streamlit as st

from data.storage import book
from pages.ui.app import background_jobs, queries, snapshot_view
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import t
from policy.checks import recording
from policy.model.records import Policy
from policy.runs.snapshot_check import CheckResult
from policy.violations import results

JOB_KEY = "check_job"


def draw_check(as_of: date) -> None:
    """Whether the snapshot was checked, by which policy, and the button that checks it."""
    st.subheader(t("import.check"))
    policy = queries.current_policy()
    st.caption(_format_check_state(as_of, policy))
    job: background_jobs.Job | None = st.session_state.get(JOB_KEY)
    running = job is not None and not job.done.is_set()
    if st.button(t("import.check_now", day=numbers.format_day(as_of)), key="check_now", disabled=running):
        job = st.session_state[JOB_KEY] = background_jobs.start_job(lambda _on_step: run_check(as_of, policy))
    if job is not None:
        _draw_outcome(job)


def _format_check_state(as_of: date, policy: Policy) -> str:
    run = queries.cached_query(results.find_latest_run, as_of)
    if run is None:
        return t("import.never_checked")
    run_of_policy = {"version": run.policy_version[:12], "at": numbers.format_timestamp(run.judged_at)}
    if run.policy_version == policy.version:
        return t("import.checked_by", **run_of_policy)
    return t("import.checked_by_older", **run_of_policy)


def run_check(as_of: date, policy: Policy) -> CheckResult:
    with book.open_for_writing(book.default_path()) as con:
        return recording.check_and_record(con, policy, as_of)


def _draw_outcome(job: background_jobs.Job) -> None:
    """Waits for the check, which runs on if the page is left; then what it found and where to see it."""
    if not job.done.is_set():
        with st.spinner(t("import.checking"), show_time=True):
            job.done.wait()
        st.rerun()
    if job.error is not None:
        error_message.show_error(t("import.check_failed"), job.error)
        return
    counts = [rule.counts for rule in job.result.rules]
    violations, unknown = (sum(each[verdict] for each in counts) for verdict in ("violation", "not_assessable"))
    st.success(
        t(
            "import.checked",
            day=numbers.format_day(job.result.as_of),
            violations=numbers.format_count(violations),
            unknown=numbers.format_count(unknown),
        )
    )
    snapshot_view.draw_page_link("violations", as_of=job.result.as_of.isoformat())
