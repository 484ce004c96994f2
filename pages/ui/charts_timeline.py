"""A loan's history as lanes over the days: spans (term, class, arrears) and points (steps, requests, visits)."""

from datetime import date
from typing import Any

import polars as pl

from pages.ui.charts import ALLOWED, BLOCKED, UNKNOWN
from pages.ui.language import say

SPANS = {"term": ALLOWED, "extension": "#7FB2E0", "arrears": BLOCKED}
HEIGHT = 34
AXIS = {"format": "%Y-%m", "tickCount": 10, "labelOverlap": True}


def history(
    spans: pl.DataFrame, points: pl.DataFrame, today: date, lanes: list[str], classes: list[str]
) -> dict[str, Any]:
    """[lane, start, end, kind, text, days] and [lane, day, text, days], with a line at the day looked at."""
    down = {
        "field": "lane", "type": "nominal", "sort": lanes, "title": None, "scale": {"domain": lanes},
        "axis": {"labelLimit": 160, "ticks": False, "domain": False, "grid": True},
    }  # fmt: skip
    plain = {"field": "kind", "type": "nominal", "legend": None,
             "scale": {"domain": list(SPANS), "range": list(SPANS.values())}}  # fmt: skip
    graded = {"field": "text", "type": "nominal", "scale": {"domain": classes},
              "legend": {"title": say("loan.lane_class"), "orient": "top", "labelLimit": 0}}  # fmt: skip
    marks = {"type": "point", "size": 70, "filled": True, "shape": "diamond", "color": ALLOWED}
    now = {"type": "rule", "color": UNKNOWN, "strokeDash": [4, 3], "size": 2}
    return {
        "height": HEIGHT * len(lanes) + 90,
        "resolve": {"scale": {"color": "independent"}},
        "layer": [
            _layer(spans.filter(pl.col("kind") != "class"), {"type": "bar", "height": 16, "cornerRadius": 2},
                   _span(down) | {"color": plain}),
            _layer(spans.filter(pl.col("kind") == "class"), {"type": "bar", "height": 16},
                   _span(down) | {"color": graded}),
            _layer(points, marks, {"x": _day("day"), "y": down, "tooltip": _tooltip()}),
            _layer(pl.DataFrame({"day": [today]}), now, {"x": _day("day")}),
        ],
    }  # fmt: skip


def _layer(rows: pl.DataFrame, mark: dict[str, Any], encoding: dict[str, Any]) -> dict[str, Any]:
    dated = rows.with_columns(pl.col(pl.Date).cast(pl.String))
    return {"data": {"values": dated.to_dicts()}, "mark": mark, "encoding": encoding}


def _day(name: str) -> dict[str, Any]:
    return {"field": name, "type": "temporal", "title": None, "axis": AXIS}


def _span(down: dict[str, Any]) -> dict[str, Any]:
    return {"x": _day("start"), "x2": {"field": "end"}, "y": down, "tooltip": _tooltip()}


def _tooltip() -> list[dict[str, str]]:
    named = {"text": say("loan.what"), "days": say("loan.when")}
    return [{"field": name, "type": "nominal", "title": title} for name, title in named.items()]


def spoken(spans: pl.DataFrame, points: pl.DataFrame) -> str:
    """The chart in words, for who cannot see it."""
    told = [rows.select("lane", "text", "days").iter_rows() for rows in (spans, points)]
    return "; ".join(f"{lane} {text}: {days}" for rows in told for lane, text, days in rows)
