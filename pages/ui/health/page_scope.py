"""What the health page looks at: the branch, the parts chosen on its charts, and the days to compare with."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from data.queries import composition, maturities, migration, portfolio
from data.queries.composition import Chosen
from data.reference.dimensions import Dimension, dimensions
from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from policy.violations import results

NARROW = "narrow"  # whether the filters are shown
CHOICE = 200  # pixels of one of them
WHOLE, UNKNOWN = "all", "unknown"  # in the address: the whole bank; what has no code
BEFORE = {"class_before": "classification", "late_before": "late"}  # where a loan stood, by the dimension of its codes
COHORT, BORROWER, GROUP = "cohort", "borrower", "group"  # in the address: lent in that quarter, owed by them


@dataclass(frozen=True)
class Scope:
    """`branch`: None for the bank. `chosen`: parts by dimension. `origin`: what else narrows the loans listed."""

    view: View
    branch: str | None
    openings: dict[str, date]
    chosen: Chosen
    origin: tuple[tuple[str, Any], ...]

    @property
    def key(self) -> tuple[date, str | None, str | None]:
        """What every question about the scope begins with."""
        return self.view.as_of, self.view.currency, self.branch

    @property
    def previous(self) -> date | None:
        return next(iter(self.openings.values()), None)

    @property
    def year_ago(self) -> date | None:
        return self.openings.get("year")

    def picked(self, name: str) -> str | None:
        """The code in the address that is chosen of a dimension."""
        return url_state.get(name)


def open_scope(view: View) -> Scope:
    """The branch chooser and what the address says; ends the run where the day was never summed up."""
    branches = queries.ask(results.branch_names, view.as_of)
    if not queries.ask(composition.summarised, view.as_of):
        st.info(say("health.not_summed", day=numbers.day(view.as_of)))
        st.code(f"python -m policy check --as-of {view.as_of}", language=None)
        st.stop()
    with st.columns([1, 2])[0]:
        branch = url_state.kept("branch", say("health.branch"), {WHOLE: say("health.whole_bank")} | branches)
    openings = queries.ask(migration.openings, view.as_of)
    chosen = tuple((name, _code(name)) for name in dimensions() if url_state.get(name))
    return Scope(view, None if branch == WHOLE else branch, openings, chosen, _origin(openings))


def _code(name: str) -> str | None:
    written = url_state.get(name)
    return None if written == UNKNOWN else written


def _origin(openings: dict[str, date]) -> tuple[tuple[str, Any], ...]:
    stood = tuple((name, _code(name)) for name in BEFORE if url_state.get(name))
    day = openings.get(url_state.get("opening") or next(iter(openings), ""))
    found = (("opening", day), *stood) if stood and day else ()
    owed = tuple((name, url_state.get(name)) for name in (BORROWER, GROUP) if url_state.get(name))
    return (*found, *owed, *_lent(url_state.get(COHORT)))


def _lent(written: str | None) -> tuple[tuple[str, date], ...]:
    try:
        return ((COHORT, date.fromisoformat(written)),) if written else ()
    except ValueError:
        return ()


def quarter(day: date) -> str:
    return say("health.quarter", year=day.year, n=(day.month + 2) // 3)


def labels(view: View, dimension: Dimension) -> dict[str, str]:
    """The codes of a dimension in words."""
    if dimension.name == "branch_id":
        return queries.ask(results.branch_names, view.as_of)
    if dimension.edges:
        return {edge.code: pick(edge.zh, edge.en) for edge in dimension.edges}
    return language.code_labels(dimension.codes) if dimension.codes else {}


def word(view: View, name: str, code: str | None) -> str:
    """One code of a dimension in words."""
    return say("health.not_stated") if code is None else labels(view, dimensions()[name]).get(code, code)


def title(name: str) -> str:
    return pick(dimensions()[name].zh, dimensions()[name].en)


def toggle(name: str, code: str) -> None:
    url_state.put(name, [] if url_state.get(name) == code else [code])


def clear(*names: str) -> None:
    for name in names:
        url_state.put(name, [])


def chips(scope: Scope) -> None:
    """What is chosen, each with a click that takes it back."""
    filters = [(name, title(name), word(scope.view, name, code)) for name, code in scope.chosen]
    filters += [
        (name, say(f"health.{name}"), _found_by(scope, name, value))
        for name, value in scope.origin
        if name != "opening"
    ]
    narrowing(scope)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not filters:
            st.caption(say("health.click"))
        for name, label, value in filters:
            st.button(f"✕ {language.inert(f'{label}: {value}')}", key=f"drop_{name}", on_click=clear, args=(name,))
        if len(filters) > 1:
            st.button(
                say("health.clear"),
                key="drop_all",
                type="tertiary",
                on_click=clear,
                args=tuple(name for name, _, _ in filters),
            )


def _found_by(scope: Scope, name: str, value: Any) -> str:
    """What narrows the loans listed, in words."""
    if name in BEFORE:
        return word(scope.view, BEFORE[name], value)
    if name == COHORT:
        return quarter(value)
    return queries.ask(maturities.names, scope.view.as_of, (value,)).get(value, value) if name == BORROWER else value


def narrowing(scope: Scope) -> None:
    """The same choices as by a click on a chart, for the keyboard: each part with the loans it holds."""
    place = st.expander(say("health.narrow"), key=NARROW, on_change="rerun")
    if not place.open:
        return
    parts = queries.ask(composition.parts, *scope.key, scope.chosen)
    with place, st.grid(min_column_width=CHOICE):
        for name, dimension in dimensions().items():
            held = dict(parts.filter(pl.col("dimension") == name).select("value", "loans").iter_rows())
            words = {code: word for code, word in labels(scope.view, dimension).items() if code in held}
            words |= {code: code for code in held if code is not None and code not in words}
            said = {code: f"{word} ({numbers.count(held[code])})" for code, word in words.items()}
            if None in held:
                said[UNKNOWN] = f"{say('health.not_stated')} ({numbers.count(held[None])})"
            url_state.perhaps(name, title(name), said, say("filter.all"))
        for name, of in BEFORE.items() if scope.openings else ():
            url_state.perhaps(name, say(f"health.{name}"), labels(scope.view, dimensions()[of]), say("filter.all"))
        lent = queries.ask(migration.vintages, *scope.key).filter(pl.col("as_of") == scope.view.as_of)["cohort"]
        quarters = {day.isoformat(): quarter(day) for day in lent.sort(descending=True)}
        url_state.perhaps(COHORT, say("health.cohort"), quarters, say("filter.all"))


def notes(scope: Scope) -> list[str]:
    """What the figures leave out, in words."""
    view = scope.view
    population = queries.ask(portfolio.population, view.as_of)
    said = [say("health.population", **{name: numbers.count(n) for name, n in population.items()})]
    others = [
        n for currency, n in queries.ask(portfolio.currencies, view.as_of).iter_rows() if currency != view.currency
    ]
    if others:
        said.append(say("health.other_currencies", n=numbers.count(sum(others))))
    return said
