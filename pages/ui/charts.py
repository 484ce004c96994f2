"""The charts of the pages. Labels come written already; colours of ordered classes come from the theme of the mode."""

from collections.abc import Callable

import altair as alt
import polars as pl
import streamlit as st

from pages.ui import language
from pages.ui.language import say

ALLOWED, BLOCKED, UNKNOWN = "#2F7FC1", "#D55E00", "#808890"  # told apart by all kinds of colour vision, in both modes
SHADES = {False: ["#D6E6F7", "#1F5FA8"], True: ["#22354C", "#8CBDF2"]}  # by dark: little → much
INKS = {False: (alt.value("white"), alt.value("#1B2430")), True: (alt.value("#11161D"), alt.value("#E6EAF0"))}
AXIS_AMOUNT = {
    "zh": "datum.value == 0 ? '0' : abs(datum.value) >= 1e8 ? format(datum.value / 1e8, ',.3~f') + '亿'"
    " : format(datum.value / 1e4, ',.3~f') + '万'",
    "en": "datum.value == 0 ? '0' : abs(datum.value) >= 1e9 ? format(datum.value / 1e9, ',.3~f') + 'B'"
    " : abs(datum.value) >= 1e6 ? format(datum.value / 1e6, ',.3~f') + 'M' : format(datum.value / 1e3, ',.3~f') + 'K'",
}


def show(draw: Callable[..., alt.TopLevelMixin], frame: pl.DataFrame, *options: object, value: str = "balance") -> None:
    """Draw the chart of a frame; where no row has a value, say so instead of drawing nothing."""
    if frame[value].drop_nulls().is_empty() or (value == "balance" and not frame[value].sum()):
        st.info(say("chart.nothing"))
    else:
        put(draw(frame, *options))


def put(chart: alt.TopLevelMixin) -> None:
    """Onto the page. Altair's own check of the finished chart costs as much as all the rest of a page."""
    st.vega_lite_chart(chart.to_dict(validate=False))


def amount_axis(**options: object) -> alt.Axis:
    return alt.Axis(labelExpr=language.pick(AXIS_AMOUNT["zh"], AXIS_AMOUNT["en"]), title=None, **options)


def plain(
    frame: pl.DataFrame, draw: Callable[..., dict[str, object]], what: str, *options: object, value: str = "balance"
) -> None:
    """As show, for a chart written as Vega-Lite; `what` it shows is its alternative text."""
    if frame[value].drop_nulls().is_empty() or (value == "balance" and not frame[value].sum()):
        st.info(say("chart.nothing"))
    else:
        st.vega_lite_chart(frame, draw(frame, *options), alt=what)


def pickable(frame: pl.DataFrame, spec: dict[str, object], key: str, picked: Callable[[], None], spoken: str) -> None:
    """As plain, and the marks can be clicked: `picked` runs before the page does."""
    st.vega_lite_chart(frame, spec, key=key, on_select=picked, selection_mode="pick", alt=spoken)


def points(key: str) -> list[dict[str, object]]:
    """The marks that were clicked on the chart of this key."""
    return st.session_state[key].selection.get("pick", [])


def months(snapshots: int) -> alt.X:
    """Snapshots as ordered bands labelled year-month: month-ends are not evenly spaced, and every one is shown."""
    return alt.X("month:O", title=None, sort=None, axis=alt.Axis(labelAngle=-45 if snapshots > 6 else 0))


def ratio_trend(frame: pl.DataFrame, names: list[str]) -> alt.Chart:
    """[month, day, name, value, label]: a line a ratio, told apart by colour and by shape."""
    scale, legend = alt.Scale(domain=names), alt.Legend(labelLimit=0, orient="top", title=None, columns=3)
    base = alt.Chart(frame).encode(
        x=months(frame.unique("month").height),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format=".1%", tickCount=4)),
        color=alt.Color("name:N", scale=scale, sort=names, legend=legend),
        shape=alt.Shape("name:N", scale=scale, sort=names, legend=legend),
        tooltip=[
            alt.Tooltip("day:N", title=say("frame.as_of")),
            alt.Tooltip("name:N", title=say("chart.ratio")),
            alt.Tooltip("label:N", title=say("chart.value")),
        ],
    )
    return base.mark_line(point=alt.OverlayMarkDef(size=45, filled=True)).properties(height=300)


def bars(frame: pl.DataFrame, title: str) -> alt.LayerChart:
    """[name, balance, label, loans]: bars in the order given, each with its figure written at its end."""
    base = alt.Chart(frame).encode(
        y=alt.Y(
            "name:N", sort=frame["name"].to_list(), axis=alt.Axis(title=None, labelLimit=170, ticks=False, domain=False)
        ),
        x=alt.X(
            "balance:Q", axis=None, scale=alt.Scale(domainMin=0, domainMax=float(frame["balance"].max() or 1) * 1.7)
        ),
        tooltip=[
            alt.Tooltip("name:N", title=title),
            alt.Tooltip("label:N", title=say("kpi.balance")),
            alt.Tooltip("loans:N", title=say("kpi.loans")),
        ],
    )
    written = base.mark_text(color=UNKNOWN, fontSize=12, align="left", dx=5).encode(text="label:N")
    filled = base.mark_bar(color=ALLOWED, opacity=0.85, cornerRadiusEnd=2)
    return (filled + written).properties(height=max(120, 27 * frame.height))


def strip(frame: pl.DataFrame, marks: pl.DataFrame, names: list[str]) -> alt.LayerChart:
    """The frontier: [line, start, end, verdict, days, why], and marks [day, name] across it. `end` is the day after."""
    lines = frame["line"].unique(maintain_order=True).to_list()
    base = alt.Chart(frame).encode(
        x=alt.X("start:T", title=None, axis=alt.Axis(format="%Y-%m", tickCount=8, labelOverlap=True)),
        x2="end:T",
        y=alt.Y("line:N", sort=lines, title=None, axis=alt.Axis(labelLimit=190, ticks=False, domain=False)),
        color=alt.Color("verdict:N", scale=alt.Scale(domain=names, range=[ALLOWED, BLOCKED, UNKNOWN]),
                        legend=alt.Legend(labelLimit=0, orient="top", title=None, columns=3)),
        tooltip=[
            alt.Tooltip("days:N", title=say("whatif.new_maturity")),
            alt.Tooltip("verdict:N", title=say("whatif.verdict")),
            alt.Tooltip("why:N", title=say("whatif.blocked_by")),
        ],
    )  # fmt: skip
    rules = alt.Chart(marks).encode(
        x="day:T",
        strokeDash=alt.StrokeDash(
            "name:N",
            scale=alt.Scale(domain=marks["name"].to_list()),
            legend=alt.Legend(labelLimit=0, orient="bottom", title=None, columns=2),
        ),
        tooltip=[alt.Tooltip("name:N", title=say("chart.mark")), alt.Tooltip("text:N", title=say("chart.value"))],
    )
    strips = base.mark_bar() + rules.mark_rule(size=2, color=UNKNOWN)
    return strips.properties(height=34 * len(lines) + 150)
