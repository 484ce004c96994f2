"""Connected parties drawn as a graph: dots for parties, arrows for guarantees."""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, BLOCKED, UNKNOWN
from pages.ui.charts.encoding import (
    Spec,
    build_channel,
    build_datasets,
    build_layer,
    build_legend,
    build_scale,
    build_tooltip,
)
from pages.ui.i18n.language import t

SIDE = 520  # pixels of the drawing from side to side
SIDE_MARGIN, BOTTOM_MARGIN = 0.95, 0.2  # of the drawing, for the names beside its parties and under them
MIDDLE = "datum.x >= 0.45 && datum.x <= 0.55"
NAME_POSITIONS = (
    ("datum.x < 0.45", "right", -16, 0),
    ("datum.x > 0.55", "left", 16, 0),
    (f"{MIDDLE} && datum.y >= 0.5", "center", 0, -22),
    (f"{MIDDLE} && datum.y < 0.5", "center", 0, 22),
)


def build_party_graph(nodes: pl.DataFrame, edges: pl.DataFrame, arrows: pl.DataFrame, kinds: list[str]) -> Spec:
    """[x, y, name, state, balance, label, side, more] tied by [x, y, x2, y2, state, label], with [x, y, angle, state].

    Places run from 0 to 1; both ways have the same scale, so that the arrows point where the lines lead.
    """
    low, high = nodes.select(low=pl.col("y").min() - BOTTOM_MARGIN, high=pl.col("y").max() + BOTTOM_MARGIN).row(0)
    place = {
        "x": build_channel("x", "quantitative", axis=None, scale={"domain": [-SIDE_MARGIN, 1 + SIDE_MARGIN]}),
        "y": build_channel("y", "quantitative", axis=None, scale={"domain": [low, high]}),
    }
    colours = build_scale(kinds, (ALLOWED, BLOCKED, UNKNOWN)[: len(kinds)])
    colour = build_channel("state", "nominal", scale=colours, legend=build_legend(3))
    return {
        "datasets": build_datasets(parties=nodes, guarantees=edges, arrows=arrows),
        "width": SIDE,
        "height": SIDE * (high - low) / (1 + 2 * SIDE_MARGIN),
        "layer": [
            *_build_guarantee_layers(place, colour),
            _build_party_layer(place, colour),
            *(_build_name_layer(place, *position) for position in NAME_POSITIONS),
        ],
    }


def _build_guarantee_layers(place: Spec, colour: Spec) -> list[Spec]:
    """The lines of the guarantees, and the heads of their arrows."""
    lines = place | {"x2": {"field": "x2"}, "y2": {"field": "y2"}, "color": colour}
    lines |= {"tooltip": build_tooltip(label=t("chart.tie"))}
    heads = place | {"color": colour, "angle": build_channel("angle", "quantitative", scale=None)}
    head = {"type": "point", "shape": "triangle", "filled": True, "size": 110, "opacity": 1}
    return [
        build_layer("guarantees", {"type": "rule", "size": 1.6, "opacity": 0.75}, lines),
        build_layer("arrows", head, heads),
    ]


def _build_party_layer(place: Spec, colour: Spec) -> Spec:
    size = build_channel("balance", "quantitative", scale={"range": [120, 900], "domainMin": 0}, legend=None)
    tooltip = build_tooltip(name=t("col.borrower_name"), label=t("kpi.balance"), more=t("col.relation"))
    dots = place | {"color": colour, "size": size, "tooltip": tooltip}
    return build_layer("parties", {"type": "point", "filled": True, "opacity": 1}, dots)


def _build_name_layer(place: Spec, which: str, align: str, dx: int, dy: int) -> Spec:
    """The names of those parties, on the side that looks away from the middle."""
    mark = {"align": align, "dx": dx, "dy": dy, "baseline": "middle", "fontSize": 12, "limit": 155}
    names = {"type": "text", "color": drawing.text_colour()} | mark
    layer = build_layer("parties", names, place | {"text": build_channel("name", "nominal")})
    return layer | {"transform": [{"filter": which}]}
