"""The chart of violations over the checked snapshots, weighted by severity."""

import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.encoding import Spec, build_channel, build_legend, build_scale, build_tooltip
from pages.ui.i18n.language import t

# By dark, from severe to slight; lightness falls in step with them, so that they are distinct without colour too.
SEVERITIES = {
    False: ["#6B1420", "#C8441B", "#E59A1F", "#7FB0DC", "#B7BDC6"],
    True: ["#FF8A7A", "#E06A2C", "#B98A1E", "#4F7FB0", "#5F6772"],
}


def build_severity_trend(frame: pl.DataFrame, names: list[str]) -> Spec:
    """[day, severity, rank, points, label, count]: a bar for each snapshot, its points stacked by severity."""
    scale = build_scale(names, SEVERITIES[drawing.is_dark_mode()][: len(names)])
    return {
        "data": frame,
        "height": 300,
        "mark": {"type": "bar", "opacity": 0.95},
        "encoding": {
            "x": build_channel("day", "ordinal", title=None, sort=None, axis={"labelAngle": -45}),
            "y": build_channel("points", "quantitative", title=t("violations.points"), axis={"tickCount": 5}),
            "color": build_channel("severity", "nominal", sort=names, scale=scale, legend=build_legend(5)),
            "order": build_channel("rank", "quantitative"),
            "tooltip": build_tooltip(
                day=t("frame.as_of"),
                severity=t("filter.severity"),
                count=t("page.violations"),
                label=t("violations.points"),
            ),
        },
    }
