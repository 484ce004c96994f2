"""The frontier as a plane: new maturity across, day of application down; a click takes both days.

A plain specification: building thousands of cells by way of Altair would cost more than judging them.
"""

from datetime import date

import polars as pl

from pages.ui.charts.drawing import ALLOWED, BLOCKED, CLICK_SELECTION, UNKNOWN, Spec
from pages.ui.i18n.language import t

SELECTED_COLOUR = "#E3A000"
HEIGHT = 300
TOOLTIP = {"to_text": "new_maturity", "applied_text": "applied", "verdict": "verdict", "why": "blocked_by"}


def build_plane(cells: pl.DataFrame, dates: tuple[date, date, date | None], words: list[str]) -> Spec:
    """[x, x2, y, y2, to, applied, verdict, to_text, applied_text, why]; `dates`: asked for, applied, apply by."""
    wished, applied, deadline = dates
    seen = wished <= cells["x2"].max() and cells["y"].min() <= applied <= cells["y2"].max()
    point = [{"x": wished.isoformat(), "y": applied.isoformat()}] if seen else []
    return {
        "height": HEIGHT,
        "layer": [
            _build_cell_layer(cells, words),
            {
                "data": {"values": [{"y": deadline.isoformat()}] if deadline else []},
                "mark": {"type": "rule", "strokeDash": [5, 4], "size": 2, "color": SELECTED_COLOUR},
                "encoding": {"y": {"field": "y", "type": "temporal"}},
            },
            {
                "data": {"values": point},
                "mark": {
                    "type": "point",
                    "shape": "cross",
                    "size": 240,
                    "filled": True,
                    "color": SELECTED_COLOUR,
                    "stroke": "black",
                    "strokeWidth": 1,
                    "opacity": 1,
                },
                "encoding": {"x": {"field": "x", "type": "temporal"}, "y": {"field": "y", "type": "temporal"}},
            },
        ],
    }


def _build_cell_layer(cells: pl.DataFrame, words: list[str]) -> Spec:
    across = {"format": "%Y-%m", "tickCount": 10, "labelOverlap": True, "grid": False}
    down = {"format": "%Y-%m-%d", "tickCount": 6, "grid": False}
    dated = cells.with_columns(pl.col("x", "x2", "y", "y2").cast(pl.String))
    return {
        "data": {"values": dated.to_dicts()},
        "mark": {"type": "rect", "cursor": "pointer", "opacity": 0.9},
        "params": [
            {
                "name": CLICK_SELECTION,
                "select": {"type": "point", "fields": ["to", "applied"], "on": "click", "clear": False},
            }
        ],
        "encoding": {
            "x": {"field": "x", "type": "temporal", "title": t("whatif.new_maturity"), "axis": across},
            "x2": {"field": "x2"},
            "y": {
                "field": "y",
                "type": "temporal",
                "title": t("whatif.applied"),
                "axis": down,
                "scale": {"reverse": True},
            },
            "y2": {"field": "y2"},
            "color": {
                "field": "verdict",
                "type": "nominal",
                "scale": {"domain": words, "range": [ALLOWED, BLOCKED, UNKNOWN]},
                "legend": {"labelLimit": 0, "orient": "top", "title": None, "columns": 3},
            },
            "tooltip": [
                {"field": name, "type": "nominal", "title": t(f"whatif.{key}")} for name, key in TOOLTIP.items()
            ],
        },
    }
