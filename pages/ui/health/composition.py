"""What the loans are made of: one chart a dimension, every bar of which can be clicked; and the largest borrowers."""

import polars as pl
import streamlit as st

from data.queries import capital, composition, migration
from data.reference.dimensions import load_dimensions
from pages.ui.app import queries, url_state
from pages.ui.charts import drawing, health_charts
from pages.ui.health import cards, page_scope
from pages.ui.health.cards import MetricCard
from pages.ui.health.page_scope import HealthScope
from pages.ui.i18n import numbers
from pages.ui.i18n.axis_dates import add_axis_dates
from pages.ui.i18n.language import by_language, code_labels, t
from pages.ui.widgets import tables
from policy.monitoring.metric_groups import MetricGroup

MAX_BARS = 14  # bars of a chart; the rest is summed up and named
ORDERED_DIMENSIONS = (
    "classification",
    "late",
    "ladder",
    "coverage",
    "term",
)  # shown in the order of their codes, empty ones too
LARGEST_COLUMNS = {
    "name": "text",
    "balance": "whole",
    "net_capital_share": "share",
    "tier1_share": "share",
    "share": "share",
}
BREAKDOWN_COLUMNS = {"name": "text", "loans": "count", "balance": "whole", "share": "share", "npl_ratio": "share"}
MAX_RATIO_LINES = 3  # ratios drawn


def build_breakdown(scope: HealthScope, name: str) -> pl.DataFrame:
    """[code, name, loans, balance, share, npl_ratio, on] of one dimension, as the other choices leave it."""
    words = page_scope.load_code_labels(scope.view, load_dimensions()[name])
    sums = queries.cached_query(composition.sum_by_dimension, *scope.query_key, scope.chosen_parts)
    parts = composition.compute_breakdown(
        sums.filter(pl.col("dimension") == name), tuple(words) if name in ORDERED_DIMENSIONS else None
    )
    chosen = scope.chosen_code(name)
    code = pl.col("value").fill_null(page_scope.UNKNOWN)
    return parts.select(
        code=code,
        name=pl.col("value").replace(words).fill_null(t("health.not_stated")),
        loans="loans",
        balance="balance",
        share="share",
        npl_ratio="npl_ratio",
        on=pl.lit(True) if chosen is None else code == chosen,
    )


def _build_bars(parts: pl.DataFrame) -> pl.DataFrame:
    """The largest parts with [label, count, bad] in words."""
    shown = _merge_small_parts(parts)
    return shown.with_columns(
        label=numbers.format_series(shown.select(pl.struct("balance", "share")).to_series(), _format_amount_and_share),
        count=numbers.format_series(shown["loans"], numbers.format_count),
        bad=numbers.format_series(shown["npl_ratio"], numbers.format_share),
    )


def _format_amount_and_share(row: dict[str, float | None]) -> str:
    return f"{numbers.format_compact_amount(row['balance'])} · {numbers.format_share(row['share'])}"


def _merge_small_parts(shown: pl.DataFrame) -> pl.DataFrame:
    """The largest, and the rest as one bar that says how many it holds and cannot be clicked."""
    if shown.height <= MAX_BARS:
        return shown
    rest = shown[MAX_BARS - 1 :]
    last = rest.select(pl.col("loans", "balance", "share").sum()).with_columns(
        name=pl.lit(t("health.others", n=numbers.format_count(rest.height))), code=pl.lit(""), on=pl.lit(False)
    )
    return pl.concat([shown[: MAX_BARS - 1], last], how="diagonal_relaxed")


def draw_breakdown_chart(scope: HealthScope, name: str) -> None:
    """The bars of a dimension; a click chooses a part, another click gives it back."""
    parts, key = build_breakdown(scope, name), f"pick_{name}:{scope.chosen_code(name)}"
    if not drawing.has_values(parts, "balance"):
        st.info(t("health.no_balance"))
        return
    if not parts.filter(pl.col("code") != page_scope.UNKNOWN)["loans"].sum():
        st.info(
            t(
                "health.all_unstated",
                n=numbers.format_count(int(parts["loans"].sum())),
                what=page_scope.dimension_title(name),
            )
        )
        return
    shown = _build_bars(parts)
    alt_text = t("health.chart_alt", what=page_scope.dimension_title(name), parts=_format_alt_text(shown))
    spec = health_charts.build_composition_bars(shown, page_scope.dimension_title(name))
    drawing.show_chart(spec, alt_text, key=key, on_click=lambda: _apply_bar_click(name, key))


def _format_alt_text(shown: pl.DataFrame) -> str:
    return by_language("；", "; ").join(f"{name} {label}" for name, label in shown.select("name", "label").iter_rows())


def _apply_bar_click(name: str, key: str) -> None:
    for point in drawing.read_clicked_marks(key):
        if point.get("code"):
            page_scope.toggle_filter(name, str(point["code"]))


def choose_dimension(names: tuple[str, ...]) -> str:
    return url_state.select_segment(
        "by", t("health.by"), {name: page_scope.dimension_title(name) for name in names}, default=names[0]
    )


