"""The chart of violations over the judged snapshots, each weighed by how grave it is."""

import altair as alt
import polars as pl

from pages.ui.charts import drawing
from pages.ui.i18n.language import t

# From grave to slight; lightness falls in step with them, so that they are told apart without colour too.
SEVERITIES = {
    False: ["#6B1420", "#C8441B", "#E59A1F", "#7FB0DC", "#B7BDC6"],
    True: ["#FF8A7A", "#E06A2C", "#B98A1E", "#4F7FB0", "#5F6772"],
}


@drawing.cached_chart
def build_severity_trend(frame: pl.DataFrame, names: list[str]) -> alt.Chart:
    """[day, severity, rank, points, label, count]: a bar a snapshot, its points stacked by severity."""
    return (
        alt.Chart(frame)
        .mark_bar(opacity=0.95)
        .encode(
            x=alt.X("day:O", title=None, sort=None, axis=alt.Axis(labelAngle=-45)),
            y=alt.Y("points:Q", title=t("violations.points"), axis=alt.Axis(tickCount=5)),
            color=alt.Color(
                "severity:N",
                sort=names,
                scale=alt.Scale(domain=names, range=SEVERITIES[drawing.is_dark_mode()][: len(names)]),
                legend=alt.Legend(labelLimit=0, orient="top", title=None, columns=5),
            ),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("day:N", title=t("frame.as_of")),
                alt.Tooltip("severity:N", title=t("filter.severity")),
                alt.Tooltip("count:N", title=t("page.violations")),
                alt.Tooltip("label:N", title=t("violations.points")),
            ],
        )
        .properties(height=300)
    )
