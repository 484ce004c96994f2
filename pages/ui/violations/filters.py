"""Filters of the violations page: each option with the number of violations it would show beside the others."""

import polars as pl
import streamlit as st

from data.reference import buckets
from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from policy.model import supervision
from policy.violations import comparison, facets, lifecycle, results, violation_counts
from policy.violations.facets import (
    FACETS,
    MAIN_FACETS,
    MORE_FACETS,
    OFFICER_FACET,
    FilterResult,
    FilterSelection,
    ValueCounts,
)
from policy.violations.violation_query import RunComparison

PER_ROW = 4
CodeLabels = dict[str, dict[str, str]]  # filter → code → its words


def load_rules(view: SnapshotView) -> pl.DataFrame:
    """As facets.rank_rules, with the title of each."""
    known = queries.cached_query(facets.rank_rules, view.policy, view.run and view.checked_run.run_id)
    titles = {rule.rule_id: by_language(rule.title_zh, rule.title_en) for rule in view.policy.rules.values()}
    return known.with_columns(title=pl.Series([titles.get(rule, "") for rule in known["rule_id"]], dtype=pl.String))


def _load_code_labels(view: SnapshotView, name: str, known: pl.DataFrame) -> dict[str, str]:
    """The words for the codes of a filter, in the order to show them; codes without words come as they are."""
    if name == "rule_id":
        return {
            rule_id: f"{title} · {rule_id}" if title else rule_id
            for rule_id, title in known.select("rule_id", "title").iter_rows()
        }
    if name == "branch_id":
        return queries.cached_query(results.load_branch_names, view.as_of)
    if name == "officer_id":
        return queries.cached_query(results.load_officer_names, view.as_of)
    if name == "clause_group":
        return {
            group.clause_group: by_language(group.zh, group.en) for group in supervision.load_clause_groups(view.policy)
        }
    if name == "guarantee_type":
        return language.code_labels(name)
    if name == "age":
        return {edge.code: by_language(edge.zh, edge.en) for edge in buckets.load_buckets(violation_counts.AGE_BUCKETS)}
    if name in ("state", "movement"):
        return {code: t(f"life.{code}") for code in (lifecycle.STATES if name == "state" else lifecycle.MOVEMENTS)}
    return language.labels_of_kind(name)


def load_comparison(view: SnapshotView) -> RunComparison:
    """The run beside the earlier snapshot that the address names, else the last one judged before it."""
    wanted = url_state.get_param("since")
    days = {day.isoformat(): day for day in view.snapshots}
    return queries.cached_query(comparison.resolve_comparison, view.checked_run.run_id, days.get(wanted or ""))


def _draw_since_choice(view: SnapshotView) -> None:
    """Every earlier snapshot, those never judged too: chosen, they are answered by what to run."""
    judged = {run.as_of for run in queries.cached_query(comparison.list_run_history, view.checked_run.run_id)}
    earlier = [day for day in view.snapshots if day < view.as_of]
    if not judged - {view.as_of}:
        st.selectbox(t("violations.since"), [], disabled=True, placeholder=t("violations.no_since"))
        return
    order = sorted(earlier, key=lambda day: (day not in judged, -day.toordinal()))
    labels = {
        day.isoformat(): numbers.format_day(day)
        if day in judged
        else t("violations.day_not_checked", day=numbers.format_day(day))
        for day in order
    }
    url_state.select_default_first("since", t("violations.since"), labels)


def draw_filters(view: SnapshotView) -> FilterResult:
    """The filters, drawn; what they let through."""
    top = st.columns([2, 1], vertical_alignment="bottom")
    with top[0]:
        search = url_state.input_text("q", t("filter.search"), t("filter.search_hint"))
    with top[1]:
        _draw_since_choice(view)
    labels = load_filter_labels(view)
    selections = tuple(_read_selection(name, labels[name]) for name in FACETS)
    result = queries.cached_query(facets.count_facets, view.policy, load_comparison(view), selections, search)
    _draw_row(result.counts, labels, MAIN_FACETS)
    _draw_more(result, labels)
    return result


def load_filter_labels(view: SnapshotView) -> CodeLabels:
    """The words for the codes of every filter."""
    known = load_rules(view)
    return {name: _load_code_labels(view, name, known) for name in FACETS}


def _read_selection(name: str, names: dict[str, str]) -> FilterSelection:
    codes = url_state.get_params(name)
    return FilterSelection(name, tuple(c for c in codes if c in names), tuple(c for c in codes if c not in names))


def _draw_more(result: FilterResult, names: CodeLabels) -> None:
    """Closed until somebody opens it or the address names one of them: a bank has thousands of account managers."""
    used = sum(
        any(code in names[name] or code in result.counts.get(name, ()) for code in url_state.get_params(name))
        for name in MORE_FACETS
    )
    label = t("filter.more_used", n=used) if used else t("filter.more")
    more = st.expander(label, expanded=used > 0, key="filter.more", on_change="rerun")
    if not more.open:
        return
    managers = queries.cached_query(violation_counts.count_by_officer, result.comparison, result.criteria)
    with more:
        for start in range(0, len(MORE_FACETS), PER_ROW):
            _draw_row(result.counts | {OFFICER_FACET: managers}, names, MORE_FACETS[start : start + PER_ROW])


def _draw_row(counts: dict[str, ValueCounts], names: CodeLabels, shown: tuple[str, ...]) -> None:
    for column, name in zip(st.columns(PER_ROW), shown, strict=True):
        with column:
            labels = url_state.options_with_counts(counts[name], names[name], url_state.get_params(name))
            url_state.select_several(name, t(f"filter.{name}"), labels, t("filter.all"))


def describe_filters(view: SnapshotView) -> tuple[tuple[str, str], ...]:
    """The filters of the address in words: (label, values)."""
    search = (url_state.get_param("q") or "").strip()
    if not search and not any(url_state.get_params(name) for name in FACETS):
        return ()
    labels = load_filter_labels(view)
    described = [(t("filter.search"), search)] if search else []
    for name in FACETS:
        codes = url_state.get_params(name)
        if codes:
            described.append((t(f"filter.{name}"), ", ".join(labels[name].get(code, code) for code in codes)))
    return tuple(described)
