"""Charts of the policy page: changes by rule, the threshold curve, the periods in force."""

from datetime import date

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, BLOCKED, UNKNOWN
from pages.ui.charts.encoding import (
    COUNT_AXIS,
    Spec,
    build_channel,
    build_datasets,
    build_layer,
    build_legend,
    build_name_axis,
    build_scale,
    build_tooltip,
)
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t

KIND_COLOURS = {
    "added": BLOCKED,
    "removed": ALLOWED,
    "became_not_assessable": UNKNOWN,
    "ceased_not_assessable": "#B9C0C8",
}
ENDING_COLOUR = "#E3B100"


def build_impact_bars(frame: pl.DataFrame) -> Spec:
    """[name, kind, records, loans, yuan]: to the right what a rule gains, to the left what it loses."""
    frame = drawing.wrap_long_names(frame, "name")
    names = drawing.list_names(frame, "name")
    scale = build_scale([t(f"policy.kind_{kind}") for kind in KIND_COLOURS], list(KIND_COLOURS.values()))
    return {
        "data": frame,
        "height": 34 * len(names) + 110,
        "mark": {"type": "bar", "height": 16, "cornerRadiusEnd": 2},
        "encoding": {
            "y": build_channel("name", "nominal", sort=names, title=None, axis=build_name_axis()),
            "x": build_channel("records", "quantitative", title=None, axis=COUNT_AXIS),
            "color": build_channel("kind", "nominal", scale=scale, legend=build_legend()),
            "tooltip": build_tooltip(
                name=t("filter.rule_id"),
                kind=t("col.kind"),
                records=t("col.records"),
                loans=t("kpi.loans"),
                yuan=t("kpi.balance"),
            ),
        },
    }


def build_threshold_curve(frame: pl.DataFrame, now: int) -> Spec:
    """[value, tried, violations, loans, label]: violations at each limit; a dashed line at today's number."""
    axis = {"labelAngle": -35, "labelOverlap": True}
    curve = {
        "x": build_channel("tried", "nominal", sort=frame["tried"].to_list(), title=t("policy.curve_limit"), axis=axis),
        "y": build_channel("violations", "quantitative", title=t("col.violations"), axis=COUNT_AXIS),
        "tooltip": build_tooltip(
            tried=t("policy.curve_limit"), violations=t("col.violations"), loans=t("kpi.loans"), label=t("kpi.balance")
        ),
    }
    level = {"y": build_channel("now", "quantitative"), "tooltip": build_tooltip(now=t("policy.current"))}
    points = {"size": 50, "filled": True, "color": ALLOWED}
    return {
        "datasets": build_datasets(curve=frame, now=pl.DataFrame({"now": [now]})),
        "height": 300,
        "layer": [
            build_layer("curve", {"type": "line", "color": ALLOWED, "point": points}, curve),
            build_layer("now", {"type": "rule", "color": BLOCKED, "strokeDash": [6, 4]}, level),
        ],
    }


def build_validity_timeline(frame: pl.DataFrame, as_of: date) -> Spec:
    """[name, whole, what, start, end, days]: a bar for each row in force; a line at the snapshot."""
    frame = drawing.wrap_long_names(frame, "name")
    names, kinds = drawing.list_names(frame, "name"), drawing.list_names(frame, "what")
    bars = {
        "x": build_channel("start", "temporal", title=None, axis={"format": "%Y", "tickCount": 8, "orient": "top"}),
        "x2": {"field": "end"},
        "y": build_channel("name", "nominal", sort=names, title=None, axis=build_name_axis()),
        "color": build_channel(
            "what",
            "nominal",
            scale=build_scale(kinds, [ALLOWED, ENDING_COLOUR]),
            legend=build_legend() if len(kinds) > 1 else None,
        ),
        "tooltip": build_tooltip(whole=t("col.row_name"), days=t("policy.in_force")),
    }
    snapshot = {"x": build_channel("day", "temporal"), "tooltip": build_tooltip(text=t("frame.as_of"))}
    marks = pl.DataFrame({"day": [as_of], "text": [numbers.format_day(as_of)]})
    return {
        "datasets": build_datasets(rows=frame, snapshot=marks),
        "height": 30 * len(names) + 90,
        "layer": [
            build_layer("rows", {"type": "bar", "height": 12, "cornerRadius": 2}, bars),
            build_layer("snapshot", {"type": "rule", "color": BLOCKED, "size": 2}, snapshot),
        ],
    }
