"""Account managers: key figures, the list, and every manager in a funnel plot."""

from typing import Any

import polars as pl
import streamlit as st

from data.reference import size_limits
from pages.ui.app import url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, people_charts
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from pages.ui.people import managers
from pages.ui.widgets import tables
from policy.monitoring import training_needs

COLUMNS = {
    "manager": "text",
    "branch": "text",
    "loans": "count",
    "balance": "amount",
    "rate": "rate",
    "peer_rate": "rate",
    "needs": "text",
    "npl_ratio": "share",
    "violations": "count",
    "overdue_loans": "count",
    "overdue_ratio": "share",
    "due_loans": "count",
    "due_balance": "amount",
    "book_size": "text",
}


def build_cards(view: SnapshotView, rows: pl.DataFrame) -> list[tuple[str, str, str]]:
    """(label, value, help) of the managers in scope."""
    thresholds = training_needs.load_thresholds(view.policy)
    rate, median = training_needs.compute_average_rate(rows), rows["loans"].cast(pl.Float64).median()
    needing = rows.filter(pl.col("needed").list.len() > 0).height if view.run else None
    return [
        (t("managers.managers"), numbers.format_count(rows.height), t("managers.managers_help")),
        (t("managers.loans_each"), _format_optional(median), t("managers.loans_each_help")),
        (t("managers.rate"), _format_optional(rate), t("managers.rate_help")),
        (t("managers.needing"), numbers.format_count(needing), managers.explain_need(view)),
        (
            t("managers.small_portfolios"),
            numbers.format_count(int(rows["thin"].sum())),
            t("managers.small_help", n=numbers.format_number(thresholds.thin_loans)),
        ),
    ]


def _format_optional(value: object) -> str:
    return numbers.format_number(round(value, 1)) if isinstance(value, float) else numbers.NOTHING


def draw_manager_list(view: SnapshotView, rows: pl.DataFrame) -> None:
    """The list of managers; a selected row goes into the address."""
    key = hash(tuple(rows["officer_id"]))
    shown = tables.paginate_rows(rows, f"page:{view.as_of}:{key}")
    row = tables.draw_table(
        managers.label_managers(view, shown),
        COLUMNS,
        key=f"managers:{view.as_of}:{key}:{shown['officer_id'][0]}",
        selectable=True,
        height=tables.TALL_HEIGHT,
    )
    if row is not None:
        url_state.set_param("officer", [shown["officer_id"][row]])


def find_chosen_manager(rows: pl.DataFrame) -> dict[str, Any] | None:
    """The manager that the address names, if in scope."""
    found = rows.filter(pl.col("officer_id") == (url_state.get_param("officer") or ""))
    return found.row(0, named=True) if found.height else None


def draw_funnel(view: SnapshotView, rows: pl.DataFrame) -> None:
    """Every manager as a point, loans against rate; between the lines a difference may be chance."""
    average, largest = training_needs.compute_average_rate(rows) or 0.0, max(rows["loans"])
    shown = training_needs.rank_by_surprise(rows, average, size_limits.integer_limit("chart_points"))
    if shown.height < rows.height:
        st.caption(t("managers.funnel_some", n=numbers.format_count(shown.height), m=numbers.format_count(rows.height)))
    limits = training_needs.compute_control_limits(
        average, largest, training_needs.load_thresholds(view.policy).deviations
    )
    drawing.show_chart(
        people_charts.build_funnel_plot(_label_points(view, shown), limits, _state_labels()),
        t("managers.funnel_text", n=numbers.format_count(rows.height)),
    )


def _state_labels() -> list[str]:
    return [t("managers.without_need"), t("managers.with_need"), t("managers.small")]


def _label_points(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    without_need, with_need, thin = (pl.lit(label) for label in _state_labels())
    return managers.label_managers(view, rows).with_columns(
        label=numbers.format_series(rows["rate"].round(1), numbers.format_number),
        state=pl.when("thin").then(thin).when(pl.col("needed").list.len() > 0).then(with_need).otherwise(without_need),
    )
