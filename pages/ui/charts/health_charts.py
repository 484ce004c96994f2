"""The charts of the health page. Those whose marks can be clicked have a click selection."""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, SHADES
from pages.ui.charts.encoding import (
    PLAIN_AXIS,
    Spec,
    build_amount_axis,
    build_channel,
    build_click_selection,
    build_legend,
    build_month_channel,
    build_scale,
    build_tooltip,
)
from pages.ui.i18n.language import t

DIMMED_OPACITY = 0.3  # of what is not chosen
# By dark: the part of a scale of colours that is distinct from the background.
COLOUR_SCALE_RANGE = {False: [0, 0.85], True: [0.3, 1]}
WORD_PER_LINE = "split(datum.label, ' ')"
AXIS_LABELS: Spec = {"labelLimit": 0, "ticks": False, "labelFlush": False}


def build_composition_bars(frame: pl.DataFrame, title: str) -> Spec:
    """[code, name, balance, label, count, bad, on]: bars in the order given, each with its figure at its end."""
    axis = {"title": None, "labelLimit": 230} | PLAIN_AXIS
    scale = {"domain": [0, drawing.find_largest(frame["balance"]) * 1.75]}
    chosen = {"condition": {"test": "datum.on", "value": 0.9}, "value": DIMMED_OPACITY}
    return {
        "data": frame,
        "height": drawing.compute_height(frame.height),
        "encoding": {
            "y": build_channel("name", "nominal", sort=frame["name"].to_list(), axis=axis),
            "x": build_channel("balance", "quantitative", axis=None, scale=scale),
            "tooltip": build_tooltip(name=title, label=t("kpi.balance"), count=t("kpi.loans"), bad=t("col.npl_ratio")),
        },
        "layer": [
            {
                "mark": {"type": "bar", "color": ALLOWED, "cornerRadiusEnd": 2, "cursor": "pointer"},
                "params": build_click_selection("code"),
                "encoding": {"opacity": chosen},
            },
            {
                "mark": {"type": "text", "color": drawing.muted_colour(), "fontSize": 12, "align": "left", "dx": 5},
                "encoding": {"text": build_channel("label", "nominal")},
            },
        ],
    }


def build_migration_matrix(cells: pl.DataFrame, rows: list[str], columns: list[str]) -> Spec:
    """[start, end, start_code, end_code, share, label, amount, count]: rows sum to 100 %, darker where more went."""
    across = AXIS_LABELS | {"orient": "top", "labelAngle": 0, "labelOverlap": False, "labelExpr": WORD_PER_LINE}
    shade = {"type": "sqrt", "domain": [0, 1], "range": SHADES[drawing.is_dark_mode()]}
    opening, closing = t("health.opening"), t("health.closing")
    return {
        "data": cells,
        "height": 44 * len(rows) + 60,
        "encoding": {
            "x": build_channel("end", "nominal", title=closing, axis=across, scale=build_scale(columns)),
            "y": build_channel("start", "nominal", title=opening, axis=AXIS_LABELS, scale=build_scale(rows)),
            "tooltip": build_tooltip(
                start=opening, end=closing, label=t("col.share"), amount=t("kpi.balance"), count=t("kpi.loans")
            ),
        },
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 2, "cursor": "pointer"},
                "params": build_click_selection("start_code", "end_code"),
                "encoding": {"color": build_channel("share", "quantitative", legend=None, scale=shade)},
            },
            {
                "mark": {"type": "text", "fontSize": 12, "color": drawing.text_colour()},
                "encoding": {"text": build_channel("label", "nominal")},
            },
        ],
    }


def build_class_trend(frame: pl.DataFrame, names: list[str]) -> Spec:
    """[iso, code, month, day, name, rank, balance, label]: a bar for each snapshot, stacked by risk grade."""
    return {
        "data": frame,
        "height": 300,
        "mark": {"type": "bar", "cursor": "pointer"},
        "params": build_click_selection("iso", "code"),
        "encoding": {
            "x": build_month_channel(frame["month"].n_unique()),
            "y": build_channel("balance", "quantitative", axis=build_amount_axis(4), stack="zero"),
            "color": _build_name_channel(names, columns=3),
            "order": build_channel("rank", "quantitative"),
            "tooltip": build_tooltip(day=t("frame.as_of"), name=t("health.class"), label=t("kpi.balance")),
        },
    }


def build_ratio_lines(frame: pl.DataFrame, names: list[str]) -> Spec:
    """[iso, month, day, name, value, label]: a line for each ratio, distinct by colour and by shape."""
    by_name = _build_name_channel(names, columns=3)
    tooltip = build_tooltip(day=t("frame.as_of"), name=t("chart.ratio"), label=t("chart.value"))
    x = build_month_channel(frame["month"].n_unique())
    return _build_lines(frame, {"x": x, "tooltip": tooltip}, {"color": by_name, "shape": by_name})


def build_vintage_curves(frame: pl.DataFrame) -> Spec:
    """[iso, name, age, value, label, size]: a curve for each cohort over its age in months, older ones darker."""
    names = drawing.list_names(frame, "name")
    shades = {"name": "viridis", "extent": COLOUR_SCALE_RANGE[drawing.is_dark_mode()]}
    colour = _build_name_channel(names, columns=4)
    colour["scale"] = build_scale(names) | {"scheme": shades}
    age = build_channel("age", "quantitative", title=t("health.age"), axis={"tickMinStep": 1})
    tooltip = build_tooltip(name=t("health.cohort"), age=t("health.age"), label=t("chart.value"), size=t("kpi.loans"))
    return _build_lines(frame, {"x": age, "tooltip": tooltip}, {"color": colour})


def _build_name_channel(names: list[str], columns: int) -> Spec:
    return build_channel("name", "nominal", sort=names, scale=build_scale(names), legend=build_legend(columns))


def _build_lines(frame: pl.DataFrame, encoding: Spec, channels: Spec) -> Spec:
    """Lines with a point at each value, which can be clicked a little beside it too; a click selects `iso`."""
    y = build_channel("value", "quantitative", title=None, axis={"format": ".1%", "tickCount": 4})
    return {
        "data": frame,
        "height": 300,
        "encoding": encoding | {"y": y},
        "layer": [
            {"mark": "line", "encoding": {"color": channels["color"]}},
            {"mark": {"type": "point", "size": 45, "filled": True, "opacity": 1}, "encoding": channels},
            {
                "mark": {"type": "point", "size": 260, "filled": True, "opacity": 0, "cursor": "pointer"},
                "params": build_click_selection("iso"),
            },
        ],
    }
