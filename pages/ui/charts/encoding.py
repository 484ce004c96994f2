"""Parts of a Vega-Lite specification: channels, scales, axes, legends, layers and the rows they draw.

A chart is a plain specification: to build one by way of Altair takes longer than all the rest of a page.
"""

from collections.abc import Sequence
from typing import Any, Literal

import polars as pl

from pages.ui.i18n import language

Spec = dict[str, Any]
FieldType = Literal["nominal", "ordinal", "quantitative", "temporal"]
CLICK_SELECTION = "pick"  # the selection by which the marks of a chart are clicked
AXIS_AMOUNT = {
    "zh": "datum.value == 0 ? '0' : abs(datum.value) >= 1e8 ? format(datum.value / 1e8, ',.3~f') + '亿'"
    " : format(datum.value / 1e4, ',.3~f') + '万'",
    "en": "datum.value == 0 ? '0' : abs(datum.value) >= 1e9 ? format(datum.value / 1e9, ',.3~f') + 'B'"
    " : abs(datum.value) >= 1e6 ? format(datum.value / 1e6, ',.3~f') + 'M' : format(datum.value / 1e3, ',.3~f') + 'K'",
}
COUNT_AXIS: Spec = {"tickCount": 5, "format": ",d", "tickMinStep": 1}
PLAIN_AXIS: Spec = {"ticks": False, "domain": False}  # of names, which need neither ticks nor a line


def build_channel(field: str, kind: FieldType, **options: object) -> Spec:
    """A channel that shows a column; `options` as Vega-Lite calls them (title, axis, scale, sort, legend …)."""
    return {"field": field, "type": kind, **options}


def build_scale(names: Sequence[str], colours_or_shapes: Sequence[str] | None = None) -> Spec:
    """The scale of named classes in their order, each with its own colour or shape if these are given."""
    scale: Spec = {"domain": list(names)}
    return scale if colours_or_shapes is None else scale | {"range": list(colours_or_shapes)}


def build_legend(columns: int | None = None, *, title: str | None = None, orient: str = "top") -> Spec:
    """A legend whose labels are never cut; `columns`: how many beside each other, as many as fit without it."""
    legend: Spec = {"labelLimit": 0, "orient": orient, "title": title}
    return legend if columns is None else legend | {"columns": columns}


def build_name_axis() -> Spec:
    """An axis of names that are wrapped on several lines (`wrap_long_names`)."""
    return {"labelExpr": "split(datum.label, '\\n')", "labelLimit": 0} | PLAIN_AXIS


def build_amount_axis(ticks: int) -> Spec:
    """An axis of amounts in yuan, labelled in 万 and 亿, or K, M and B."""
    return {"labelExpr": language.by_language(AXIS_AMOUNT["zh"], AXIS_AMOUNT["en"]), "title": None, "tickCount": ticks}


def build_month_channel(snapshots: int) -> Spec:
    """Snapshots as ordered bands labelled year-month: month-ends are not evenly spaced, and every one is shown."""
    return build_channel("month", "ordinal", title=None, sort=None, axis={"labelAngle": -45 if snapshots > 6 else 0})


def build_tooltip(**titles: str) -> list[Spec]:
    """What a mark says when it is pointed at: columns with their titles, the values written out already."""
    return [build_channel(field, "nominal", title=title) for field, title in titles.items()]


def build_click_selection(*fields: str) -> list[Spec]:
    """The parameter by which a click on a mark selects its values of these columns."""
    select = {"type": "point", "fields": list(fields), "on": "click", "clear": False}
    return [{"name": CLICK_SELECTION, "select": select}]


def build_layer(dataset: str, mark: Spec, encoding: Spec) -> Spec:
    """A layer that draws the rows of one dataset of the chart."""
    return {"data": {"name": dataset}, "mark": mark, "encoding": encoding}


def build_datasets(**frames: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The rows of a chart by name; dates become midnights of the reader's own time zone."""
    return {name: write_dates(frame) for name, frame in frames.items()}


def write_dates(frame: pl.DataFrame) -> pl.DataFrame:
    """Dates as texts with a time: a browser takes a date without one as midnight in Greenwich."""
    return frame.with_columns(pl.col(pl.Date).dt.strftime("%Y-%m-%dT00:00:00"))
