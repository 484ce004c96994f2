"""What moved since the earlier snapshot, and the weighted trend over all judged ones."""

from datetime import date

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, violation_charts
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import t
from pages.ui.violations import filters
from pages.ui.widgets import tables
from policy.violations import comparison, trend, violation_list
from policy.violations.facets import FACETS, FilterResult
from policy.violations.lifecycle import INFLOWS, OUTFLOWS

CARD_WIDTH = 125  # pixels
TABLE = {"as_of": "date", "violations": "count", "weight": "number", "loans": "count", "points": "rate"}
TREND_FILTERS = (
    "severity",
    "family",
    "rule_id",
    "clause_group",
    "subject",
    "stage",
    "branch_id",
)  # what the trend can follow


def draw_movements(view: SnapshotView, chosen: FilterResult) -> None:
    """Opening, what came and what left, closing; or why that is unknown, and the command that helps."""
    span = chosen.comparison
    if span.since is None:
        st.warning(t("violations.no_history"))
        st.code("python -m policy check --all", language=None)
        return
    unjudged = queries.cached_query(comparison.list_unjudged_snapshots, view.checked_run.run_id)
    if url_state.get_param("since") in {day.isoformat() for day in unjudged}:
        st.warning(
            t(
                "violations.since_not_checked",
                day=url_state.get_param("since"),
                used=numbers.format_day(span.since.as_of),
            )
        )
        st.code(f"python -m policy check --as-of {url_state.get_param('since')}", language=None)
    if not span.has_lifecycles:
        st.warning(t("violations.no_opening_dates"))
        st.code("python -m policy check --all", language=None)
        return
    _draw_movement_cards(dict(chosen.by_movement), span.since.as_of, view.as_of)


def _draw_movement_cards(moved: dict[str, int], since: date, as_of: date) -> None:
    """`moved`: movement → violations."""
    totals = trend.sum_movements(moved)
    shown = [(t("violations.opening"), totals.opening)]
    shown += [(f"+ {t(f'life.{name}')}", moved[name]) for name in INFLOWS if moved.get(name)]
    shown += [(f"− {t(f'life.{name}')}", moved[name]) for name in OUTFLOWS if moved.get(name)]
    shown += [(t("violations.closing"), totals.closing)]
    st.subheader(t("violations.movement", since=numbers.format_day(since), day=numbers.format_day(as_of)), anchor=False)
    with st.grid(min_column_width=CARD_WIDTH):
        for label, value in shown:
            st.metric(label, numbers.format_count(value), border=True, height="stretch")


def draw_trend(view: SnapshotView, chosen: FilterResult) -> None:
    draw_movements(view, chosen)
    st.subheader(t("violations.trend"), anchor=False)
    st.caption(t("violations.trend_note"))
    ignored = [label for label, name in _list_unsupported_filters() if url_state.get_params(name)]
    if ignored:
        st.caption(t("violations.trend_filters", names=", ".join(ignored)))
    known = filters.load_rules(view)
    rules = _filter_rules(known)
    frame = load_trend(view, known, rules, tuple(url_state.get_params("branch_id")))
    if frame["as_of"].n_unique() < 2:
        st.info(t("violations.one_snapshot"))
    days = trend.sum_by_day(frame)
    _draw_chart(_label_severities(trend.sum_by_severity(frame)), days)
    tables.draw_table(days.sort("as_of", descending=True), TABLE, height="content")


def _label_severities(stacked: pl.DataFrame) -> pl.DataFrame:
    return stacked.with_columns(
        day=pl.col("as_of").dt.to_string("%Y-%m-%d"),
        severity=pl.col("severity").replace(severity_labels()),
        count=numbers.format_series(stacked["violations"], numbers.format_count),
        label=numbers.format_series(stacked["points"].round(1), numbers.format_number),
    )


def _draw_chart(stacked: pl.DataFrame, sums: pl.DataFrame) -> None:
    if not drawing.has_values(stacked, "points"):
        st.info(t("violations.no_points"))
        return
    parts = [
        f"{numbers.format_day(day)} {numbers.format_number(round(points, 1))}"
        for day, points in sums.select("as_of", "points").iter_rows()
    ]
    alt_text = "; ".join([t("violations.trend_alt"), *parts])
    drawing.show_chart(violation_charts.build_severity_trend(stacked, [*severity_labels().values()]), alt_text)


def severity_labels() -> dict[str, str]:
    return language.labels_of_kind("severity")


def _list_unsupported_filters() -> list[tuple[str, str]]:
    """(label, parameter) of the filters that the trend cannot follow."""
    unsupported = [(t(f"filter.{name}"), name) for name in FACETS if name not in TREND_FILTERS]
    return [*unsupported, (t("filter.search"), "q")]


def _filter_rules(known: pl.DataFrame) -> tuple[str, ...]:
    """The rules that the filters on rules leave: the counts of a run know rule and branch, nothing finer."""
    for name in TREND_FILTERS[:-1]:
        wanted = url_state.get_params(name)
        known = known.filter(pl.col(name).is_in(wanted)) if wanted else known
    return tuple(known["rule_id"])


def load_trend(
    view: SnapshotView, known: pl.DataFrame, rules: tuple[str, ...], branches: tuple[str, ...] = ()
) -> pl.DataFrame:
    """[as_of, severity, rank, violations, weight, loans] of each judged snapshot and severity."""
    series = tuple(run.run_id for run in queries.cached_query(comparison.list_run_history, view.checked_run.run_id))
    counted = queries.cached_query(violation_list.load_trend, series, rules, branches)
    labels = list(severity_labels())
    return trend.add_weights(counted, known, labels[-1], len(labels))
