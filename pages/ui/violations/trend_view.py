"""What moved since the earlier snapshot, and the weighted trend over all judged ones."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import SnapshotView
from pages.ui.charts import drawing, violation_charts
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from pages.ui.violations import filters
from pages.ui.violations.filters import FilterResult
from pages.ui.widgets import tables
from policy.violations import comparison, violation_list
from policy.violations.lifecycle import INFLOWS, OUTFLOWS

HUNDRED = 100
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
    """Opening, what came and what left, closing; or why that cannot be said, and the command that helps."""
    span = chosen.comparison
    if span.since is None:
        st.warning(t("violations.no_history"))
        st.code("python -m policy check --all", language=None)
        return
    unjudged = queries.cached_query(comparison.list_unjudged_snapshots, view.run.run_id)
    if url_state.get_param("since") in {day.isoformat() for day in unjudged}:
        st.warning(
            t("violations.since_unjudged", day=url_state.get_param("since"), used=numbers.format_day(span.since.as_of))
        )
        st.code(f"python -m policy check --as-of {url_state.get_param('since')}", language=None)
    if not span.has_lifecycles:
        st.warning(t("violations.not_followed"))
        st.code("python -m policy check --all", language=None)
        return
    moved = dict(chosen.movements)
    opening = sum(moved.get(name, 0) for name in ("persisting", *OUTFLOWS))
    closing = sum(moved.get(name, 0) for name in ("persisting", *INFLOWS))
    shown = [(t("violations.opening"), opening)]
    shown += [(f"+ {t(f'life.{name}')}", moved[name]) for name in INFLOWS if moved.get(name)]
    shown += [(f"− {t(f'life.{name}')}", moved[name]) for name in OUTFLOWS if moved.get(name)]
    shown += [(t("violations.closing"), closing)]
    st.subheader(
        t("violations.moved", since=numbers.format_day(span.since.as_of), day=numbers.format_day(view.as_of)),
        anchor=False,
    )
    with st.grid(min_column_width=CARD_WIDTH):
        for label, value in shown:
            st.metric(label, numbers.format_count(value), border=True, height="stretch")


def draw_trend(view: SnapshotView, chosen: FilterResult) -> None:
    draw_movements(view, chosen)
    st.subheader(t("violations.trend"), anchor=False)
    st.caption(t("violations.trend_note"))
    ignored = [
        label for label, names in _list_unsupported_filters() if any(url_state.get_params(name) for name in names)
    ]
    if ignored:
        st.caption(t("violations.trend_filters", names=", ".join(ignored)))
    known = filters.load_rules(view)
    rules = _filter_rules(known)
    frame = load_trend(view, known, rules, tuple(url_state.get_params("branch_id")))
    if frame["as_of"].n_unique() < 2:
        st.info(t("violations.one_snapshot"))
    stacked = frame.group_by("as_of", "severity", "rank").agg(
        pl.col("violations", "weight").sum(), pl.col("loans").max()
    )
    stacked = stacked.sort("as_of", "rank").with_columns(points=pl.col("weight") * HUNDRED / pl.col("loans"))
    stacked = stacked.with_columns(
        day=pl.col("as_of").dt.to_string("%Y-%m-%d"),
        severity=pl.col("severity").replace(severity_labels()),
        count=numbers.format_series(stacked["violations"], numbers.format_count),
        label=numbers.format_series(stacked["points"].round(1), numbers.format_number),
    )
    _draw_chart(stacked, sum_by_day(frame))
    tables.draw_table(sum_by_day(frame).sort("as_of", descending=True), TABLE, height="content")


def _draw_chart(stacked: pl.DataFrame, sums: pl.DataFrame) -> None:
    if not drawing.has_values(stacked, "points"):
        st.info(t("violations.no_points"))
        return
    told = [
        f"{numbers.format_day(day)} {numbers.format_number(round(points, 1))}"
        for day, points in sums.select("as_of", "points").iter_rows()
    ]
    spoken = "; ".join([t("violations.trend_alt"), *told])
    drawing.show_chart(violation_charts.build_severity_trend(stacked, [*severity_labels().values()]), spoken)


def severity_labels() -> dict[str, str]:
    return {code: t(f"severity.{code}") for code in ("critical", "high", "medium", "low", "info")}


def _list_unsupported_filters() -> list[tuple[str, tuple[str, ...]]]:
    return [(t(f"filter.{name}"), (name,)) for name in filters.FACETS if name not in TREND_FILTERS] + [
        (t("filter.search"), ("q",))
    ]


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
    series = tuple(run.run_id for run in queries.cached_query(comparison.list_run_history, view.run.run_id))
    counted = queries.cached_query(violation_list.load_trend, series, rules, branches)
    about = known.select("rule_id", "severity", "rank", each="weight")
    frame = counted.join(about, on="rule_id", how="left")
    return (
        frame.with_columns(
            pl.col("severity").fill_null("info"),
            pl.col("rank").fill_null(len(severity_labels())),
            weight=pl.col("violations") * pl.col("each").fill_null(0.0),
        )
        .group_by("as_of", "severity", "rank")
        .agg(pl.col("violations", "weight").sum(), pl.col("loans").max())
    )


def sum_by_day(frame: pl.DataFrame) -> pl.DataFrame:
    """[as_of, violations, weight, loans, points] of each snapshot; `points`: weight in a hundred loans."""
    whole = frame.group_by("as_of").agg(pl.col("violations", "weight").sum(), pl.col("loans").max()).sort("as_of")
    return whole.with_columns(points=pl.col("weight") * HUNDRED / pl.col("loans"))
