"""A loan's history as lanes over the days: spans (term, class, arrears) and points (steps, requests, visits)."""

from datetime import date

import polars as pl

from pages.ui.charts.drawing import ALLOWED, BLOCKED, UNKNOWN, Spec
from pages.ui.i18n.language import t

SPAN_COLOURS = {"term": ALLOWED, "extension": "#7FB2E0", "arrears": BLOCKED}
LANE_HEIGHT = 34
AXIS = {"format": "%Y-%m", "tickCount": 10, "labelOverlap": True}


def build_loan_history(
    spans: pl.DataFrame, points: pl.DataFrame, today: date, lanes: list[str], classes: list[str]
) -> Spec:
    """[lane, start, end, kind, text, days] and [lane, day, text, days, wrong], with a line at the day looked at."""
    down = {
        "field": "lane",
        "type": "nominal",
        "sort": lanes,
        "title": None,
        "scale": {"domain": lanes},
        "axis": {"labelLimit": 160, "ticks": False, "domain": False, "grid": True},
    }
    plain = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(SPAN_COLOURS), "range": list(SPAN_COLOURS.values())},
    }
    graded = {
        "field": "text",
        "type": "nominal",
        "scale": {"domain": classes},
        "legend": {"title": t("loan.lane_class"), "orient": "top", "labelLimit": 0},
    }
    by_class = spans.filter(pl.col("kind") == "class")
    if by_class.is_empty():
        graded["legend"] = None
    marks = {"type": "point", "size": 80, "filled": True, "opacity": 1}
    told = {
        "x": _build_day_channel("day"),
        "y": down,
        "tooltip": _build_tooltip(),
        "shape": _build_condition("cross", "diamond"),
        "color": _build_condition(BLOCKED, ALLOWED),
    }
    now = {"type": "rule", "color": UNKNOWN, "strokeDash": [4, 3], "size": 2}
    return {
        "height": LANE_HEIGHT * len(lanes) + 90,
        "resolve": {"scale": {"color": "independent"}},
        "layer": [
            _build_layer(
                spans.filter(pl.col("kind") != "class"),
                {"type": "bar", "height": 16, "cornerRadius": 2},
                _build_span_encoding(down) | {"color": plain},
            ),
            _build_layer(by_class, {"type": "bar", "height": 16}, _build_span_encoding(down) | {"color": graded}),
            _build_layer(points, marks, told),
            _build_layer(pl.DataFrame({"day": [today]}), now, {"x": _build_day_channel("day")}),
        ],
    }


def _build_layer(rows: pl.DataFrame, mark: Spec, encoding: Spec) -> Spec:
    dated = rows.with_columns(pl.col(pl.Date).cast(pl.String))
    return {"data": {"values": dated.to_dicts()}, "mark": mark, "encoding": encoding}


def _build_condition(wrong: str, right: str) -> Spec:
    """Of a point: one way where its day is out of order, another where it is not."""
    return {"condition": {"test": "datum.wrong", "value": wrong}, "value": right}


def _build_day_channel(name: str) -> Spec:
    return {"field": name, "type": "temporal", "title": None, "axis": AXIS}


def _build_span_encoding(down: Spec) -> Spec:
    return {"x": _build_day_channel("start"), "x2": {"field": "end"}, "y": down, "tooltip": _build_tooltip()}


def _build_tooltip() -> list[dict[str, str]]:
    named = {"text": t("loan.what"), "days": t("loan.when")}
    return [{"field": name, "type": "nominal", "title": title} for name, title in named.items()]


def build_alt_text(spans: pl.DataFrame, points: pl.DataFrame) -> str:
    """The chart in words, for who cannot see it."""
    told = [rows.select("lane", "text", "days").iter_rows() for rows in (spans, points)]
    return "; ".join(f"{lane} {text}: {days}" for rows in told for lane, text, days in rows)
