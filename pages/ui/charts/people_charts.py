"""Charts about people and parties: managers and their peers, a training session's effect, a graph of guarantees."""

from datetime import date

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, BLOCKED, UNKNOWN
from pages.ui.charts.encoding import (
    PLAIN_AXIS,
    Spec,
    build_channel,
    build_datasets,
    build_layer,
    build_legend,
    build_scale,
    build_tooltip,
)
from pages.ui.i18n.language import t

STATE_COLOURS = (ALLOWED, BLOCKED, UNKNOWN)
STATE_SHAPES = ("circle", "diamond", "triangle-up")
DOT: Spec = {"type": "point", "filled": True, "opacity": 1}


def build_funnel_plot(points: pl.DataFrame, limits: pl.DataFrame, states: list[str]) -> Spec:
    """[manager, branch, loans, violations, rate, label, state] over [loans, lower, middle, upper]."""
    x = build_channel("loans", "quantitative", title=t("col.loans"), scale={"domainMin": 0}, axis={"tickCount": 6})
    dots = {
        "x": x,
        "y": _build_rate_channel(),
        "color": _build_class_channel("state", states, STATE_COLOURS, columns=3),
        "shape": _build_class_channel("state", states, STATE_SHAPES, columns=3),
        "tooltip": build_tooltip(
            manager=t("col.manager"),
            branch=t("col.branch"),
            loans=t("col.loans"),
            violations=t("col.violations"),
            label=t("col.rate"),
        ),
    }
    band = {"x": x, "y": build_channel("lower", "quantitative"), "y2": {"field": "upper"}}
    middle = {"x": x, "y": build_channel("middle", "quantitative")}
    shown = points.select("manager", "branch", "loans", "violations", "rate", "label", "state")
    return {
        "datasets": build_datasets(limits=limits, managers=shown),
        "height": 340,
        "layer": [
            build_layer("limits", {"type": "area", "opacity": 0.10, "color": UNKNOWN}, band),
            build_layer("limits", {"type": "line", "color": UNKNOWN, "strokeDash": [4, 3]}, middle),
            build_layer("managers", DOT | {"size": 70, "opacity": 0.9}, dots),
        ],
    }


def _build_rate_channel() -> Spec:
    return build_channel("rate", "quantitative", title=t("managers.rate"), axis={"tickCount": 5})


def _build_class_channel(
    field: str, names: list[str], colours_or_shapes: tuple[str, ...] | None, columns: int | None = None
) -> Spec:
    scale = build_scale(names, colours_or_shapes[: len(names)] if colours_or_shapes else None)
    return build_channel(field, "nominal", scale=scale, legend=build_legend(columns))


def build_peer_comparison(frame: pl.DataFrame) -> Spec:
    """[name, who, rate, label, violations]: two points a line, the manager's and the peers', and the way between."""
    names, groups = drawing.list_names(frame, "name"), drawing.list_names(frame, "who")
    span = {"x": build_channel("rate", "quantitative"), "detail": build_channel("name", "nominal")}
    dots = {
        "x": _build_rate_channel(),
        "color": _build_class_channel("who", groups, (BLOCKED, ALLOWED)),
        "shape": _build_class_channel("who", groups, ("diamond", "circle")),
        "tooltip": build_tooltip(
            name=t("col.clause_group"), who=t("chart.who"), label=t("col.rate"), violations=t("col.violations")
        ),
    }
    axis = {"labelLimit": 300} | PLAIN_AXIS
    return {
        "data": frame,
        "height": 34 * len(names) + 70,
        "encoding": {"y": build_channel("name", "nominal", sort=names, title=None, axis=axis)},
        "layer": [
            {"mark": {"type": "line", "color": UNKNOWN, "opacity": 0.5}, "encoding": span},
            {"mark": DOT | {"size": 90}, "encoding": dots},
        ],
    }


def build_training_effect(frame: pl.DataFrame, marks: pl.DataFrame, names: list[str]) -> Spec:
    """[as_of, day, who, rate, label, loans, violations], and a mark [as_of, text] on the day of the session."""
    end = drawing.find_largest(frame["rate"]) * 1.3  # space above the lines for the text of the mark
    x = {"format": "%Y-%m-%d", "labelAngle": -45, "values": _list_axis_days(frame["as_of"])}
    lines = {
        "x": build_channel("as_of", "temporal", title=None, axis=x),
        "y": _build_rate_channel() | {"scale": {"domain": [0, end]}},
        "color": _build_class_channel("who", names, (ALLOWED, BLOCKED)),
        "shape": _build_class_channel("who", names, None),
        "tooltip": build_tooltip(
            day=t("frame.as_of"),
            who=t("chart.who"),
            label=t("col.rate"),
            violations=t("col.violations"),
            loans=t("col.loans"),
        ),
    }
    session = {"x": build_channel("as_of", "temporal")}
    text = {"type": "text", "color": drawing.muted_colour(), "align": "left", "dx": 5, "dy": -4, "baseline": "top"}
    return {
        "datasets": build_datasets(rates=frame, sessions=marks),
        "height": 300,
        "layer": [
            build_layer("rates", {"type": "line", "point": {"size": 60, "filled": True}}, lines),
            build_layer("sessions", {"type": "rule", "color": UNKNOWN, "strokeDash": [5, 3], "size": 2}, session),
            build_layer("sessions", text, session | {"text": build_channel("text", "nominal"), "y": {"value": 6}}),
        ],
    }


def _list_axis_days(days: pl.Series) -> list[dict[str, int]]:
    """The days of a series as Vega-Lite writes them in the values of an axis."""
    different: list[date] = days.unique().sort().to_list()
    return [{"year": day.year, "month": day.month, "date": day.day} for day in different]
