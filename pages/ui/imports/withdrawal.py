"""A batch withdrawn from the import page: chosen, withdrawn by a button, and what came of it."""

from typing import Any

import streamlit as st

from data.ingest import withdrawal
from data.storage import book
from pages.ui.app import background_jobs
from pages.ui.i18n import error_message, numbers
from pages.ui.i18n.language import escape_markdown, t

JOB_KEY = "withdrawal_job"


def draw_withdrawal(listed: list[dict[str, Any]]) -> None:
    """The batches that stand, the newest first, and the button that withdraws the one chosen."""
    standing = [b for entry in reversed(listed) for b in reversed(entry["batches"]) if b["withdrawn_at"] is None]
    job: background_jobs.Job | None = st.session_state.get(JOB_KEY)
    with st.expander(t("import.withdraw"), expanded=job is not None):
        st.markdown(t("import.withdraw_note"))
        names = {b["batch"]: f"{b['batch']} · {', '.join(b['files'] or [])}" for b in standing}
        chosen = st.selectbox(
            t("import.withdraw_batch"), list(names), index=None, format_func=names.__getitem__, key="withdraw_batch"
        )
        running = job is not None and not job.done.is_set()
        if chosen and st.button(
            t("import.withdraw_now", batch=escape_markdown(chosen)), key="withdraw_now", disabled=running
        ):
            path = book.default_path()
            job = background_jobs.start_job(lambda _on_step: withdrawal.withdraw_batch(path, chosen))
            st.session_state[JOB_KEY] = job
        if job is not None:
            _draw_outcome(job)


def _draw_outcome(job: background_jobs.Job) -> None:
    if not job.done.is_set():
        with st.spinner(t("import.withdrawing"), show_time=True):
            job.done.wait()
        st.rerun()
    if job.error is not None:
        error_message.show_error(t("import.withdraw_failed"), job.error)
        return
    found: withdrawal.Withdrawal = job.result
    rows, day = numbers.format_count(found.rows), numbers.format_day(found.as_of)
    st.success(t("import.withdraw_done", batch=escape_markdown(found.batch), n=rows, day=day))
