"""Printing notices from the maturities page: which kind, in which language, for which loans; progress, and the file."""

from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass

import streamlit as st

from data.queries import notices as addressed
from pages.documents import bank, notice_texts, notices
from pages.documents.notices import Order, Printed
from pages.ui.app import background_jobs, queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import error_message, language, numbers
from pages.ui.i18n.language import say
from policy.extensions import deadlines

KEPT = "notice_job"
POLL_SECONDS = 0.25


@dataclass(frozen=True)
class Wish:
    """What is to be printed: the job is for this and nothing else."""

    kind: str
    lang: str
    loans: tuple[str, ...]


def panel(view: View, loans: Callable[[], tuple[str, ...]], picked: tuple[str, ...], total: int) -> None:
    """The loans picked, or all of the list; `loans` fetches all of them when they are wanted."""
    st.subheader(say("maturing.notices"), anchor=False)
    kind, lang = _choices()
    if bank.name(lang) is None:
        st.warning(say("maturing.bank_not_set", table=bank.TABLE))
    count = numbers.count(len(picked) or total)
    said = say("maturing.for_picked", n=count) if picked else say("maturing.for_all", n=count)
    st.caption(say("maturing.copies"))
    if st.button(f"{say(f'maturing.make_{kind}')} · {said}", type="primary", disabled=not total, key="make_notices"):
        st.session_state[KEPT] = _begin(view, Wish(kind, lang, picked or loans()))
    if KEPT in st.session_state:
        _show(*st.session_state[KEPT])


def _choices() -> tuple[str, str]:
    kinds = {kind: say(f"maturing.kind_{kind}") for kind in notice_texts.KINDS}
    with st.container(horizontal=True, gap="medium"):
        kind = url_state.switch("notice", say("maturing.kind"), kinds, default=notice_texts.KINDS[0])
        lang = url_state.switch(
            "notice_lang", say("maturing.notice_language"), language.LANGUAGES, default=language.on()
        )
    return kind, lang


def order(view: View, wish: Wish) -> Order:
    """The loans of the wish that such a notice is for, with the last day to apply for an extension."""
    rows = queries.ask(addressed.loans, view.as_of, wish.kind, wish.loans)
    due = queries.ask(deadlines.table, view.policy, view.as_of, tuple(rows["loan_id"]))
    rows = rows.join(due.select("loan_id", "apply_by"), on="loan_id", how="left", maintain_order="left")
    return Order(wish.kind, wish.lang, view.as_of, rows)


def _begin(view: View, wish: Wish) -> tuple[Wish, background_jobs.Job]:
    context = copy_context()

    def work(on_step: Callable[[str], None]) -> Printed | None:
        wanted = order(view, wish)
        return None if wanted.rows.is_empty() else notices.make(wanted, lambda loans: on_step(str(loans)))

    return wish, background_jobs.start(lambda on_step: context.run(work, on_step))


def _show(wish: Wish, job: background_jobs.Job) -> None:
    """Progress while it runs, then the file and what was left out of it."""
    if not job.done.is_set():
        bar = st.progress(0.0)
        while not job.done.wait(POLL_SECONDS):
            made = int(job.steps[-1]) if job.steps else 0
            text = say("maturing.printing", n=numbers.count(made), m=numbers.count(len(wish.loans)))
            bar.progress(min(1.0, made / max(1, len(wish.loans))), text)
        bar.empty()
    if job.error:
        error_message.show(say("maturing.not_printed"), job.error)
    else:
        _result(wish, job.result)


def _result(wish: Wish, printed: Printed | None) -> None:
    made = printed.loans if printed else 0
    left_out = len(wish.loans) - made
    if left_out:
        st.info(say(f"maturing.left_out_{wish.kind}", n=numbers.count(left_out)))
    if printed:
        st.download_button(
            say("maturing.take", n=numbers.count(made), m=numbers.count(printed.copies), name=printed.name),
            printed.content,
            printed.name,
            printed.mime,
            icon=":material/print:",
            on_click="ignore",
        )
