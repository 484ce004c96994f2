"""The check from the page: judge a snapshot by the policy in force, beside whoever reads the book."""

from datetime import date

import streamlit as st

from data.quality import checks
from data.storage import book
from pages.ui.app import background_jobs, page_frame, queries
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import say
from policy.model.records import Policy
from policy.runs import snapshot_check
from policy.violations import lifecycle, results

JOB = "check_job"


def section(as_of: date) -> None:
    """Whether the snapshot was checked, by which policy, and the button that checks it."""
    st.subheader(say("import.check"))
    policy = queries.policy()
    st.caption(_state(as_of, policy))
    job: background_jobs.Job | None = st.session_state.get(JOB)
    running = job is not None and not job.done.is_set()
    if st.button(say("import.check_now", day=numbers.day(as_of)), key="check_now", disabled=running):
        job = st.session_state[JOB] = background_jobs.start(lambda _on_step: _check(as_of, policy))
    if job is not None:
        _outcome(job)


def _state(as_of: date, policy: Policy) -> str:
    run = queries.ask(results.latest_run, as_of)
    if run is None:
        return say("import.never_checked")
    said = {"version": run.policy_version[:12], "at": numbers.moment(run.judged_at)}
    if run.policy_version == policy.version:
        return say("import.checked_by", **said)
    return say("import.checked_by_older", **said)


def _check(as_of: date, policy: Policy) -> snapshot_check.Run:
    with book.writing(book.default_path()) as con:
        found = snapshot_check.check(con, policy, as_of)
        lifecycle.record(con, found.run_id)
        checks.keep(con, as_of)
    return found


def _outcome(job: background_jobs.Job) -> None:
    """Waits for the check, which runs on if the page is left; then what it found and where to see it."""
    if not job.done.is_set():
        with st.spinner(say("import.checking"), show_time=True):
            job.done.wait()
        st.rerun()
    if job.error is not None:
        error_message.show(say("import.check_failed"), job.error)
        return
    counts = [rule.counts for rule in job.result.rules]
    violations, unknown = (sum(each[verdict] for each in counts) for verdict in ("violation", "not_assessable"))
    st.success(
        say(
            "import.checked",
            day=numbers.day(job.result.as_of),
            violations=numbers.count(violations),
            unknown=numbers.count(unknown),
        )
    )
    page_frame.link("violations", as_of=job.result.as_of.isoformat())
