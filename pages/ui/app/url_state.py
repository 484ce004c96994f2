"""Choices that stand in the address of the page, as codes, so that a link shows the same in either language.

Streamlit's own binding writes the labels of the options into the address; labels change with the language and with
the counts in them, codes do not. The address is the truth: a change is written there before the page runs, and
every widget is drawn from there.
"""

from collections.abc import Callable
from datetime import date
from itertools import chain, islice

import streamlit as st

from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import t

MAX_OFFERED_OPTIONS = 500  # of more options, the others are found by writing: each one sent costs the browser time
MAX_LABEL_MATCHES = 20  # a text that fits more options than these is asked for more


def get_params(name: str) -> list[str]:
    return st.query_params.get_all(name)


def get_param(name: str) -> str | None:
    return st.query_params.get(name)


def set_param(name: str, values: list[str]) -> None:
    """Write it, if it is not what stands there; nothing chosen stands nowhere."""
    if values == get_params(name):
        return
    if values:
        st.query_params[name] = values
    else:
        del st.query_params[name]


def set_param_and_widget(name: str, code: str) -> None:
    """Choose it for a widget that remembers, too."""
    set_param(name, [code])
    if name in st.session_state:
        st.session_state[name] = code


def _build_widget_key(name: str, labels: dict[str, str]) -> str:
    """A widget whose labels change is another widget: the browser would send the old labels back."""
    return f"{name}:{hash(tuple(labels.items()))}"


def _store_widget_value(name: str, key: str, on_pick: Callable[[], None] | None = None) -> None:
    value = st.session_state[key]
    _set_params(name, [] if value is None else [str(value)])
    if on_pick:
        on_pick()


def _set_params(name: str, chosen: list[str]) -> None:
    set_param(name, chosen)
    if len(chosen) == 1:
        set_param_and_widget(name, chosen[0])


def _store_multiselect_values(name: str, key: str, labels: dict[str, str]) -> None:
    """What was picked; a text that is not an option selects the options whose labels contain it."""
    chosen = chain.from_iterable([v] if v in labels else _match_labels(v, labels) for v in st.session_state[key])
    _set_params(name, list(dict.fromkeys(chosen)))


def _match_labels(text: str, labels: dict[str, str]) -> list[str]:
    part = text.strip().casefold()
    codes = [code for code, label in labels.items() if part in label.casefold()]
    if 0 < len(codes) <= MAX_LABEL_MATCHES:
        return codes
    language.set_language_from_request()  # what is picked is handled before the page speaks
    said = t("filter.too_many", n=numbers.format_count(len(codes))) if codes else t("filter.none_found")
    st.toast(said, icon=":material/search:")
    return []


def select_persisted(name: str, label: str, labels: dict[str, str]) -> str:
    """One of the codes: by the address, else as chosen on another page before, else the first."""
    wishes = [get_param(name), st.session_state.get(name), next(iter(labels))]
    chosen = next(wish for wish in wishes if wish in labels)
    key = _build_widget_key(name, labels)
    st.session_state[key] = st.session_state[name] = chosen
    set_param(name, [chosen])
    return st.selectbox(
        label, list(labels), format_func=labels.__getitem__, key=key, on_change=_store_widget_value, args=(name, key)
    )


def select_optional(
    name: str, label: str, labels: dict[str, str], placeholder: str, on_pick: Callable[[], None] | None = None
) -> None:
    """One of the codes, or none; `picked` runs when it was chosen, before the page does."""
    key = _build_widget_key(name, labels)
    st.session_state[key] = get_param(name) if get_param(name) in labels else None
    st.selectbox(
        label,
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        index=None,
        placeholder=placeholder,
        on_change=_store_widget_value,
        args=(name, key, on_pick),
    )


def options_with_counts(counts: dict[str, int], names: dict[str, str], chosen: list[str]) -> dict[str, str]:
    """Options with their counts, in the order of the names; what is chosen is one though nothing has it."""
    present = set(counts)
    shown = present.union(chosen)
    order = [code for code in names if code in shown] + sorted(present - set(names))
    if len(order) > MAX_OFFERED_OPTIONS:  # those offered are those with most
        order.sort(key=lambda code: -counts.get(code, 0))
    return {code: f"{names.get(code, code)} ({numbers.format_count(counts.get(code, 0))})" for code in order}


def select_several(name: str, label: str, labels: dict[str, str], placeholder: str) -> list[str]:
    """Any of the codes; none chosen means all. Of very many, the first are offered, the others found by writing."""
    key, many = _build_widget_key(name, labels), len(labels) > MAX_OFFERED_OPTIONS
    chosen = st.session_state[key] = [code for code in get_params(name) if code in labels]
    set_param(name, chosen)
    offered = {*chosen, *islice(labels, MAX_OFFERED_OPTIONS)} if many else labels
    return st.multiselect(
        label,
        [code for code in labels if code in offered],
        format_func=lambda code: labels.get(code, code),
        key=key,
        placeholder=t("filter.all_of_many") if many else placeholder,
        wrap=True,
        accept_new_options=many,
        select_all=not many,
        help=t("filter.many_help", shown=MAX_OFFERED_OPTIONS, n=numbers.format_count(len(labels))) if many else None,
        on_change=_store_multiselect_values,
        args=(name, key, labels),
    )


def select_default_first(name: str, label: str, labels: dict[str, str]) -> str:
    """One of the codes: the first, unless the address says otherwise."""
    key = _build_widget_key(name, labels)
    st.session_state[key] = get_param(name) if get_param(name) in labels else next(iter(labels))
    return st.selectbox(
        label, list(labels), format_func=labels.__getitem__, key=key, on_change=_store_widget_value, args=(name, key)
    )


def select_segment(name: str, label: str, labels: dict[str, str], default: str) -> str:
    """One of a few codes, the default unless the address says otherwise."""
    key = _build_widget_key(name, labels)
    st.session_state[key] = get_param(name) if get_param(name) in labels else default
    st.segmented_control(
        label,
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        required=True,
        on_change=_store_widget_value,
        args=(name, key),
    )
    return str(st.session_state[key])


def input_text(name: str, label: str, placeholder: str) -> str:
    st.session_state[f"{name}:text"] = get_param(name) or ""
    return st.text_input(
        label, key=f"{name}:text", placeholder=placeholder, on_change=_store_widget_value, args=(name, f"{name}:text")
    ).strip()


def _parse_day(iso_day: str | None) -> date | None:
    try:
        return date.fromisoformat(iso_day or "")
    except ValueError:
        return None


def input_day(name: str, label: str, default: date, earliest: date, latest: date) -> date:
    """A day, written YYYY-MM-DD in the address; one that is none or out of bounds is replaced by the default."""
    wish = _parse_day(get_param(name))
    key = f"{name}:{earliest}:{latest}"
    st.session_state[key] = wish if wish and earliest <= wish <= latest else default
    set_param(name, [st.session_state[key].isoformat()])
    return st.date_input(
        label,
        min_value=earliest,
        max_value=latest,
        key=key,
        format="YYYY-MM-DD",
        on_change=_store_widget_value,
        args=(name, key),
    )
