"""The charts of the pages. Labels come written already; colours of ordered classes come from the theme of the mode."""

import altair as alt
import polars as pl

from pages.ui import language
from pages.ui.language import say

ALLOWED, BLOCKED, UNKNOWN = "#2F7FC1", "#D55E00", "#808890"  # told apart by all kinds of colour vision, in both modes
AXIS_AMOUNT = {
    "zh": "datum.value == 0 ? '0' : abs(datum.value) >= 1e8 ? format(datum.value / 1e8, ',.3~f') + '亿'"
    " : format(datum.value / 1e4, ',.3~f') + '万'",
    "en": "datum.value == 0 ? '0' : abs(datum.value) >= 1e9 ? format(datum.value / 1e9, ',.3~f') + 'B'"
    " : abs(datum.value) >= 1e6 ? format(datum.value / 1e6, ',.3~f') + 'M' : format(datum.value / 1e3, ',.3~f') + 'K'",
}


def amount_axis(**options: object) -> alt.Axis:
    return alt.Axis(labelExpr=language.pick(AXIS_AMOUNT["zh"], AXIS_AMOUNT["en"]), title=None, **options)


def _days(frame: pl.DataFrame) -> alt.X:
    """Snapshots as ordered bands labelled year-month: month-ends are not evenly spaced, and every one is shown."""
    return alt.X("month:O", title=None, sort=None, axis=alt.Axis(labelAngle=-45 if frame.height > 6 else 0))


def balance_trend(frame: pl.DataFrame) -> alt.Chart:
    """[month, balance, label]: one bar a snapshot."""
    base = alt.Chart(frame).encode(
        x=_days(frame),
        y=alt.Y("balance:Q", axis=amount_axis(tickCount=4)),
        tooltip=[alt.Tooltip("day:N", title=say("frame.as_of")), alt.Tooltip("label:N", title=say("kpi.balance"))],
    )
    return base.mark_bar(color=ALLOWED, opacity=0.85).properties(height=230)


def ratio_trend(frame: pl.DataFrame, names: list[str]) -> alt.Chart:
    """[month, day, name, value, label]: a line a ratio, told apart by colour and by shape."""
    scale, legend = alt.Scale(domain=names), alt.Legend(orient="top", title=None, columns=3)
    base = alt.Chart(frame.filter(pl.col("value").is_not_null())).encode(
        x=_days(frame.unique("month")),
        y=alt.Y("value:Q", title=None, axis=alt.Axis(format=".1%", tickCount=4)),
        color=alt.Color("name:N", scale=scale, sort=names, legend=legend),
        shape=alt.Shape("name:N", scale=scale, sort=names, legend=legend),
        tooltip=[
            alt.Tooltip("day:N", title=say("frame.as_of")),
            alt.Tooltip("name:N", title=say("chart.ratio")),
            alt.Tooltip("label:N", title=say("chart.value")),
        ],
    )
    return base.mark_line(point=alt.OverlayMarkDef(size=45, filled=True)).properties(height=230)


def mix(frame: pl.DataFrame, names: list[str]) -> alt.Chart:
    """[name, rank, balance, share, label]: one bar to 100 %; the table beside it carries the figures."""
    return (
        alt.Chart(frame)
        .mark_bar(stroke="white", strokeWidth=1)
        .encode(
            x=alt.X("balance:Q", stack="normalize", title=None, axis=alt.Axis(format=".0%", tickCount=5)),
            color=alt.Color("name:N", scale=alt.Scale(domain=names), sort=names,
                            legend=alt.Legend(orient="top", title=None, columns=3)),
            order=alt.Order("rank:Q"),
            tooltip=[alt.Tooltip("name:N", title=say("health.class")), alt.Tooltip("label:N", title=say("kpi.balance"))],
        )
        .properties(height=90)
    )  # fmt: skip


