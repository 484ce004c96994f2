"""A month as a grid of days: weeks down, weekdays across, darker where more matures."""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import PICK, SHADES, Spec
from pages.ui.i18n.language import say

ROW = 74
FREE = {False: ("#FFFFFF", "#EEF1F5"), True: ("#11161D", "#1B222C")}  # by dark: worked, not worked
EDGE = {False: "#D5DAE1", True: "#2E3947"}
CHOSEN = "#E3A000"
WEEKS = {"field": "week", "type": "ordinal", "axis": None}


def month(weekdays: list[str], chosen: str | None, weeks: int, most: float) -> Spec:
    """For rows [iso, week, weekday, number, off, mark, name, loans, balance, label, count, day]; a click picks `iso`.

    `most`: the largest balance of a day, in yuan.
    """
    written = [
        _text(weekdays, "number", 0.08, 0.2, 13, align="left"),
        _text(weekdays, "mark", 0.92, 0.2, 11, align="right"),
        _text(weekdays, "label", 0.5, 0.52, 15, weight="bold"),
        _text(weekdays, "count", 0.5, 0.8, 11),
    ]
    click = {"name": PICK, "select": {"type": "point", "fields": ["iso"], "on": "click", "clear": False}}
    catcher = {
        "mark": {"type": "rect", "fillOpacity": 0, "cursor": "pointer"},
        "encoding": {"x": _across(weekdays), "y": WEEKS, "tooltip": _tooltip()},
        "params": [click],
    }
    return {
        "layer": [*_squares(weekdays, chosen, most), *written, catcher],
        "height": ROW * weeks + 24,
        "config": {"view": {"strokeWidth": 0}},
    }


def _across(weekdays: list[str], band: float | None = None) -> Spec:
    axis = {
        "title": None,
        "orient": "top",
        "ticks": False,
        "domain": False,
        "labelAngle": 0,
        "labelFlush": False,
        "labelFontSize": 13,
    }
    place = {} if band is None else {"bandPosition": band}
    scale = {"domain": weekdays}
    return {"field": "weekday", "type": "ordinal", "sort": weekdays, "scale": scale, "axis": axis} | place


def _squares(weekdays: list[str], chosen: str | None, most: float) -> list[Spec]:
    """Shaded by amount; a day whose loans state none has the lightest shade, a day without loans that of its kind."""
    dark = drawing.dark()
    worked, off = FREE[dark]
    scale = {"type": "sqrt", "domain": [0, most], "range": SHADES[dark]}
    shade = {"field": "balance", "type": "quantitative", "legend": None, "scale": scale}
    kinds = [{"test": "datum.loans > 0", "value": SHADES[dark][0]}, {"test": "datum.off", "value": off}]
    picked = f"datum.iso == '{chosen or ''}'"
    edge = {
        "x": _across(weekdays),
        "y": WEEKS,
        "stroke": {"condition": {"test": picked, "value": CHOSEN}, "value": EDGE[dark]},
        "strokeWidth": {"condition": {"test": picked, "value": 3}, "value": 1},
    }
    colours = {
        "!isValid(datum.balance)": {"condition": kinds, "value": worked},
        "isValid(datum.balance)": shade,
    }
    return [
        {
            "mark": {"type": "rect", "cornerRadius": 3},
            "transform": [{"filter": which}],
            "encoding": edge | {"color": colour},
        }
        for which, colour in colours.items()
    ]


def _text(
    weekdays: list[str],
    field: str,
    across: float,
    down: float,
    size: int,
    *,
    align: str = "center",
    weight: str = "normal",
) -> Spec:
    mark = {"fontSize": size, "fontWeight": weight, "align": align, "baseline": "middle", "color": drawing.ink()}
    place = {"x": _across(weekdays, across), "y": WEEKS | {"bandPosition": down}}
    return {"mark": {"type": "text"} | mark, "encoding": place | {"text": {"field": field}}}


def _tooltip() -> list[Spec]:
    return [
        {"field": "day", "title": say("loan.current_maturity")},
        {"field": "name", "title": say("maturing.holiday")},
        {"field": "loans", "title": say("kpi.loans")},
        {"field": "label", "title": say("kpi.balance")},
    ]


def spoken(frame: pl.DataFrame) -> str:
    """What a screen reader says of the chart: the days on which something matures."""
    due = [f"{row['day']} {row['label']} ({row['count']})" for row in frame.iter_rows(named=True) if row["loans"]]
    return "; ".join([say("maturing.calendar"), *due])
