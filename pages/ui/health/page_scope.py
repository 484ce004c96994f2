"""The scope of the health page: the branch, the parts chosen on its charts, and the days to compare with."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from data.queries import composition, maturities, migration, portfolio
from data.queries.composition import DimensionFilter
from data.reference.dimensions import Dimension, load_dimensions
from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from policy.violations import results

FILTERS_KEY = "narrow"  # whether the filters are shown
CHOICE_WIDTH = 200  # pixels of one of them
WHOLE, UNKNOWN = "all", "unknown"  # in the address: the whole bank; what has no code
OPENING_FIELDS = {
    "class_before": "classification",
    "late_before": "late",
}  # where a loan stood, by the dimension of its codes
COHORT, BORROWER, GROUP = "cohort", "borrower", "group"  # in the address: lent in that quarter, owed by them


@dataclass(frozen=True)
class HealthScope:
    """`branch`: None for the bank. `chosen`: parts by dimension. `origin`: what else narrows the loans listed."""

    view: SnapshotView
    branch: str | None
    openings: dict[str, date]
    chosen_parts: DimensionFilter
    loan_filters: tuple[tuple[str, Any], ...]

    @property
    def query_key(self) -> tuple[date, str | None, str | None]:
        """What every question about the scope begins with."""
        return self.view.as_of, self.view.currency, self.branch

    @property
    def previous(self) -> date | None:
        return next(iter(self.openings.values()), None)

    @property
    def year_ago(self) -> date | None:
        return self.openings.get("year")

    def chosen_code(self, name: str) -> str | None:
        """The code in the address that is chosen of a dimension."""
        return url_state.get_param(name)


def open_scope(view: SnapshotView) -> HealthScope:
    """The branch chooser and what the address says; ends the run where the day was never summed up."""
    branches = queries.cached_query(results.load_branch_names, view.as_of)
    if not queries.cached_query(composition.has_summaries, view.as_of):
        st.info(t("health.not_summed", day=numbers.format_day(view.as_of)))
        st.code(f"python -m policy check --as-of {view.as_of}", language=None)
        st.stop()
    with st.columns([1, 2])[0]:
        branch = url_state.select_persisted("branch", t("health.branch"), {WHOLE: t("health.whole_bank")} | branches)
    openings = queries.cached_query(migration.list_opening_snapshots, view.as_of)
    chosen = tuple((name, _read_code(name)) for name in load_dimensions() if url_state.get_param(name))
    return HealthScope(view, None if branch == WHOLE else branch, openings, chosen, _read_loan_filters(openings))


def _read_code(name: str) -> str | None:
    written = url_state.get_param(name)
    return None if written == UNKNOWN else written


def _read_loan_filters(openings: dict[str, date]) -> tuple[tuple[str, Any], ...]:
    stood = tuple((name, _read_code(name)) for name in OPENING_FIELDS if url_state.get_param(name))
    day = openings.get(url_state.get_param("opening") or next(iter(openings), ""))
    found = (("opening", day), *stood) if stood and day else ()
    owed = tuple((name, url_state.get_param(name)) for name in (BORROWER, GROUP) if url_state.get_param(name))
    return (*found, *owed, *_parse_cohort(url_state.get_param(COHORT)))


def _parse_cohort(written: str | None) -> tuple[tuple[str, date], ...]:
    try:
        return ((COHORT, date.fromisoformat(written)),) if written else ()
    except ValueError:
        return ()


def format_quarter(day: date) -> str:
    return t("health.quarter", year=day.year, n=(day.month + 2) // 3)


def load_code_labels(view: SnapshotView, dimension: Dimension) -> dict[str, str]:
    """The codes of a dimension in words."""
    if dimension.name == "branch_id":
        return queries.cached_query(results.load_branch_names, view.as_of)
    if dimension.edges:
        return {edge.code: by_language(edge.zh, edge.en) for edge in dimension.edges}
    return language.code_labels(dimension.codes) if dimension.codes else {}


def label_code(view: SnapshotView, name: str, code: str | None) -> str:
    """One code of a dimension in words."""
    return t("health.not_stated") if code is None else load_code_labels(view, load_dimensions()[name]).get(code, code)


def dimension_title(name: str) -> str:
    return by_language(load_dimensions()[name].zh, load_dimensions()[name].en)


def toggle_filter(name: str, code: str) -> None:
    url_state.set_param(name, [] if url_state.get_param(name) == code else [code])


def clear_filters(*names: str) -> None:
    for name in names:
        url_state.set_param(name, [])


def draw_filter_chips(scope: HealthScope) -> None:
    """What is chosen, each with a click that takes it back."""
    filters = [(name, dimension_title(name), label_code(scope.view, name, code)) for name, code in scope.chosen_parts]
    filters += [
        (name, t(f"health.{name}"), _format_filter_value(scope, name, value))
        for name, value in scope.loan_filters
        if name != "opening"
    ]
    draw_filter_selects(scope)
    with st.container(horizontal=True, vertical_alignment="center"):
        if not filters:
            st.caption(t("health.click"))
        for name, label, value in filters:
            st.button(
                f"✕ {language.escape_markdown(f'{label}: {value}')}",
                key=f"drop_{name}",
                on_click=clear_filters,
                args=(name,),
            )
        if len(filters) > 1:
            st.button(
                t("health.clear"),
                key="drop_all",
                type="tertiary",
                on_click=clear_filters,
                args=tuple(name for name, _, _ in filters),
            )


def _format_filter_value(scope: HealthScope, name: str, value: Any) -> str:
    """What narrows the loans listed, in words."""
    if name in OPENING_FIELDS:
        return label_code(scope.view, OPENING_FIELDS[name], value)
    if name == COHORT:
        return format_quarter(value)
    if name == BORROWER:
        return queries.cached_query(maturities.load_borrower_names, scope.view.as_of, (value,)).get(value, str(value))
    return str(value)


def draw_filter_selects(scope: HealthScope) -> None:
    """The same choices as by a click on a chart, for the keyboard: each part with the loans it holds."""
    place = st.expander(t("health.filter"), key=FILTERS_KEY, on_change="rerun")
    if not place.open:
        return
    parts = queries.cached_query(composition.sum_by_dimension, *scope.query_key, scope.chosen_parts)
    with place, st.grid(min_column_width=CHOICE_WIDTH):
        for name, dimension in load_dimensions().items():
            held = dict(parts.filter(pl.col("dimension") == name).select("value", "loans").iter_rows())
            words = {code: word for code, word in load_code_labels(scope.view, dimension).items() if code in held}
            words |= {code: code for code in held if code is not None and code not in words}
            labels = {code: f"{word} ({numbers.format_count(held[code])})" for code, word in words.items()}
            if None in held:
                labels[UNKNOWN] = f"{t('health.not_stated')} ({numbers.format_count(held[None])})"
            url_state.select_optional(name, dimension_title(name), labels, t("filter.all"))
        for name, of in OPENING_FIELDS.items() if scope.openings else ():
            url_state.select_optional(
                name, t(f"health.{name}"), load_code_labels(scope.view, load_dimensions()[of]), t("filter.all")
            )
        lent = queries.cached_query(migration.load_vintages, *scope.query_key).filter(
            pl.col("as_of") == scope.view.as_of
        )["cohort"]
        quarters = {day.isoformat(): format_quarter(day) for day in lent.sort(descending=True)}
        url_state.select_optional(COHORT, t("health.cohort"), quarters, t("filter.all"))


def list_scope_notes(scope: HealthScope) -> list[str]:
    """What the figures leave out, in words."""
    view = scope.view
    population = queries.cached_query(portfolio.count_loans_by_state, view.as_of)
    return [t("health.population", **{name: numbers.format_count(n) for name, n in population.items()})]
