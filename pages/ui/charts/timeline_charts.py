"""A loan's history as lanes over the days: spans (term, risk grade, arrears) and points (steps, requests, visits)."""

from datetime import date

import polars as pl

from pages.ui.charts.drawing import ALLOWED, BLOCKED, UNKNOWN
from pages.ui.charts.encoding import (
    PLAIN_AXIS,
    Spec,
    build_channel,
    build_datasets,
    build_layer,
    build_legend,
    build_scale,
    build_tooltip,
)
from pages.ui.i18n.language import t

SPAN_COLOURS = {"term": ALLOWED, "extension": "#7FB2E0", "arrears": BLOCKED}
LANE_HEIGHT = 34
DAY_AXIS = {"format": "%Y-%m", "tickCount": 10, "labelOverlap": True}
SNAPSHOT_LINE: Spec = {"type": "rule", "color": UNKNOWN, "strokeDash": [4, 3], "size": 2}


def build_loan_history(
    spans: pl.DataFrame, points: pl.DataFrame, as_of: date, lanes: list[str], grades: list[str]
) -> Spec:
    """[lane, start, end, kind, text, days] and [lane, day, text, days, wrong], with a line at the snapshot."""
    axis = {"labelLimit": 160, "grid": True} | PLAIN_AXIS
    rows: Spec = {"y": build_channel("lane", "nominal", sort=lanes, title=None, scale=build_scale(lanes), axis=axis)}
    rows |= {"tooltip": build_tooltip(text=t("loan.what"), days=t("loan.when"))}
    by_grade = spans.filter(pl.col("kind") == "class")
    others = spans.filter(pl.col("kind") != "class")
    snapshot = pl.DataFrame({"day": [as_of]})
    return {
        "datasets": build_datasets(others=others, grades=by_grade, points=points, snapshot=snapshot),
        "height": LANE_HEIGHT * len(lanes) + 90,
        "resolve": {"scale": {"color": "independent"}},
        "layer": [
            *_build_span_layers(rows, grades, has_grades=not by_grade.is_empty()),
            _build_point_layer(rows),
            build_layer("snapshot", SNAPSHOT_LINE, {"x": _build_day_channel("day")}),
        ],
    }


def _build_span_layers(rows: Spec, grades: list[str], *, has_grades: bool) -> list[Spec]:
    """Term and arrears each in its colour; risk grades in the colours of the theme, with a legend."""
    span = rows | {"x": _build_day_channel("start"), "x2": {"field": "end"}}
    kinds = build_scale(list(SPAN_COLOURS), list(SPAN_COLOURS.values()))
    legend = build_legend(title=t("loan.lane_class")) if has_grades else None
    by_kind = build_channel("kind", "nominal", scale=kinds, legend=None)
    by_grade = build_channel("text", "nominal", scale=build_scale(grades), legend=legend)
    return [
        build_layer("others", {"type": "bar", "height": 16, "cornerRadius": 2}, span | {"color": by_kind}),
        build_layer("grades", {"type": "bar", "height": 16}, span | {"color": by_grade}),
    ]


def _build_point_layer(rows: Spec) -> Spec:
    encoding = rows | {
        "x": _build_day_channel("day"),
        "shape": _build_sequence_condition("cross", "diamond"),
        "color": _build_sequence_condition(BLOCKED, ALLOWED),
    }
    return build_layer("points", {"type": "point", "size": 80, "filled": True, "opacity": 1}, encoding)


def _build_sequence_condition(wrong: str, right: str) -> Spec:
    """Of a point: one value where its day is out of sequence, another where it is not."""
    return {"condition": {"test": "datum.wrong", "value": wrong}, "value": right}


def _build_day_channel(name: str) -> Spec:
    return build_channel(name, "temporal", title=None, axis=DAY_AXIS)


def build_alt_text(spans: pl.DataFrame, points: pl.DataFrame) -> str:
    """The chart in words, for people who cannot see it."""
    lines = [rows.select("lane", "text", "days").iter_rows() for rows in (spans, points)]
    return "; ".join(f"{lane} {text}: {days}" for rows in lines for lane, text, days in rows)
