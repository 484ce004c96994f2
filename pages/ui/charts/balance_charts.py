"""Bars of balances by name, and ratios over the snapshots: charts that several pages draw."""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED
from pages.ui.charts.encoding import (
    PLAIN_AXIS,
    Spec,
    build_channel,
    build_legend,
    build_month_channel,
    build_scale,
    build_tooltip,
)
from pages.ui.i18n.language import t


def build_balance_bars(frame: pl.DataFrame, title: str) -> Spec:
    """[name, balance, label, loans]: bars in the order given, each with its figure written at its end."""
    end = drawing.find_largest(frame["balance"]) * 1.7
    names = build_channel(
        "name", "nominal", sort=frame["name"].to_list(), axis={"title": None, "labelLimit": 300} | PLAIN_AXIS
    )
    return {
        "data": frame,
        "height": drawing.compute_height(frame.height),
        "encoding": {
            "y": names,
            "x": build_channel("balance", "quantitative", axis=None, scale={"domainMin": 0, "domainMax": end}),
            "tooltip": build_tooltip(name=title, label=t("kpi.balance"), loans=t("kpi.loans")),
        },
        "layer": [
            {"mark": {"type": "bar", "color": ALLOWED, "opacity": 0.85, "cornerRadiusEnd": 2}},
            {
                "mark": {"type": "text", "color": drawing.muted_colour(), "fontSize": 12, "align": "left", "dx": 5},
                "encoding": {"text": build_channel("label", "nominal")},
            },
        ],
    }


def build_ratio_trend(frame: pl.DataFrame, names: list[str]) -> Spec:
    """[month, day, name, value, label]: a line for each ratio, distinct by colour and by shape."""
    by_name = build_channel("name", "nominal", sort=names, scale=build_scale(names), legend=build_legend(3))
    return {
        "data": frame,
        "height": 300,
        "mark": {"type": "line", "point": {"size": 45, "filled": True}},
        "encoding": {
            "x": build_month_channel(frame["month"].n_unique()),
            "y": build_channel("value", "quantitative", title=None, axis={"format": ".1%", "tickCount": 4}),
            "color": by_name,
            "shape": by_name,
            "tooltip": build_tooltip(day=t("frame.as_of"), name=t("chart.ratio"), label=t("chart.value")),
        },
    }
