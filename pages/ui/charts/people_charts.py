"""Charts about people and parties: managers against peers, a session's before and after, a circle drawn as a graph."""

import altair as alt
import polars as pl

from pages.ui.charts import drawing
from pages.ui.charts.drawing import ALLOWED, BLOCKED, UNKNOWN
from pages.ui.i18n.language import t

SIDE = 520  # pixels of a drawn circle from side to side
SIDE_MARGIN, BOTTOM_MARGIN = 0.95, 0.2  # of the drawing, for the names beside its parties and under them
MIDDLE = "datum.x >= 0.45 && datum.x <= 0.55"
NAME_POSITIONS = (
    ("datum.x < 0.45", "right", -16, 0),
    ("datum.x > 0.55", "left", 16, 0),
    (f"{MIDDLE} && datum.y >= 0.5", "center", 0, -22),
    (f"{MIDDLE} && datum.y < 0.5", "center", 0, 22),
)
LEGEND = {"labelLimit": 0, "orient": "top", "title": None}


def _build_state_colours(names: list[str], colours: list[str]) -> alt.Color:
    return alt.Color("state:N", scale=alt.Scale(domain=names, range=colours), legend=alt.Legend(columns=3, **LEGEND))


@drawing.cached_chart
def build_funnel_plot(points: pl.DataFrame, limits: pl.DataFrame, states: list[str]) -> alt.LayerChart:
    """[manager, branch, loans, violations, rate, label, state] over [loans, lower, middle, upper]."""
    x = alt.X("loans:Q", title=t("col.loans"), scale=alt.Scale(domainMin=0), axis=alt.Axis(tickCount=6))
    seen = points.select("manager", "branch", "loans", "violations", "rate", "label", "state")
    dots = (
        alt.Chart(seen)
        .mark_point(filled=True, size=70, opacity=0.9)
        .encode(
            x=x,
            y=alt.Y("rate:Q", title=t("managers.rate"), axis=alt.Axis(tickCount=5)),
            color=_build_state_colours(states, [ALLOWED, BLOCKED, UNKNOWN]),
            shape=alt.Shape(
                "state:N",
                scale=alt.Scale(domain=states, range=["circle", "diamond", "triangle-up"]),
                legend=alt.Legend(columns=3, **LEGEND),
            ),
            tooltip=[
                alt.Tooltip("manager:N", title=t("col.manager")),
                alt.Tooltip("branch:N", title=t("col.branch")),
                alt.Tooltip("loans:Q", title=t("col.loans")),
                alt.Tooltip("violations:Q", title=t("col.violations")),
                alt.Tooltip("label:N", title=t("col.rate")),
            ],
        )
    )
    lines = alt.Chart(limits).encode(x=x)
    band = lines.mark_area(opacity=0.10, color=UNKNOWN).encode(y="lower:Q", y2="upper:Q")
    middle = lines.mark_line(color=UNKNOWN, strokeDash=[4, 3]).encode(y="middle:Q")
    return (band + middle + dots).properties(height=340)


@drawing.cached_chart
def build_peer_comparison(frame: pl.DataFrame) -> alt.LayerChart:
    """[name, who, rate, label, violations]: two points a line, the manager's and the peers', and the way between."""
    names, who = frame["name"].unique(maintain_order=True).to_list(), frame["who"].unique(maintain_order=True).to_list()
    y = alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=300, ticks=False, domain=False))
    base = alt.Chart(frame).encode(y=y)
    span = base.mark_line(color=UNKNOWN, opacity=0.5).encode(x="rate:Q", detail="name:N")
    dots = base.mark_point(filled=True, size=90, opacity=1).encode(
        x=alt.X("rate:Q", title=t("managers.rate"), axis=alt.Axis(tickCount=5)),
        color=alt.Color("who:N", scale=alt.Scale(domain=who, range=[BLOCKED, ALLOWED]), legend=alt.Legend(**LEGEND)),
        shape=alt.Shape("who:N", scale=alt.Scale(domain=who, range=["diamond", "circle"]), legend=alt.Legend(**LEGEND)),
        tooltip=[
            alt.Tooltip("name:N", title=t("col.clause_group")),
            alt.Tooltip("who:N", title=t("chart.who")),
            alt.Tooltip("label:N", title=t("col.rate")),
            alt.Tooltip("violations:Q", title=t("col.violations")),
        ],
    )
    return (span + dots).properties(height=34 * len(names) + 70)


