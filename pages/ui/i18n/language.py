"""The two languages of the interface: which one is on, and the words for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import TypeVar

import streamlit as st

from data import dictionary
from data.messages import catalogue
from policy.model.vocabulary import Vocabulary, parse_vocabulary

T = TypeVar("T")
LANGUAGES = {"zh": "中文", "en": "English"}
KEY = "lang"
# Of the run, not of the session: a download is written on another thread, with a copy of the context.
_language: ContextVar[str] = ContextVar("language", default="zh")
_vocabulary: ContextVar[Vocabulary | None] = ContextVar("vocabulary", default=None)
VOCABULARY_LISTS = {"severity": "severity", "stage": "stage", "family": "family", "unit": "unit", "grade": "evidence"}


TEXTS_FOLDER = Path(__file__).parents[1] / "words"


@cache
def load_texts() -> dict[str, dict[str, str]]:
    """Every word by its key; each page has a table of its own."""
    return catalogue.read_catalogue(TEXTS_FOLDER)


def _negotiate_language() -> str:
    """The address first, then what was chosen before, then the browser's own language."""
    for wish in (st.query_params.get(KEY), st.session_state.get(KEY), (st.context.locale or "")[:2]):
        if wish in LANGUAGES:
            return wish
    return "en" if st.context.locale else "zh"


def set_language_from_request() -> str:
    """The language of this run, kept in the session and in the address."""
    chosen = _negotiate_language()
    st.session_state[KEY] = chosen
    _language.set(chosen)
    if st.query_params.get(KEY) != chosen:
        st.query_params[KEY] = chosen
    return chosen


def current_language() -> str:
    return _language.get()


def _store_selected_language() -> None:
    st.query_params[KEY] = st.session_state["lang_switch"] or st.session_state[KEY]


def draw_selector() -> None:
    st.session_state["lang_switch"] = set_language_from_request()
    st.segmented_control(
        "语言 · Language",
        list(LANGUAGES),
        format_func=LANGUAGES.__getitem__,
        key="lang_switch",
        on_change=_store_selected_language,
    )


@contextmanager
def use_language(code: str) -> Iterator[None]:
    """For a document in a language of its own: its words, inside this block, whatever the page speaks."""
    token = _language.set(code)
    try:
        yield
    finally:
        _language.reset(token)


def t(key: str, **values: object) -> str:
    return catalogue.fill_text(load_texts()[key][_language.get()], values)


def by_language(zh: T, en: T) -> T:
    return zh if _language.get() == "zh" else en


def escape_markdown(text: str) -> str:
    """Data that must stand in a line of markdown: every mark that could mean something is escaped."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def localize_message(text: str) -> str:
    """A finding or an error in the language that is on; one that has no Chinese stays as it is."""
    return by_language(str(catalogue.to_chinese(text)), str(text))


def use_vocabulary(vocabulary: Vocabulary) -> None:
    """The words of the policy in force, from here to the end of the run; without it those of the shipped policy."""
    _vocabulary.set(vocabulary)


def labels_of_kind(kind: str) -> dict[str, str]:
    """The words of one kind (`verdict.pass` → pass), in the order of the table; stages, families … from the policy."""
    if kind in VOCABULARY_LISTS:
        words = (_vocabulary.get() or parse_vocabulary())[VOCABULARY_LISTS[kind]]
        return {code: by_language(word.zh, word.en) for code, word in words.items()}
    return dict(_load_labels_of_kind(kind, _language.get()))


def label_of(kind: str, code: str) -> str:
    """The word for one code; a code without a word is shown as it is."""
    return labels_of_kind(kind).get(code, code)


@cache
def _load_labels_of_kind(kind: str, code: str) -> dict[str, str]:
    return {
        key.removeprefix(f"{kind}."): word[code] for key, word in load_texts().items() if key.startswith(f"{kind}.")
    }


def code_labels(code_list: str) -> dict[str, str]:
    """The codes of one list with their words, in the list's order."""
    return {code.code: by_language(code.zh, code.en) for code in dictionary.codes_of_list(code_list).values()}


def table_label(table: str) -> str:
    """What a register is called."""
    meant = dictionary.load_tables()[table]
    return by_language(meant.zh, meant.en)


def field_label(subject: str, name: str) -> str:
    """What a fact is called; a name the dictionary does not know is shown as it is."""
    field = dictionary.facts_of_subject(subject).get(name) if subject in dictionary.load_subjects() else None
    return by_language(field.zh, field.en) if field else name
