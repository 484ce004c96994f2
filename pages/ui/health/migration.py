"""How the loans moved since an opening snapshot: the migration of classes, the roll of arrears; and the vintages."""

import polars as pl
import streamlit as st

from data.queries import migration
from data.reference import size_limits
from data.reference.dimensions import load_dimensions
from data.table_files import read_rows
from pages.ui.app import queries, url_state
from pages.ui.charts import drawing, health_charts
from pages.ui.health import page_scope
from pages.ui.health.page_scope import HealthScope
from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, code_labels, t

MATRIX_FIELDS = {"classification": ("class_before", "class_after"), "late": ("late_before", "late_after")}
MAX_CURVES = 8  # cohorts drawn, the newest that are not thin


def choose_opening(scope: HealthScope) -> str:
    """The code of the opening snapshot, one of those the moves were counted from."""
    names = {row["code"]: by_language(row["zh"], row["en"]) for row in read_rows("comparison_periods.csv")}
    labels = {code: f"{names[code]} · {numbers.format_day(day)}" for code, day in scope.openings.items()}
    return url_state.select_segment("opening", t("health.opening"), labels, default=next(iter(labels)))


def choose_matrix() -> str:
    return url_state.select_segment(
        "move",
        t("health.kind"),
        {name: t(f"health.matrix_{name}") for name in MATRIX_FIELDS},
        default=next(iter(MATRIX_FIELDS)),
    )


def build_matrix(scope: HealthScope, opening: str, name: str) -> pl.DataFrame:
    """[start, end, start_code, end_code, loans, balance, share, label]: of each opening row's balance, where it stands.

    The shares of a row sum to 1. A running loan goes by its class (or arrears) now, another by how it ended.
    """
    moves = queries.cached_query(migration.load_moves, *scope.query_key, scope.openings[opening])
    cells = migration.compute_matrix(moves, *MATRIX_FIELDS[name])
    words = page_scope.load_code_labels(scope.view, load_dimensions()[name])
    words |= {page_scope.UNKNOWN: t("health.not_stated")}
    ends = _end_labels()
    order = {code: rank for rank, code in enumerate([*words, *ends])}
    cells = cells.with_columns(pl.col("start_code", "end_code").fill_null(page_scope.UNKNOWN)).sort(
        pl.col("start_code").replace_strict(order, default=99), pl.col("end_code").replace_strict(order, default=99)
    )
    return cells.select(
        "start_code",
        "end_code",
        "loans",
        "balance",
        "share",
        start=pl.col("start_code").replace(words),
        end=pl.col("end_code").replace(words | ends),
        label=numbers.format_series(cells["share"], numbers.format_share),
        amount=numbers.format_series(cells["balance"], numbers.format_compact_amount),
        count=numbers.format_series(cells["loans"], numbers.format_count),
    ).select("start", "end", "start_code", "end_code", "loans", "balance", "share", "label", "amount", "count")


def _end_labels() -> dict[str, str]:
    """The columns of a matrix for loans that ended."""
    ends = {code: label for code, label in code_labels("loan_status").items() if code in migration.END_STATUSES}
    return ends | {migration.ENDED_OTHERWISE: t("health.ended_otherwise")}


def draw_matrix(scope: HealthScope, opening: str, name: str) -> None:
    """The matrix; a click on a cell chooses the loans that moved from its row to its column."""
    cells, key = (
        build_matrix(scope, opening, name),
        f"move_{name}:{opening}:{url_state.get_param(MATRIX_FIELDS[name][0])}:{url_state.get_param(name)}",
    )
    if cells.is_empty():
        st.info(t("health.no_balance"))
        return
    words = [*page_scope.load_code_labels(scope.view, load_dimensions()[name]).values(), t("health.not_stated")]
    columns = [word for word in [*words, *_end_labels().values()] if word in cells["end"]]
    spec = health_charts.build_migration_matrix(cells, [word for word in words if word in cells["start"]], columns)
    moved = (f"{a} → {b} {label}" for a, b, label in cells.select("start", "end", "label").iter_rows())
    alt_text = t("health.chart_alt", what=t(f"health.matrix_{name}"), parts=by_language("；", "; ").join(moved))
    drawing.show_chart(spec, alt_text, key=key, on_click=lambda: _apply_cell_click(name, key))


def _apply_cell_click(name: str, key: str) -> None:
    for point in drawing.read_clicked_marks(key):
        start, end = str(point.get("start_code")), str(point.get("end_code"))
        if end in (*migration.END_STATUSES, migration.ENDED_OTHERWISE):
            continue  # what has ended is in no list of running loans
        page_scope.toggle_filter(MATRIX_FIELDS[name][0], start)
        url_state.set_param(name, [end] if url_state.get_param(MATRIX_FIELDS[name][0]) else [])


def _min_cohort_loans() -> int:
    """A cohort of fewer loans is too small to be drawn."""
    return size_limits.integer_limit("thin_cohort")


def build_vintage_curves(scope: HealthScope) -> pl.DataFrame:
    """[iso, name, age, value, label, size] of the newest cohorts: share of what was lent that ever went bad, by age."""
    vintages = queries.cached_query(migration.load_vintages, *scope.query_key)
    curves = migration.compute_vintage_curves(vintages, scope.view.as_of, _min_cohort_loans(), MAX_CURVES)
    return curves.with_columns(
        iso=pl.col("cohort").cast(pl.String),
        name=numbers.format_series(curves["cohort"], page_scope.format_quarter),
        label=numbers.format_series(curves["value"], numbers.format_share),
        size=numbers.format_series(curves["loans"], numbers.format_count),
    ).sort("cohort", "age")


def draw_vintages(scope: HealthScope) -> None:
    """The curves, and what they show; a click on one chooses the loans of its quarter."""
    curves = build_vintage_curves(scope)
    if curves.is_empty():
        st.info(t("health.no_vintages", least=numbers.format_count(_min_cohort_loans())))
        return
    last = curves.group_by("name", maintain_order=True).agg(pl.col("age", "label").last())
    parts = (t("health.at_age", name=name, age=age, share=share) for name, age, share in last.iter_rows())
    alt_text = t("health.chart_alt", what=t("health.vintages"), parts=by_language("；", "; ").join(parts))
    key = f"vintages:{url_state.get_param(page_scope.COHORT)}"
    drawing.show_chart(
        health_charts.build_vintage_curves(curves),
        alt_text,
        key=key,
        on_click=lambda: _apply_vintage_click(key),
    )
    st.caption(_format_vintage_note(scope))


def _apply_vintage_click(key: str) -> None:
    for point in drawing.read_clicked_marks(key):
        page_scope.toggle_filter(page_scope.COHORT, str(point["iso"]))


def _format_vintage_note(scope: HealthScope) -> str:
    """What the curves show, and how many cohorts are too thin to be drawn."""
    vintages, least = queries.cached_query(migration.load_vintages, *scope.query_key), _min_cohort_loans()
    thin = migration.count_thin_cohorts(vintages, scope.view.as_of, least)
    return t("health.about_vintages", least=numbers.format_count(least), thin=numbers.format_count(thin))
