"""The charts of the health page, as plain Vega-Lite: to build as many by Altair takes longer than all the rest.

Those whose marks can be clicked have a selection called `pick`.
"""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, AXIS_AMOUNT, CLICK_SELECTION, SHADES, Spec
from pages.ui.i18n import language
from pages.ui.i18n.language import t

DIMMED_OPACITY = 0.3  # of what is not chosen
COLOUR_SCALE_RANGE = {
    False: [0, 0.85],
    True: [0.3, 1],
}  # by dark: the part of a scale of colours that stands out from the ground
LABEL_LINES = "split(datum.label, ' ')"  # a word a line
LEGEND = {"labelLimit": 0, "orient": "top", "title": None}


def _build_tooltip(**fields: str) -> list[Spec]:
    return [{"field": field, "type": "nominal", "title": title} for field, title in fields.items()]


def _build_click_selection(*fields: str) -> list[Spec]:
    return [
        {"name": CLICK_SELECTION, "select": {"type": "point", "fields": list(fields), "on": "click", "clear": False}}
    ]


def build_composition_bars(frame: pl.DataFrame, title: str) -> Spec:
    """[code, name, balance, label, count, bad, on]: bars in the order given, each with its figure at its end."""
    widest = float(frame["balance"].max() or 1) * 1.75
    axis = {"title": None, "labelLimit": 230, "ticks": False, "domain": False}
    return {
        "height": drawing.compute_height(frame.height),
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": frame["name"].to_list(), "axis": axis},
            "x": {"field": "balance", "type": "quantitative", "axis": None, "scale": {"domain": [0, widest]}},
            "tooltip": _build_tooltip(name=title, label=t("kpi.balance"), count=t("kpi.loans"), bad=t("col.npl_ratio")),
        },
        "layer": [
            {
                "mark": {"type": "bar", "color": ALLOWED, "cornerRadiusEnd": 2, "cursor": "pointer"},
                "params": _build_click_selection("code"),
                "encoding": {"opacity": {"condition": {"test": "datum.on", "value": 0.9}, "value": DIMMED_OPACITY}},
            },
            {
                "mark": {"type": "text", "color": drawing.muted_colour(), "fontSize": 12, "align": "left", "dx": 5},
                "encoding": {"text": {"field": "label", "type": "nominal"}},
            },
        ],
    }


def build_migration_matrix(rows: list[str], columns: list[str]) -> Spec:
    """[start, end, start_code, end_code, share, label, amount, count]: rows sum to 100 %, darker where more went."""
    across = {
        "orient": "top",
        "labelAngle": 0,
        "labelLimit": 0,
        "labelOverlap": False,
        "ticks": False,
        "labelFlush": False,
        "labelExpr": LABEL_LINES,
    }
    return {
        "height": 44 * len(rows) + 60,
        "encoding": {
            "x": {
                "field": "end",
                "type": "nominal",
                "title": t("health.now"),
                "axis": across,
                "scale": {"domain": columns},
            },
            "y": {
                "field": "start",
                "type": "nominal",
                "title": t("health.then"),
                "scale": {"domain": rows},
                "axis": {"labelLimit": 0, "ticks": False, "labelFlush": False},
            },
            "tooltip": _build_tooltip(
                start=t("health.then"),
                end=t("health.now"),
                label=t("col.share"),
                amount=t("kpi.balance"),
                count=t("kpi.loans"),
            ),
        },
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 2, "cursor": "pointer"},
                "params": _build_click_selection("start_code", "end_code"),
                "encoding": {
                    "color": {
                        "field": "share",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"type": "sqrt", "domain": [0, 1], "range": SHADES[drawing.is_dark_mode()]},
                    }
                },
            },
            {
                "mark": {"type": "text", "fontSize": 12, "color": drawing.text_colour()},
                "encoding": {"text": {"field": "label", "type": "nominal"}},
            },
        ],
    }


def _build_month_channel(snapshots: int) -> Spec:
    """Snapshots as ordered bands labelled year-month: month-ends are not evenly spaced, and every one is shown."""
    return {
        "field": "month",
        "type": "ordinal",
        "title": None,
        "sort": None,
        "axis": {"labelAngle": -45 if snapshots > 6 else 0},
    }


def build_class_trend(frame: pl.DataFrame, names: list[str]) -> Spec:
    """[iso, code, month, day, name, rank, balance, label]: one bar a snapshot, stacked by class."""
    axis = {"labelExpr": language.by_language(AXIS_AMOUNT["zh"], AXIS_AMOUNT["en"]), "title": None, "tickCount": 4}
    return {
        "height": 300,
        "mark": {"type": "bar", "cursor": "pointer"},
        "params": _build_click_selection("iso", "code"),
        "encoding": {
            "x": _build_month_channel(frame["month"].n_unique()),
            "y": {"field": "balance", "type": "quantitative", "axis": axis, "stack": "zero"},
            "color": {
                "field": "name",
                "type": "nominal",
                "sort": names,
                "scale": {"domain": names},
                "legend": LEGEND | {"columns": 3},
            },
            "order": {"field": "rank", "type": "quantitative"},
            "tooltip": _build_tooltip(day=t("frame.as_of"), name=t("health.class"), label=t("kpi.balance")),
        },
    }


def _build_lines(x: Spec, channels: Spec, tips: list[Spec], field: str) -> Spec:
    """Lines with a point at each value, which can be clicked a little beside it too."""
    return {
        "height": 300,
        "encoding": {
            "x": x,
            "y": {"field": "value", "type": "quantitative", "title": None, "axis": {"format": ".1%", "tickCount": 4}},
            "tooltip": tips,
        },
        "layer": [
            {"mark": "line", "encoding": {"color": channels["color"]}},
            {"mark": {"type": "point", "size": 45, "filled": True, "opacity": 1}, "encoding": channels},
            {
                "mark": {"type": "point", "size": 260, "filled": True, "opacity": 0, "cursor": "pointer"},
                "params": _build_click_selection(field),
            },
        ],
    }


def build_ratio_lines(frame: pl.DataFrame, names: list[str]) -> Spec:
    """[iso, month, day, name, value, label]: a line a ratio, told apart by colour and by shape."""
    told = {
        "field": "name",
        "type": "nominal",
        "sort": names,
        "scale": {"domain": names},
        "legend": LEGEND | {"columns": 3},
    }
    tips = _build_tooltip(day=t("frame.as_of"), name=t("chart.ratio"), label=t("chart.value"))
    return _build_lines(_build_month_channel(frame["month"].n_unique()), {"color": told, "shape": told}, tips, "iso")


def build_vintage_curves(frame: pl.DataFrame) -> Spec:
    """[iso, name, age, value, label, size]: a curve a cohort over its age in months, older ones darker."""
    names = frame["name"].unique(maintain_order=True).to_list()
    shades = {"name": "viridis", "extent": COLOUR_SCALE_RANGE[drawing.is_dark_mode()]}
    told = {
        "field": "name",
        "type": "nominal",
        "sort": names,
        "legend": LEGEND | {"columns": 4},
        "scale": {"domain": names, "scheme": shades},
    }
    age = {"field": "age", "type": "quantitative", "title": t("health.age"), "axis": {"tickMinStep": 1}}
    tips = _build_tooltip(name=t("health.cohort"), age=t("health.age"), label=t("chart.value"), size=t("kpi.loans"))
    return _build_lines(age, {"color": told}, tips, "iso")
