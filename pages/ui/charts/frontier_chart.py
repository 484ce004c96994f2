"""The frontier of an extension: as a plane of both its days, and as strips rule by rule."""

from datetime import date

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, BLOCKED, UNKNOWN
from pages.ui.charts.encoding import (
    Spec,
    build_channel,
    build_click_selection,
    build_datasets,
    build_layer,
    build_legend,
    build_name_axis,
    build_scale,
    build_tooltip,
)
from pages.ui.i18n.language import t

SELECTED_COLOUR = "#E3A000"
VERDICT_COLOURS = (ALLOWED, BLOCKED, UNKNOWN)
CROSS: Spec = {
    "type": "point",
    "shape": "cross",
    "size": 240,
    "filled": True,
    "color": SELECTED_COLOUR,
    "stroke": "black",
    "strokeWidth": 1,
    "opacity": 1,
}


def build_plane(cells: pl.DataFrame, dates: tuple[date, date, date | None], verdicts: list[str]) -> Spec:
    """[x, x2, y, y2, to, applied, verdict, to_text, applied_text, why]: new maturity across, application day down.

    `dates`: the new maturity asked for, the application day, the last day to apply. A click takes both days of a cell.
    """
    wished, applied, deadline = dates
    end, first, last = cells.select(pl.col("x2").max(), first=pl.col("y").min(), last=pl.col("y2").max()).row(0)
    is_drawn = wished <= end and first <= applied <= last
    request = pl.DataFrame({"x": [wished], "y": [applied]}).head(int(is_drawn))
    deadlines = pl.DataFrame({"y": [deadline]}, schema={"y": pl.Date}).drop_nulls()
    down = {"y": build_channel("y", "temporal")}
    return {
        "datasets": build_datasets(cells=cells, deadlines=deadlines, request=request),
        "height": 300,
        "layer": [
            _build_cell_layer(verdicts),
            build_layer("deadlines", {"type": "rule", "strokeDash": [5, 4], "size": 2, "color": SELECTED_COLOUR}, down),
            build_layer("request", CROSS, down | {"x": build_channel("x", "temporal")}),
        ],
    }


def _build_cell_layer(verdicts: list[str]) -> Spec:
    across = {"format": "%Y-%m", "tickCount": 10, "labelOverlap": True, "grid": False}
    down = {"format": "%Y-%m-%d", "tickCount": 6, "grid": False}
    encoding = {
        "x": build_channel("x", "temporal", title=t("whatif.new_maturity"), axis=across),
        "x2": {"field": "x2"},
        "y": build_channel("y", "temporal", title=t("whatif.applied"), axis=down, scale={"reverse": True}),
        "y2": {"field": "y2"},
        "color": _build_verdict_colour(verdicts),
        "tooltip": build_tooltip(
            to_text=t("whatif.new_maturity"),
            applied_text=t("whatif.applied"),
            verdict=t("whatif.verdict"),
            why=t("whatif.blocked_by"),
        ),
    }
    layer = build_layer("cells", {"type": "rect", "cursor": "pointer", "opacity": 0.9}, encoding)
    return layer | {"params": build_click_selection("to", "applied")}


def _build_verdict_colour(verdicts: list[str]) -> Spec:
    scale = build_scale(verdicts, VERDICT_COLOURS)
    return build_channel("verdict", "nominal", scale=scale, legend=build_legend(3))


def build_frontier_strip(frame: pl.DataFrame, marks: pl.DataFrame, verdicts: list[str]) -> Spec:
    """[line, start, end, verdict, days, why], and marks [day, name, text] across them. `end` is the day after."""
    frame = drawing.wrap_long_names(frame, "line")
    lines = drawing.list_names(frame, "line")
    axis = {"format": "%Y-%m", "tickCount": 8, "labelOverlap": True}
    strips = {
        "x": build_channel("start", "temporal", title=None, axis=axis),
        "x2": {"field": "end"},
        "y": build_channel("line", "nominal", sort=lines, title=None, axis=build_name_axis()),
        "color": _build_verdict_colour(verdicts),
        "tooltip": build_tooltip(
            days=t("whatif.new_maturity"), verdict=t("whatif.verdict"), why=t("whatif.blocked_by")
        ),
    }
    dash = build_channel(
        "name", "nominal", scale=build_scale(marks["name"].to_list()), legend=build_legend(2, orient="bottom")
    )
    days = {
        "x": build_channel("day", "temporal"),
        "strokeDash": dash,
        "tooltip": build_tooltip(name=t("chart.mark"), text=t("chart.value")),
    }
    return {
        "datasets": build_datasets(strips=frame, marks=marks),
        "height": 34 * len(lines) + 150,
        "layer": [
            build_layer("strips", {"type": "bar"}, strips),
            build_layer("marks", {"type": "rule", "size": 2, "color": UNKNOWN}, days),
        ],
    }
