"""The charts of the pages. Labels come written already; colours of ordered classes come from the theme of the mode."""

import textwrap
from collections.abc import Callable
from copy import deepcopy
from functools import wraps
from typing import Any

import altair as alt
import polars as pl
import streamlit as st

from pages.ui.i18n import language
from pages.ui.i18n.language import t

Spec = dict[str, Any]
ALLOWED, BLOCKED, UNKNOWN = "#2F7FC1", "#D55E00", "#808890"  # told apart by all kinds of colour vision, in both modes
# By dark: little → much, all of them a ground on which the ink of the mode can be read.
SHADES = {False: ["#E4EEF9", "#7DB0E3"], True: ["#1D2C40", "#3A6699"]}
TEXT_COLOURS = {False: "#1B2430", True: "#E6EAF0"}
AXIS_AMOUNT = {
    "zh": "datum.value == 0 ? '0' : abs(datum.value) >= 1e8 ? format(datum.value / 1e8, ',.3~f') + '亿'"
    " : format(datum.value / 1e4, ',.3~f') + '万'",
    "en": "datum.value == 0 ? '0' : abs(datum.value) >= 1e9 ? format(datum.value / 1e9, ',.3~f') + 'B'"
    " : abs(datum.value) >= 1e6 ? format(datum.value / 1e6, ',.3~f') + 'M' : format(datum.value / 1e3, ',.3~f') + 'K'",
}


CLICK_SELECTION = "pick"  # the selection by which the marks of a chart are clicked
MUTED_COLOURS = {False: "#4A5361", True: "#B4BCC8"}  # by dark: the ink of axes and of figures beside marks


def is_dark_mode() -> bool:
    return st.context.theme.type == "dark"


def muted_colour() -> str:
    return MUTED_COLOURS[is_dark_mode()]


def text_colour() -> str:
    return TEXT_COLOURS[is_dark_mode()]


# The last argument is not part of the key: a function is hashed slowly, and its name says the same.
@st.cache_resource(max_entries=500, show_spinner=False)
def _build_cached_spec(
    name: str,  # noqa: ARG001  # this and the mode are read by the cache only
    lang: str,  # noqa: ARG001
    is_dark: bool,  # noqa: ARG001
    rows: tuple[Any, ...],
    _make: Callable[..., alt.TopLevelMixin],
) -> Spec:
    # Altair's own check of the finished chart costs as much as all the rest of a page.
    return _convert_rows_to_frames(_make(*rows).to_dict(validate=False))


def _convert_rows_to_frames(spec: Spec) -> Spec:
    """Its rows as frames, which go to the browser as they are: lists of records go through pandas every time."""
    sets = spec.get("datasets", {})
    frames = {name: pl.from_dicts(rows, infer_schema_length=None) for name, rows in sets.items() if rows}
    return spec | {"datasets": sets | frames} if frames else spec


def cached_chart(make: Callable[..., alt.TopLevelMixin]) -> Callable[..., Spec]:
    """The chart as a spec, made once for the same rows, language and mode: Altair takes longer than all the page."""

    @wraps(make)
    def made(*rows: Any) -> Spec:
        return deepcopy(
            _build_cached_spec(
                f"{make.__module__}.{make.__qualname__}", language.current_language(), is_dark_mode(), rows, make
            )
        )

    return made


def show_chart(
    chart: Spec,
    alt_text: str,
    *,
    data: pl.DataFrame | None = None,
    key: str | None = None,
    on_click: Callable[[], None] | None = None,
    width: str | None = None,
) -> None:
    """The one way a chart reaches the page: legible in both modes, with words for who cannot see it.

    `picked`: its marks can be clicked, and this runs before the page does.
    """
    written = {"labelColor": muted_colour(), "titleColor": muted_colour()}
    spec = chart | {"config": chart.get("config", {}) | {"axis": written, "legend": written}}
    options = {"on_select": on_click, "selection_mode": CLICK_SELECTION} if on_click else {}
    st.vega_lite_chart(data, spec, alt=alt_text, key=key, width=width, **options)


def read_clicked_marks(key: str) -> list[dict[str, object]]:
    """The marks that were clicked on the chart of this key."""
    return st.session_state[key].selection.get(CLICK_SELECTION) or []


def has_values(frame: pl.DataFrame, value: str) -> bool:
    """Whether any row has a value to draw; a sum of nothing is none."""
    return bool((frame[value].fill_null(0) != 0).any())


def build_amount_axis(**options: object) -> alt.Axis:
    return alt.Axis(labelExpr=language.by_language(AXIS_AMOUNT["zh"], AXIS_AMOUNT["en"]), title=None, **options)


