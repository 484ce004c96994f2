"""Charts of the policy page: moves by rule, the threshold curve, the dates in force."""

from datetime import date

import altair as alt
import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, BLOCKED, UNKNOWN
from pages.ui.i18n.language import t


@drawing.cached_chart
def build_impact_bars(frame: pl.DataFrame) -> alt.Chart:
    """[name, kind, records, loans, yuan]: to the right what a rule gains, to the left what it loses."""
    kinds = {"added": BLOCKED, "removed": ALLOWED, "became_not_assessable": UNKNOWN, "ceased_not_assessable": "#B9C0C8"}
    scale = alt.Scale(domain=[t(f"policy.kind_{kind}") for kind in kinds], range=list(kinds.values()))
    frame = drawing.wrap_long_names(frame, "name")
    names = frame["name"].unique(maintain_order=True).to_list()
    return (
        alt.Chart(frame)
        .mark_bar(height=16, cornerRadiusEnd=2)
        .encode(
            y=alt.Y("name:N", sort=names, title=None, axis=drawing.build_name_axis()),
            x=alt.X("records:Q", title=None, axis=alt.Axis(tickCount=5, format=",d", tickMinStep=1)),
            color=alt.Color("kind:N", scale=scale, legend=alt.Legend(orient="top", title=None, labelLimit=0)),
            tooltip=[
                alt.Tooltip("name:N", title=t("filter.rule_id")),
                alt.Tooltip("kind:N", title=t("col.kind")),
                alt.Tooltip("records:Q", title=t("col.records")),
                alt.Tooltip("loans:N", title=t("kpi.loans")),
                alt.Tooltip("yuan:N", title=t("kpi.balance")),
            ],
        )
        .properties(height=34 * len(names) + 110)
    )


@drawing.cached_chart
def build_threshold_curve(frame: pl.DataFrame, now: int) -> alt.LayerChart:
    """[value, tried, violations, loans, label]: a step for each limit tried; a dashed line at what is caught now."""
    base = alt.Chart(frame)
    axis = alt.Axis(labelAngle=-35, labelOverlap=True)
    line = base.mark_line(color=ALLOWED, point=alt.OverlayMarkDef(size=50, filled=True, color=ALLOWED)).encode(
        x=alt.X("tried:N", sort=frame["tried"].to_list(), title=t("policy.curve_limit"), axis=axis),
        y=alt.Y("violations:Q", title=t("col.violations"), axis=alt.Axis(tickCount=5, format=",d", tickMinStep=1)),
        tooltip=[
            alt.Tooltip("tried:N", title=t("policy.curve_limit")),
            alt.Tooltip("violations:Q", title=t("col.violations")),
            alt.Tooltip("loans:Q", title=t("kpi.loans")),
            alt.Tooltip("label:N", title=t("kpi.balance")),
        ],
    )
    level = (
        alt.Chart(pl.DataFrame({"now": [now]}))
        .mark_rule(color=BLOCKED, strokeDash=[6, 4])
        .encode(y="now:Q", tooltip=[alt.Tooltip("now:Q", title=t("policy.as_it_is"))])
    )
    return (line + level).properties(height=300)


@drawing.cached_chart
def build_validity_timeline(frame: pl.DataFrame, as_of: date) -> alt.LayerChart:
    """[name, whole, what, start, end, days]: a bar a row in force; a line at the snapshot."""
    frame = drawing.wrap_long_names(frame, "name")
    names = frame["name"].unique(maintain_order=True).to_list()
    whats = frame["what"].unique(maintain_order=True).to_list()
    bars = (
        alt.Chart(frame)
        .mark_bar(height=12, cornerRadius=2)
        .encode(
            x=alt.X("start:T", title=None, axis=alt.Axis(format="%Y", tickCount=8, orient="top")),
            x2="end:T",
            y=alt.Y("name:N", sort=names, title=None, axis=drawing.build_name_axis()),
            color=alt.Color(
                "what:N",
                scale=alt.Scale(domain=whats, range=[ALLOWED, "#E3B100"]),
                legend=alt.Legend(orient="top", title=None) if len(whats) > 1 else None,
            ),
            tooltip=[
                alt.Tooltip("whole:N", title=t("col.row_name")),
                alt.Tooltip("days:N", title=t("policy.in_force")),
            ],
        )
    )
    mark = (
        alt.Chart(pl.DataFrame({"day": [as_of]}))
        .mark_rule(color=BLOCKED, size=2)
        .encode(x="day:T", tooltip=[alt.Tooltip("day:T", title=t("frame.as_of"), format="%Y-%m-%d")])
    )
    return (bars + mark).properties(height=30 * len(names) + 90)
