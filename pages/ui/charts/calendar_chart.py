"""A month as a grid of days: weeks down, weekdays across, darker where more matures."""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import CLICK_SELECTION, SHADES, Spec
from pages.ui.i18n.language import t

ROW_HEIGHT = 74
EMPTY_DAY_FILL = {False: ("#FFFFFF", "#EEF1F5"), True: ("#11161D", "#1B222C")}  # by dark: worked, not worked
BORDER_COLOURS = {False: "#D5DAE1", True: "#2E3947"}
SELECTED_COLOUR = "#E3A000"
WEEK_CHANNEL = {"field": "week", "type": "ordinal", "axis": None}


def build_month(weekdays: list[str], chosen: str | None, weeks: int, max_balance: float) -> Spec:
    """For rows [iso, week, weekday, number, off, mark, name, loans, balance, label, count, day]; a click picks `iso`.

    `most`: the largest balance of a day, in yuan.
    """
    written = [
        _build_text_layer(weekdays, "number", 0.08, 0.2, 13, align="left"),
        _build_text_layer(weekdays, "mark", 0.92, 0.2, 11, align="right"),
        _build_text_layer(weekdays, "label", 0.5, 0.52, 15, weight="bold"),
        _build_text_layer(weekdays, "count", 0.5, 0.8, 11),
    ]
    click = {"name": CLICK_SELECTION, "select": {"type": "point", "fields": ["iso"], "on": "click", "clear": False}}
    catcher = {
        "mark": {"type": "rect", "fillOpacity": 0, "cursor": "pointer"},
        "encoding": {"x": _build_weekday_channel(weekdays), "y": WEEK_CHANNEL, "tooltip": _build_tooltip()},
        "params": [click],
    }
    return {
        "layer": [*_build_day_squares(weekdays, chosen, max_balance), *written, catcher],
        "height": ROW_HEIGHT * weeks + 24,
        "config": {"view": {"strokeWidth": 0}},
    }


def _build_weekday_channel(weekdays: list[str], band: float | None = None) -> Spec:
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


def _build_day_squares(weekdays: list[str], chosen: str | None, max_balance: float) -> list[Spec]:
    """Shaded by amount; a day whose loans state none has the lightest shade, a day without loans that of its kind."""
    dark = drawing.is_dark_mode()
    worked, off = EMPTY_DAY_FILL[dark]
    scale = {"type": "sqrt", "domain": [0, max_balance], "range": SHADES[dark]}
    shade = {"field": "balance", "type": "quantitative", "legend": None, "scale": scale}
    kinds = [{"test": "datum.loans > 0", "value": SHADES[dark][0]}, {"test": "datum.off", "value": off}]
    picked = f"datum.iso == '{chosen or ''}'"
    edge = {
        "x": _build_weekday_channel(weekdays),
        "y": WEEK_CHANNEL,
        "stroke": {"condition": {"test": picked, "value": SELECTED_COLOUR}, "value": BORDER_COLOURS[dark]},
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


def _build_text_layer(
    weekdays: list[str],
    field: str,
    across: float,
    down: float,
    size: int,
    *,
    align: str = "center",
    weight: str = "normal",
) -> Spec:
    mark = {
        "fontSize": size,
        "fontWeight": weight,
        "align": align,
        "baseline": "middle",
        "color": drawing.text_colour(),
    }
    place = {"x": _build_weekday_channel(weekdays, across), "y": WEEK_CHANNEL | {"bandPosition": down}}
    return {"mark": {"type": "text"} | mark, "encoding": place | {"text": {"field": field}}}


def _build_tooltip() -> list[Spec]:
    return [
        {"field": "day", "title": t("loan.current_maturity")},
        {"field": "name", "title": t("maturing.holiday")},
        {"field": "loans", "title": t("kpi.loans")},
        {"field": "label", "title": t("kpi.balance")},
    ]


def build_alt_text(frame: pl.DataFrame) -> str:
    """What a screen reader says of the chart: the days on which something matures."""
    due = [f"{row['day']} {row['label']} ({row['count']})" for row in frame.iter_rows(named=True) if row["loans"]]
    return "; ".join([t("maturing.calendar"), *due])
