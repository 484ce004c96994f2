"""What the files leave open, asked on the page before anything is loaded; an answer is as one of --assume."""

import streamlit as st

from data.ingest.questions.open_questions import Question
from pages.ui.i18n.language import localize_message, t

ASKED = "import_questions"


def draw_questions(mark: str) -> dict[str, str]:
    """The questions that the files of this mark have raised, each with its answers; those given so far, by question."""
    asked: dict[str, list[Question]] = st.session_state.get(f"{ASKED}:{mark}", {})
    found: dict[str, str] = {}
    for key, questions in asked.items():
        for question in questions:
            st.warning(localize_message(question.text))
        words = {answer: localize_message(text) for answer, text in questions[0].answers.items()}
        answer = st.radio(
            t("import.question"),
            list(words),
            index=None,
            format_func=words.__getitem__,
            key=f"import_answer:{mark}:{key}",
        )
        found |= {key: answer} if answer else {}
    return found


def ask(mark: str, questions: list[Question]) -> None:
    """Shows the questions at the next run of the page, which is begun at once where they are new."""
    place = f"{ASKED}:{mark}"
    asked: dict[str, list[Question]] = st.session_state.get(place, {})
    grouped: dict[str, list[Question]] = {}
    for question in questions:
        grouped.setdefault(question.key, []).append(question)
    if not grouped.keys() <= asked.keys():
        st.session_state[place] = asked | grouped
        st.rerun()
    st.info(t("import.answer_first"))