@drawing.cached_chart
def build_training_effect(frame: pl.DataFrame, marks: pl.DataFrame, names: list[str]) -> alt.LayerChart:
    """[as_of, day, who, rate, label, loans, violations], and a mark [as_of, text] on the day of the session."""
    days = [alt.DateTime(year=day.year, month=day.month, date=day.day) for day in frame["as_of"].unique().sort()]
    top = float(frame["rate"].max() or 1) * 1.3  # room above the lines for what is said of the mark
    base = alt.Chart(frame).encode(
        x=alt.X("as_of:T", title=None, axis=alt.Axis(format="%Y-%m-%d", labelAngle=-45, values=days)),
        y=alt.Y("rate:Q", title=t("managers.rate"), axis=alt.Axis(tickCount=5), scale=alt.Scale(domain=[0, top])),
        color=alt.Color("who:N", scale=alt.Scale(domain=names, range=[ALLOWED, BLOCKED]), legend=alt.Legend(**LEGEND)),
        shape=alt.Shape("who:N", scale=alt.Scale(domain=names), legend=alt.Legend(**LEGEND)),
        tooltip=[
            alt.Tooltip("day:N", title=t("frame.as_of")),
            alt.Tooltip("who:N", title=t("chart.who")),
            alt.Tooltip("label:N", title=t("col.rate")),
            alt.Tooltip("violations:Q", title=t("col.violations")),
            alt.Tooltip("loans:Q", title=t("col.loans")),
        ],
    )
    held = alt.Chart(marks).encode(x="as_of:T")
    rule = held.mark_rule(color=UNKNOWN, strokeDash=[5, 3], size=2)
    said = held.mark_text(color=drawing.muted_colour(), align="left", dx=5, dy=-4, baseline="top").encode(
        text="text:N", y=alt.value(6)
    )
    lines = base.mark_line(point=alt.OverlayMarkDef(size=60, filled=True))
    return (lines + rule + said).properties(height=300)


@drawing.cached_chart
def build_party_graph(
    nodes: pl.DataFrame, edges: pl.DataFrame, arrows: pl.DataFrame, kinds: list[str]
) -> alt.LayerChart:
    """[x, y, name, state, balance, label, side, more] tied by [x, y, x2, y2, state, label], with [x, y, angle, state].

    Places run from 0 to 1; both ways have the same scale, so that the arrows point where the lines lead.
    """
    low, high = float(nodes["y"].min()) - BOTTOM_MARGIN, float(nodes["y"].max()) + BOTTOM_MARGIN
    across = {"axis": None, "scale": alt.Scale(domain=[-SIDE_MARGIN, 1 + SIDE_MARGIN])}
    up = {"axis": None, "scale": alt.Scale(domain=[low, high])}
    colour = _build_state_colours(kinds, [ALLOWED, BLOCKED, UNKNOWN][: len(kinds)])
    lines = (
        alt.Chart(edges)
        .mark_rule(size=1.6, opacity=0.75)
        .encode(
            x=alt.X("x:Q", **across),
            y=alt.Y("y:Q", **up),
            x2="x2:Q",
            y2="y2:Q",
            color=colour,
            tooltip=[alt.Tooltip("label:N", title=t("chart.tie"))],
        )
    )
    turned = alt.Angle("angle:Q", scale=None)
    heads = (
        alt.Chart(arrows)
        .mark_point(shape="triangle", filled=True, size=110, opacity=1)
        .encode(x=alt.X("x:Q", **across), y=alt.Y("y:Q", **up), color=colour, angle=turned)
    )
    base = alt.Chart(nodes).encode(x=alt.X("x:Q", **across), y=alt.Y("y:Q", **up))
    dots = base.mark_point(filled=True, opacity=1).encode(
        color=colour,
        size=alt.Size("balance:Q", scale=alt.Scale(range=[120, 900], domainMin=0), legend=None),
        tooltip=[
            alt.Tooltip("name:N", title=t("col.borrower_name")),
            alt.Tooltip("label:N", title=t("kpi.balance")),
            alt.Tooltip("more:N", title=t("col.relation")),
        ],
    )
    written = [_build_name_labels(base, *place) for place in NAME_POSITIONS]
    height = SIDE * (high - low) / (1 + 2 * SIDE_MARGIN)
    return alt.layer(lines, heads, dots, *written).properties(width=SIDE, height=height)


def _build_name_labels(base: alt.Chart, which: str, align: str, dx: int, dy: int) -> alt.Chart:
    """The names of those parties, on the side that looks away from the middle."""
    mark = {"align": align, "dx": dx, "dy": dy, "baseline": "middle", "fontSize": 12, "limit": 155}
    return base.transform_filter(which).mark_text(color=drawing.text_colour(), **mark).encode(text="name:N")