def build_month_axis(snapshots: int) -> alt.X:
    """Snapshots as ordered bands labelled year-month: month-ends are not evenly spaced, and every one is shown."""
    return alt.X("month:O", title=None, sort=None, axis=alt.Axis(labelAngle=-45 if snapshots > 6 else 0))


@cached_chart
def build_ratio_trend(frame: pl.DataFrame, names: list[str]) -> alt.Chart:
    """[month, day, name, value, label]: a line a ratio, told apart by colour and by shape."""
    scale, legend = alt.Scale(domain=names), alt.Legend(labelLimit=0, orient="top", title=None, columns=3)
    base = alt.Chart(frame).encode(
        x=build_month_axis(frame.unique("month").height),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format=".1%", tickCount=4)),
        color=alt.Color("name:N", scale=scale, sort=names, legend=legend),
        shape=alt.Shape("name:N", scale=scale, sort=names, legend=legend),
        tooltip=[
            alt.Tooltip("day:N", title=t("frame.as_of")),
            alt.Tooltip("name:N", title=t("chart.ratio")),
            alt.Tooltip("label:N", title=t("chart.value")),
        ],
    )
    return base.mark_line(point=alt.OverlayMarkDef(size=45, filled=True)).properties(height=300)


def wrap_long_names(frame: pl.DataFrame, column: str) -> pl.DataFrame:
    """Long names on several lines, which an axis of names shows as such; Chinese ones may break after a comma."""
    width = language.by_language(20, 36)
    lines = (textwrap.fill(name.replace("、", "、 "), width).replace("、 ", "、") for name in frame[column])
    return frame.with_columns(pl.Series(column, list(lines), dtype=pl.String))


def build_name_axis() -> alt.Axis:
    return alt.Axis(labelExpr="split(datum.label, '\\n')", labelLimit=0, ticks=False, domain=False)


def compute_height(bars: int) -> int:
    """The height that so many bars beside each other take, with the room that Streamlit keeps under a chart."""
    return 24 * bars + 28


@cached_chart
def build_balance_bars(frame: pl.DataFrame, title: str) -> alt.LayerChart:
    """[name, balance, label, loans]: bars in the order given, each with its figure written at its end."""
    base = alt.Chart(frame).encode(
        y=alt.Y(
            "name:N", sort=frame["name"].to_list(), axis=alt.Axis(title=None, labelLimit=300, ticks=False, domain=False)
        ),
        x=alt.X(
            "balance:Q", axis=None, scale=alt.Scale(domainMin=0, domainMax=float(frame["balance"].max() or 1) * 1.7)
        ),
        tooltip=[
            alt.Tooltip("name:N", title=title),
            alt.Tooltip("label:N", title=t("kpi.balance")),
            alt.Tooltip("loans:N", title=t("kpi.loans")),
        ],
    )
    written = base.mark_text(color=muted_colour(), fontSize=12, align="left", dx=5).encode(text="label:N")
    filled = base.mark_bar(color=ALLOWED, opacity=0.85, cornerRadiusEnd=2)
    return (filled + written).properties(height=compute_height(frame.height))


@cached_chart
def build_frontier_strip(frame: pl.DataFrame, marks: pl.DataFrame, names: list[str]) -> alt.LayerChart:
    """The frontier: [line, start, end, verdict, days, why], and marks [day, name] across it. `end` is the day after."""
    frame = wrap_long_names(frame, "line")
    lines = frame["line"].unique(maintain_order=True).to_list()
    base = alt.Chart(frame).encode(
        x=alt.X("start:T", title=None, axis=alt.Axis(format="%Y-%m", tickCount=8, labelOverlap=True)),
        x2="end:T",
        y=alt.Y("line:N", sort=lines, title=None, axis=build_name_axis()),
        color=alt.Color(
            "verdict:N",
            scale=alt.Scale(domain=names, range=[ALLOWED, BLOCKED, UNKNOWN]),
            legend=alt.Legend(labelLimit=0, orient="top", title=None, columns=3),
        ),
        tooltip=[
            alt.Tooltip("days:N", title=t("whatif.new_maturity")),
            alt.Tooltip("verdict:N", title=t("whatif.verdict")),
            alt.Tooltip("why:N", title=t("whatif.blocked_by")),
        ],
    )
    rules = alt.Chart(marks).encode(
        x="day:T",
        strokeDash=alt.StrokeDash(
            "name:N",
            scale=alt.Scale(domain=marks["name"].to_list()),
            legend=alt.Legend(labelLimit=0, orient="bottom", title=None, columns=2),
        ),
        tooltip=[alt.Tooltip("name:N", title=t("chart.mark")), alt.Tooltip("text:N", title=t("chart.value"))],
    )
    strips = base.mark_bar() + rules.mark_rule(size=2, color=UNKNOWN)
    return strips.properties(height=34 * len(lines) + 150)
