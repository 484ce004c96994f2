"""A month as a grid of days: weeks down, weekdays across, darker where more matures."""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import SHADES
from pages.ui.charts.encoding import PLAIN_AXIS, Spec, build_channel, build_click_selection, build_scale, build_tooltip
from pages.ui.i18n.language import t

ROW_HEIGHT = 74
EMPTY_DAY_FILL = {False: ("#FFFFFF", "#EEF1F5"), True: ("#11161D", "#1B222C")}  # by dark: working day, day off
BORDER_COLOURS = {False: "#D5DAE1", True: "#2E3947"}
SELECTED_COLOUR = "#E3A000"
WEEK_CHANNEL: Spec = {"field": "week", "type": "ordinal", "axis": None}


def build_month(days: pl.DataFrame, weekdays: list[str], chosen: str | None) -> Spec:
    """[iso, week, weekday, number, off, mark, name, loans, balance, label, count, day]; a click selects `iso`.

    `balance`: what matures on the day, in yuan; null where no loan states a balance.
    """
    texts = [
        _build_text_layer(weekdays, "number", (0.08, 0.2), {"fontSize": 13, "align": "left"}),
        _build_text_layer(weekdays, "mark", (0.92, 0.2), {"fontSize": 11, "align": "right"}),
        _build_text_layer(weekdays, "label", (0.5, 0.52), {"fontSize": 15, "fontWeight": "bold"}),
        _build_text_layer(weekdays, "count", (0.5, 0.8), {"fontSize": 11}),
    ]
    click_area = {
        "mark": {"type": "rect", "fillOpacity": 0, "cursor": "pointer"},
        "encoding": {"x": _build_weekday_channel(weekdays), "y": WEEK_CHANNEL, "tooltip": _build_day_tooltip()},
        "params": build_click_selection("iso"),
    }
    squares = _build_day_squares(weekdays, chosen, drawing.find_largest(days["balance"]))
    return {
        "data": days,
        "layer": [*squares, *texts, click_area],
        "height": ROW_HEIGHT * days["week"].n_unique() + 24,
        "config": {"view": {"strokeWidth": 0}},
    }


def _build_weekday_channel(weekdays: list[str], band: float | None = None) -> Spec:
    axis = {"title": None, "orient": "top", "labelAngle": 0, "labelFlush": False, "labelFontSize": 13} | PLAIN_AXIS
    channel = build_channel("weekday", "ordinal", sort=weekdays, scale=build_scale(weekdays), axis=axis)
    return channel if band is None else channel | {"bandPosition": band}


def _build_day_squares(weekdays: list[str], chosen: str | None, max_balance: float) -> list[Spec]:
    """Shaded by amount; a day whose loans state none has the lightest shade, a day without loans that of its kind."""
    dark = drawing.is_dark_mode()
    working_day, day_off = EMPTY_DAY_FILL[dark]
    scale = {"type": "sqrt", "domain": [0, max_balance], "range": SHADES[dark]}
    shade = build_channel("balance", "quantitative", legend=None, scale=scale)
    kinds = [{"test": "datum.loans > 0", "value": SHADES[dark][0]}, {"test": "datum.off", "value": day_off}]
    is_chosen = f"datum.iso == '{chosen or ''}'"
    edge = {
        "x": _build_weekday_channel(weekdays),
        "y": WEEK_CHANNEL,
        "stroke": {"condition": {"test": is_chosen, "value": SELECTED_COLOUR}, "value": BORDER_COLOURS[dark]},
        "strokeWidth": {"condition": {"test": is_chosen, "value": 3}, "value": 1},
    }
    colours = {
        "!isValid(datum.balance)": {"condition": kinds, "value": working_day},
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


def _build_text_layer(weekdays: list[str], field: str, place: tuple[float, float], style: Spec) -> Spec:
    """A text in each day; `place`: how far across and down its square, as fractions."""
    across, down = place
    mark = {"type": "text", "align": "center", "baseline": "middle", "color": drawing.text_colour()} | style
    position = {"x": _build_weekday_channel(weekdays, across), "y": WEEK_CHANNEL | {"bandPosition": down}}
    return {"mark": mark, "encoding": position | {"text": {"field": field}}}


def _build_day_tooltip() -> list[Spec]:
    return build_tooltip(
        day=t("loan.current_maturity"), name=t("maturities.holiday"), loans=t("kpi.loans"), label=t("kpi.balance")
    )


def build_alt_text(frame: pl.DataFrame) -> str:
    """The chart in words, for people who cannot see it: the days on which something matures."""
    due = [f"{row['day']} {row['label']} ({row['count']})" for row in frame.iter_rows(named=True) if row["loans"]]
    return "; ".join([t("maturities.calendar"), *due])
