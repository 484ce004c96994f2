"""A month as a grid of days: weeks down, weekdays across, darker where more matures."""

import altair as alt
import polars as pl

from pages.ui import charts
from pages.ui.charts import PICK, SHADES
from pages.ui.language import say

ROW = 74
FREE = {False: ("#FFFFFF", "#EEF1F5"), True: ("#11161D", "#1B222C")}  # by dark: worked, not worked
EDGE = {False: "#D5DAE1", True: "#2E3947"}
CHOSEN = "#E3A000"


@charts.once
def month(frame: pl.DataFrame, weekdays: list[str], chosen: str | None) -> alt.LayerChart:
    """[iso, week, weekday, number, off, mark, name, loans, balance, label, count, day]; a click picks `iso`."""
    base = alt.Chart(frame).encode(y=alt.Y("week:O", axis=None))
    written = [
        _text(base, weekdays, "number:Q", 0.08, 0.2, 13, align="left"),
        _text(base, weekdays, "mark:N", 0.92, 0.2, 11, align="right"),
        _text(base, weekdays, "label:N", 0.5, 0.52, 15, weight="bold"),
        _text(base, weekdays, "count:N", 0.5, 0.8, 11),
    ]
    click = alt.selection_point(name=PICK, fields=["iso"], on="click", clear=False)
    catcher = base.mark_rect(fillOpacity=0, cursor="pointer").encode(x=_across(weekdays), tooltip=_tooltip())
    shaded = _squares(base, weekdays, chosen, frame["balance"].max() or 1)
    chart = alt.layer(shaded, *written, catcher.add_params(click))
    return chart.properties(height=ROW * (int(frame["week"].max()) + 1) + 24).configure_view(strokeWidth=0)


def _across(weekdays: list[str], band: float | None = None) -> alt.X:
    plain = {"ticks": False, "domain": False, "labelAngle": 0, "labelFlush": False, "labelFontSize": 13}
    axis = alt.Axis(title=None, orient="top", **plain)
    place = {} if band is None else {"bandPosition": band}
    return alt.X("weekday:O", sort=weekdays, scale=alt.Scale(domain=weekdays), axis=axis, **place)


def _squares(base: alt.Chart, weekdays: list[str], chosen: str | None, most: float) -> alt.LayerChart:
    """Shaded by amount; a day whose loans state none has the lightest shade, a day without loans that of its kind."""
    dark = charts.dark()
    worked, off = FREE[dark]
    shade = alt.Color("balance:Q", legend=None, scale=alt.Scale(type="sqrt", domain=[0, most], range=SHADES[dark]))
    kind = alt.when("datum.loans > 0").then(alt.value(SHADES[dark][0])).when("datum.off").then(alt.value(off))
    squares = base.mark_rect(cornerRadius=3).encode(
        x=_across(weekdays),
        stroke=alt.condition(f"datum.iso == '{chosen or ''}'", alt.value(CHOSEN), alt.value(EDGE[dark])),
        strokeWidth=alt.condition(f"datum.iso == '{chosen or ''}'", alt.value(3), alt.value(1)),
    )
    plain = squares.transform_filter("!isValid(datum.balance)").encode(color=kind.otherwise(alt.value(worked)))
    return plain + squares.transform_filter("isValid(datum.balance)").encode(color=shade)


def _text(base: alt.Chart, weekdays: list[str], field: str, across: float, down: float, size: int,
          *, align: str = "center", weight: str = "normal") -> alt.Chart:  # fmt: skip
    mark = {"fontSize": size, "fontWeight": weight, "align": align, "baseline": "middle", "color": charts.ink()}
    return base.mark_text(**mark).encode(
        x=_across(weekdays, across), y=alt.Y("week:O", axis=None, bandPosition=down), text=field
    )


def _tooltip() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("day:N", title=say("loan.current_maturity")),
        alt.Tooltip("name:N", title=say("maturing.holiday")),
        alt.Tooltip("loans:Q", title=say("kpi.loans")),
        alt.Tooltip("label:N", title=say("kpi.balance")),
    ]


def spoken(frame: pl.DataFrame) -> str:
    """What a screen reader says of the chart: the days on which something matures."""
    due = [f"{row['day']} {row['label']} ({row['count']})" for row in frame.iter_rows(named=True) if row["loans"]]
    return "; ".join([say("maturing.calendar"), *due])
