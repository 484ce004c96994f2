"""Printing notices from the maturities page: which kind, in which language, for which loans; progress, and the file."""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass

import streamlit as st

from data.queries import notices as addressed
from pages.documents import bank, notice_texts, notices
from pages.documents.notices import NoticeBatch, PrintedNotices
from pages.ui.app import background_jobs, queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import t
from policy.extensions import deadlines

JOB_KEY = "notice_job"
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class NoticeSelection:
    """What is to be printed: the job is for this and nothing else."""

    kind: str
    lang: str
    loans: tuple[str, ...]


def draw_panel(view: SnapshotView, loans: Callable[[], tuple[str, ...]], picked: tuple[str, ...], total: int) -> None:
    """The loans picked, or all of the list; `loans` fetches all of them when they are wanted."""
    st.subheader(t("maturities.notices"), anchor=False)
    kind, lang = _draw_choices()
    if bank.load_name(lang) is None:
        st.warning(t("maturities.bank_not_set", table=bank.TABLE))
    count = numbers.format_count(len(picked) or total)
    said = t("maturities.for_selected", n=count) if picked else t("maturities.for_all", n=count)
    st.caption(t("maturities.copies"))
    if st.button(f"{t(f'maturities.make_{kind}')} · {said}", type="primary", disabled=not total, key="make_notices"):
        st.session_state[JOB_KEY] = _start_printing(view, NoticeSelection(kind, lang, picked or loans()))
    if JOB_KEY in st.session_state:
        _draw_progress(*st.session_state[JOB_KEY])


def _draw_choices() -> tuple[str, str]:
    kinds = {kind: t(f"maturities.kind_{kind}") for kind in notice_texts.KINDS}
    with st.container(horizontal=True, gap="medium"):
        kind = url_state.select_segment("notice", t("maturities.kind"), kinds, default=notice_texts.KINDS[0])
        lang = url_state.select_segment(
            "notice_lang", t("maturities.notice_language"), language.LANGUAGES, default=language.current_language()
        )
    return kind, lang


def load_batch(view: SnapshotView, selection: NoticeSelection) -> NoticeBatch:
    """The loans of the wish that such a notice is for, with the last day to apply for an extension."""
    rows = queries.cached_query(addressed.list_loans_for_notice, view.as_of, selection.kind, selection.loans)
    due = queries.cached_query(deadlines.compute_deadlines, view.policy, view.as_of, tuple(rows["loan_id"]))
    rows = rows.join(due.select("loan_id", "apply_by"), on="loan_id", how="left", maintain_order="left")
    return NoticeBatch(selection.kind, selection.lang, view.as_of, rows)


def _start_printing(view: SnapshotView, selection: NoticeSelection) -> tuple[NoticeSelection, background_jobs.Job]:
    context = copy_context()

    def work(on_step: Callable[[str], None]) -> PrintedNotices | None:
        wanted = load_batch(view, selection)
        return None if wanted.rows.is_empty() else notices.render_notices(wanted, lambda loans: on_step(str(loans)))

    return selection, background_jobs.start_job(lambda on_step: context.run(work, on_step))


def _draw_progress(selection: NoticeSelection, job: background_jobs.Job) -> None:
    """Progress while it runs, then the file and what was left out of it."""
    if not job.done.is_set():
        bar = st.progress(0.0)
        while not job.done.wait(POLL_SECONDS):
            made = int(job.steps[-1]) if job.steps else 0
            text = t("maturities.printing", n=numbers.format_count(made), m=numbers.format_count(len(selection.loans)))
            bar.progress(min(1.0, made / max(1, len(selection.loans))), text)
        bar.empty()
    if job.error:
        error_message.show_error(t("maturities.not_printed"), job.error)
    else:
        _draw_download(selection, job.result)


def _draw_download(selection: NoticeSelection, printed: PrintedNotices | None) -> None:
    made = printed.loans if printed else 0
    left_out = len(selection.loans) - made
    if left_out:
        st.info(t(f"maturities.left_out_{selection.kind}", n=numbers.format_count(left_out)))
    if printed:
        st.download_button(
            t(
                "maturities.download",
                n=numbers.format_count(made),
                m=numbers.format_count(printed.copies),
                name=printed.name,
            ),
            printed.content,
            printed.name,
            printed.mime,
            icon=":material/print:",
            on_click="ignore",
        )