def bars(frame: pl.DataFrame, title: str, *, horizontal: bool = True) -> alt.LayerChart:
    """[name, balance, label, loans]: bars in the order given, each with its figure written at its end."""
    names = frame["name"].to_list()
    wide = alt.Axis(title=None, labelLimit=170, ticks=False, domain=False, labelAngle=0)
    kind = (alt.Y if horizontal else alt.X)("name:N", sort=names, axis=wide)
    room = alt.Scale(domainMax=float(frame["balance"].max() or 1) * (1.35 if horizontal else 1.12), domainMin=0)
    size = (alt.X if horizontal else alt.Y)("balance:Q", axis=None, scale=room)
    tooltip = [
        alt.Tooltip("name:N", title=title),
        alt.Tooltip("label:N", title=say("kpi.balance")),
        alt.Tooltip("loans:N", title=say("kpi.loans")),
    ]
    base = alt.Chart(frame).encode(tooltip=tooltip, **({"y": kind, "x": size} if horizontal else {"x": kind, "y": size}))
    place = {"align": "left", "dx": 5} if horizontal else {"baseline": "bottom", "dy": -4}
    height = max(120, 27 * frame.height) if horizontal else 250
    written = base.mark_text(color="#808890", fontSize=12, **place).encode(text="label:N")
    return (base.mark_bar(color=ALLOWED, opacity=0.85, cornerRadiusEnd=2) + written).properties(height=height)


def calendar(frame: pl.DataFrame) -> alt.LayerChart:
    """[month, day_of_month, balance, loans, day, label]: months down, days across, darker where more matures."""
    months = frame["month"].unique(maintain_order=True).to_list()
    base = alt.Chart(frame).encode(
        x=alt.X("day_of_month:O", title=None, axis=alt.Axis(labelAngle=0, ticks=False, domain=False), sort="x"),
        y=alt.Y("month:O", title=None, sort=months, axis=alt.Axis(ticks=False, domain=False)),
        tooltip=[
            alt.Tooltip("day:N", title=say("loan.current_maturity")),
            alt.Tooltip("loans:Q", title=say("kpi.loans")),
            alt.Tooltip("label:N", title=say("kpi.balance")),
        ],
    )
    shade = alt.Color("balance:Q", scale=alt.Scale(type="sqrt", domainMin=0),
                      legend=alt.Legend(orient="top", title=None, gradientLength=220,
                                        labelExpr=language.pick(AXIS_AMOUNT["zh"], AXIS_AMOUNT["en"])))  # fmt: skip
    return base.mark_rect(cornerRadius=2, stroke="white", strokeWidth=0.5).encode(color=shade).properties(
        height=26 * len(months) + 20
    )


def strip(frame: pl.DataFrame, marks: pl.DataFrame, names: list[str]) -> alt.LayerChart:
    """The frontier: [line, start, end, verdict, days, why], and marks [day, name] across it. `end` is the day after."""
    lines = frame["line"].unique(maintain_order=True).to_list()
    base = alt.Chart(frame).encode(
        x=alt.X("start:T", title=None, axis=alt.Axis(format="%Y-%m", tickCount=8, labelOverlap=True)),
        x2="end:T",
        y=alt.Y("line:N", sort=lines, title=None, axis=alt.Axis(labelLimit=230, ticks=False, domain=False)),
        color=alt.Color("verdict:N", scale=alt.Scale(domain=names, range=[ALLOWED, BLOCKED, UNKNOWN]),
                        legend=alt.Legend(orient="top", title=None)),
        tooltip=[
            alt.Tooltip("days:N", title=say("whatif.new_maturity")),
            alt.Tooltip("verdict:N", title=say("whatif.verdict")),
            alt.Tooltip("why:N", title=say("whatif.blocked_by")),
        ],
    )  # fmt: skip
    rules = alt.Chart(marks).encode(
        x="day:T", strokeDash=alt.StrokeDash("name:N", legend=alt.Legend(orient="top", title=None)),
        tooltip=[alt.Tooltip("name:N", title=say("chart.mark")), alt.Tooltip("text:N", title=say("chart.value"))],
    )
    strips = base.mark_bar(height=20) + rules.mark_rule(size=2, color="#808890")
    return strips.properties(height=30 * len(lines) + 20)