def choose_largest_kind() -> str:
    labels = {"borrower": t("health.largest_borrower"), "group": t("health.largest_group")}
    return url_state.select_segment("largest", t("health.largest_of"), labels, default="borrower")


def draw_breakdown_table(scope: HealthScope, name: str) -> None:
    """Every part, the small ones that have no bar too; picking a row is a click on its bar."""
    parts = build_breakdown(scope, name)
    row = tables.draw_table(
        parts,
        BREAKDOWN_COLUMNS,
        key=f"table_{name}:{scope.chosen_code(name)}",
        selectable=True,
        height=tables.TALL_HEIGHT,
    )
    if row is not None:
        page_scope.toggle_filter(name, parts["code"][row])
        st.rerun()


def draw_balance_trend(scope: HealthScope) -> None:
    """The balance by class at each snapshot; a click on a part leads to its day and class."""
    sums = add_axis_dates(load_balance_trend(scope))
    if sums["as_of"].n_unique() < 2:
        st.info(t("health.one_snapshot_trend" if sums.height else "health.no_balance"))
        return
    latest = sums.filter(pl.col("as_of") == sums["as_of"].max()).sort("rank")
    alt_text = t("health.chart_alt", what=t("health.balance_trend"), parts=_format_alt_text(latest))
    key = f"history:{scope.view.as_of}:{scope.chosen_code('classification')}"
    spec = health_charts.build_class_trend(sums, class_names())
    drawing.show_chart(spec, alt_text, key=key, on_click=lambda: _apply_trend_click(key))


def draw_ratio_trend(scope: HealthScope, walls: list[tuple[MetricGroup, list[MetricCard]]]) -> None:
    """The first few ratios at each snapshot; a click on a point leads to its day."""
    lines, names = cards.build_ratio_trend(scope, walls, MAX_RATIO_LINES)
    if lines["as_of"].n_unique() < 2:
        st.info(t("health.one_snapshot_trend" if lines.height else "health.no_ratios"))
        return
    lines = add_axis_dates(lines)
    latest = lines.filter(pl.col("as_of") == lines["as_of"].max())
    alt_text = t("health.chart_alt", what=t("health.ratio_trend"), parts=_format_alt_text(latest))
    key = f"ratios:{scope.view.as_of}"
    drawing.show_chart(
        health_charts.build_ratio_lines(lines, names),
        alt_text,
        key=key,
        on_click=lambda: _apply_trend_click(key),
    )


def _apply_trend_click(key: str) -> None:
    """The snapshot of the mark that was clicked, and the class where it stands for one."""
    for point in drawing.read_clicked_marks(key):
        url_state.set_param_and_widget("as_of", str(point["iso"]))
        if point.get("code"):
            url_state.set_param("classification", [str(point["code"])])


def load_balance_trend(scope: HealthScope) -> pl.DataFrame:
    """[as_of, code, name, rank, balance, label] of each snapshot up to the day, by five-category class."""
    words = code_labels("classification")
    history = queries.cached_query(migration.load_history, scope.view.currency, scope.branch)
    order = {code: rank for rank, code in enumerate(words)}
    rank = pl.col("classification").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    sums = migration.sum_by_class(history, scope.view.as_of).with_columns(rank=rank).sort("as_of", "rank")
    return sums.with_columns(
        pl.col("balance").cast(pl.Float64),
        code=pl.col("classification").fill_null(page_scope.UNKNOWN),
        name=pl.col("classification").replace(words).fill_null(t("health.not_stated")),
        label=numbers.format_series(sums["balance"], numbers.format_compact_amount),
    )


def class_names() -> list[str]:
    return [*code_labels("classification").values(), t("health.not_stated")]


def load_largest(scope: HealthScope, kind: str) -> pl.DataFrame:
    """The ten largest borrowers or groups, with their shares of the balance and of the bank's capital."""
    rows = queries.cached_query(composition.list_largest_debtors, *scope.query_key, kind)
    bank = queries.cached_query(capital.load_capital, scope.view.as_of)
    total = queries.cached_query(composition.sum_selection, *scope.query_key, ())["balance"]
    shares = capital.add_capital_shares(rows, bank).with_columns(
        name=pl.coalesce("name", "id"), share=capital.divide_by(pl.col("balance"), total)
    )
    return shares.rename({"to_net": "net_capital_share", "to_tier1": "tier1_share"})


def draw_largest(scope: HealthScope) -> None:
    """The list; a row picked narrows the loans to those of the borrower or group, and picked again it lets go."""
    of = choose_largest_kind()
    rows = load_largest(scope, of)
    if not drawing.has_values(rows, "balance"):
        st.info(t("health.no_groups" if of == page_scope.GROUP and rows.is_empty() else "health.no_balance"))
        return
    key = f"largest:{of}:{url_state.get_param(of)}"
    row = tables.draw_table(
        rows, tables.find_non_empty_columns(rows, LARGEST_COLUMNS), key=key, selectable=True, height=tables.TALL_HEIGHT
    )
    if row is not None:
        page_scope.toggle_filter(of, rows["id"][row])
        st.rerun()
