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
from pages.ui.i18n.language import say

OFFERED = 500  # of more options, the others are found by writing: each one sent costs the browser time
MEANT = 20  # a text that fits more options than these is asked for more


def all_of(name: str) -> list[str]:
    return st.query_params.get_all(name)


def get(name: str) -> str | None:
    return st.query_params.get(name)


def put(name: str, values: list[str]) -> None:
    """Write it, if it is not what stands there; nothing chosen stands nowhere."""
    if values == all_of(name):
        return
    if values:
        st.query_params[name] = values
    else:
        del st.query_params[name]


def take(name: str, code: str) -> None:
    """Choose it for a widget that remembers, too."""
    put(name, [code])
    if name in st.session_state:
        st.session_state[name] = code


def _key(name: str, labels: dict[str, str]) -> str:
    """A widget whose labels change is another widget: the browser would send the old labels back."""
    return f"{name}:{hash(tuple(labels.items()))}"


def _moved(name: str, key: str, picked: Callable[[], None] | None = None) -> None:
    value = st.session_state[key]
    _write(name, [] if value is None else [str(value)])
    if picked:
        picked()


def _write(name: str, chosen: list[str]) -> None:
    put(name, chosen)
    if len(chosen) == 1:
        take(name, chosen[0])


def _found(name: str, key: str, labels: dict[str, str]) -> None:
    """What was picked; a text that is no option stands for the options that have it in their labels."""
    chosen = chain.from_iterable([v] if v in labels else _meant(v, labels) for v in st.session_state[key])
    _write(name, list(dict.fromkeys(chosen)))


def _meant(text: str, labels: dict[str, str]) -> list[str]:
    part = text.strip().casefold()
    codes = [code for code, label in labels.items() if part in label.casefold()]
    if 0 < len(codes) <= MEANT:
        return codes
    language.current()  # what is picked is handled before the page speaks
    said = say("filter.too_many", n=numbers.count(len(codes))) if codes else say("filter.none_found")
    st.toast(said, icon=":material/search:")
    return []


def kept(name: str, label: str, labels: dict[str, str]) -> str:
    """One of the codes: by the address, else as chosen on another page before, else the first."""
    wishes = [get(name), st.session_state.get(name), next(iter(labels))]
    chosen = next(wish for wish in wishes if wish in labels)
    key = _key(name, labels)
    st.session_state[key] = st.session_state[name] = chosen
    put(name, [chosen])
    return st.selectbox(
        label, list(labels), format_func=labels.__getitem__, key=key, on_change=_moved, args=(name, key)
    )


def perhaps(
    name: str, label: str, labels: dict[str, str], placeholder: str, picked: Callable[[], None] | None = None
) -> None:
    """One of the codes, or none; `picked` runs when it was chosen, before the page does."""
    key = _key(name, labels)
    st.session_state[key] = get(name) if get(name) in labels else None
    st.selectbox(
        label,
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        index=None,
        placeholder=placeholder,
        on_change=_moved,
        args=(name, key, picked),
    )


def counted(counts: dict[str, int], names: dict[str, str], chosen: list[str]) -> dict[str, str]:
    """Options with their counts, in the order of the names; what is chosen is one though nothing has it."""
    present = set(counts)
    shown = present.union(chosen)
    order = [code for code in names if code in shown] + sorted(present - set(names))
    if len(order) > OFFERED:  # those offered are those with most
        order.sort(key=lambda code: -counts.get(code, 0))
    return {code: f"{names.get(code, code)} ({numbers.count(counts.get(code, 0))})" for code in order}


def several(name: str, label: str, labels: dict[str, str], placeholder: str) -> list[str]:
    """Any of the codes; none chosen means all. Of very many, the first are offered, the others found by writing."""
    key, many = _key(name, labels), len(labels) > OFFERED
    chosen = st.session_state[key] = [code for code in all_of(name) if code in labels]
    put(name, chosen)
    offered = {*chosen, *islice(labels, OFFERED)} if many else labels
    return st.multiselect(
        label,
        [code for code in labels if code in offered],
        format_func=lambda code: labels.get(code, code),
        key=key,
        placeholder=say("filter.all_of_many") if many else placeholder,
        wrap=True,
        accept_new_options=many,
        select_all=not many,
        help=say("filter.many_help", shown=OFFERED, n=numbers.count(len(labels))) if many else None,
        on_change=_found,
        args=(name, key, labels),
    )


def first(name: str, label: str, labels: dict[str, str]) -> str:
    """One of the codes: the first, unless the address says otherwise."""
    key = _key(name, labels)
    st.session_state[key] = get(name) if get(name) in labels else next(iter(labels))
    return st.selectbox(
        label, list(labels), format_func=labels.__getitem__, key=key, on_change=_moved, args=(name, key)
    )


def switch(name: str, label: str, labels: dict[str, str], default: str) -> str:
    """One of a few codes, the default unless the address says otherwise."""
    key = _key(name, labels)
    st.session_state[key] = get(name) if get(name) in labels else default
    st.segmented_control(
        label, list(labels), format_func=labels.__getitem__, key=key, required=True, on_change=_moved, args=(name, key)
    )
    return st.session_state[key]


def text(name: str, label: str, placeholder: str) -> str:
    st.session_state[f"{name}:text"] = get(name) or ""
    return st.text_input(
        label, key=f"{name}:text", placeholder=placeholder, on_change=_moved, args=(name, f"{name}:text")
    ).strip()


def _day(written: str | None) -> date | None:
    try:
        return date.fromisoformat(written or "")
    except ValueError:
        return None


def day(name: str, label: str, default: date, earliest: date, latest: date) -> date:
    """A day, written YYYY-MM-DD in the address; one that is none or out of bounds is replaced by the default."""
    wish = _day(get(name))
    key = f"{name}:{earliest}:{latest}"
    st.session_state[key] = wish if wish and earliest <= wish <= latest else default
    put(name, [st.session_state[key].isoformat()])
    return st.date_input(
        label, min_value=earliest, max_value=latest, key=key, format="YYYY-MM-DD", on_change=_moved, args=(name, key)
    )
