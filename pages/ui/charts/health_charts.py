"""The charts of the health page, as plain Vega-Lite: to build as many by Altair takes longer than all the rest.

Those whose marks can be clicked have a selection called `pick`.
"""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, AXIS_AMOUNT, PICK, SHADES, Spec
from pages.ui.i18n import language
from pages.ui.i18n.language import say

DIM = 0.3  # of what is not chosen
SEEN = {False: [0, 0.85], True: [0.3, 1]}  # by dark: the part of a scale of colours that stands out from the ground
WORDS = "split(datum.label, ' ')"  # a word a line
LEGEND = {"labelLimit": 0, "orient": "top", "title": None}


def _tip(**fields: str) -> list[Spec]:
    return [{"field": field, "type": "nominal", "title": title} for field, title in fields.items()]


def _pick(*fields: str) -> list[Spec]:
    return [{"name": PICK, "select": {"type": "point", "fields": list(fields), "on": "click", "clear": False}}]


def parts(frame: pl.DataFrame, title: str) -> Spec:
    """[code, name, balance, label, count, bad, on]: bars in the order given, each with its figure at its end."""
    widest = float(frame["balance"].max() or 1) * 1.75
    axis = {"title": None, "labelLimit": 230, "ticks": False, "domain": False}
    return {
        "height": drawing.tall(frame.height),
        "encoding": {
            "y": {"field": "name", "type": "nominal", "sort": frame["name"].to_list(), "axis": axis},
            "x": {"field": "balance", "type": "quantitative", "axis": None, "scale": {"domain": [0, widest]}},
            "tooltip": _tip(name=title, label=say("kpi.balance"), count=say("kpi.loans"), bad=say("col.npl_ratio")),
        },
        "layer": [
            {
                "mark": {"type": "bar", "color": ALLOWED, "cornerRadiusEnd": 2, "cursor": "pointer"},
                "params": _pick("code"),
                "encoding": {"opacity": {"condition": {"test": "datum.on", "value": 0.9}, "value": DIM}},
            },
            {
                "mark": {"type": "text", "color": drawing.quiet(), "fontSize": 12, "align": "left", "dx": 5},
                "encoding": {"text": {"field": "label", "type": "nominal"}},
            },
        ],
    }


def matrix(rows: list[str], columns: list[str]) -> Spec:
    """[start, end, start_code, end_code, share, label, amount, count]: rows sum to 100 %, darker where more went."""
    across = {
        "orient": "top",
        "labelAngle": 0,
        "labelLimit": 0,
        "labelOverlap": False,
        "ticks": False,
        "labelFlush": False,
        "labelExpr": WORDS,
    }
    return {
        "height": 44 * len(rows) + 60,
        "encoding": {
            "x": {
                "field": "end",
                "type": "nominal",
                "title": say("health.now"),
                "axis": across,
                "scale": {"domain": columns},
            },
            "y": {
                "field": "start",
                "type": "nominal",
                "title": say("health.then"),
                "scale": {"domain": rows},
                "axis": {"labelLimit": 0, "ticks": False, "labelFlush": False},
            },
            "tooltip": _tip(
                start=say("health.then"),
                end=say("health.now"),
                label=say("col.share"),
                amount=say("kpi.balance"),
                count=say("kpi.loans"),
            ),
        },
        "layer": [
            {
                "mark": {"type": "rect", "cornerRadius": 2, "cursor": "pointer"},
                "params": _pick("start_code", "end_code"),
                "encoding": {
                    "color": {
                        "field": "share",
                        "type": "quantitative",
                        "legend": None,
                        "scale": {"type": "sqrt", "domain": [0, 1], "range": SHADES[drawing.dark()]},
                    }
                },
            },
            {
                "mark": {"type": "text", "fontSize": 12, "color": drawing.ink()},
                "encoding": {"text": {"field": "label", "type": "nominal"}},
            },
        ],
    }


def _months(snapshots: int) -> Spec:
    """Snapshots as ordered bands labelled year-month: month-ends are not evenly spaced, and every one is shown."""
    return {
        "field": "month",
        "type": "ordinal",
        "title": None,
        "sort": None,
        "axis": {"labelAngle": -45 if snapshots > 6 else 0},
    }


def class_trend(frame: pl.DataFrame, names: list[str]) -> Spec:
    """[iso, code, month, day, name, rank, balance, label]: one bar a snapshot, stacked by class."""
    axis = {"labelExpr": language.pick(AXIS_AMOUNT["zh"], AXIS_AMOUNT["en"]), "title": None, "tickCount": 4}
    return {
        "height": 300,
        "mark": {"type": "bar", "cursor": "pointer"},
        "params": _pick("iso", "code"),
        "encoding": {
            "x": _months(frame["month"].n_unique()),
            "y": {"field": "balance", "type": "quantitative", "axis": axis, "stack": "zero"},
            "color": {
                "field": "name",
                "type": "nominal",
                "sort": names,
                "scale": {"domain": names},
                "legend": LEGEND | {"columns": 3},
            },
            "order": {"field": "rank", "type": "quantitative"},
            "tooltip": _tip(day=say("frame.as_of"), name=say("health.class"), label=say("kpi.balance")),
        },
    }


def _lines(x: Spec, channels: Spec, tips: list[Spec], field: str) -> Spec:
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
                "params": _pick(field),
            },
        ],
    }


def ratios(frame: pl.DataFrame, names: list[str]) -> Spec:
    """[iso, month, day, name, value, label]: a line a ratio, told apart by colour and by shape."""
    told = {
        "field": "name",
        "type": "nominal",
        "sort": names,
        "scale": {"domain": names},
        "legend": LEGEND | {"columns": 3},
    }
    tips = _tip(day=say("frame.as_of"), name=say("chart.ratio"), label=say("chart.value"))
    return _lines(_months(frame["month"].n_unique()), {"color": told, "shape": told}, tips, "iso")


def vintages(frame: pl.DataFrame) -> Spec:
    """[iso, name, age, value, label, size]: a curve a cohort over its age in months, older ones darker."""
    names = frame["name"].unique(maintain_order=True).to_list()
    shades = {"name": "viridis", "extent": SEEN[drawing.dark()]}
    told = {
        "field": "name",
        "type": "nominal",
        "sort": names,
        "legend": LEGEND | {"columns": 4},
        "scale": {"domain": names, "scheme": shades},
    }
    age = {"field": "age", "type": "quantitative", "title": say("health.age"), "axis": {"tickMinStep": 1}}
    tips = _tip(name=say("health.cohort"), age=say("health.age"), label=say("chart.value"), size=say("kpi.loans"))
    return _lines(age, {"color": told}, tips, "iso")
