"""What the page of connected parties says: circles with their exposure against capital, and one of them as a graph."""

from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from data.queries import connected_parties
from pages.ui.app import queries, record_names, url_state
from pages.ui.app.page_frame import SnapshotView
from pages.ui.charts import drawing, graph_layout, people_charts
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables
from policy.model import supervision
from policy.violations import results

WATCH_LIST = "connected"
CIRCLES = {
    "kind_name": "text",
    "leader": "text",
    "borrowers": "count",
    "loans": "count",
    "balance": "amount",
    "to_tier1": "share",
    "to_net": "share",
    "against_limit": "text",
    "npl_balance": "amount",
    "branches": "count",
}
MEMBERS = {
    "borrower_name": "text",
    "running_loans": "count",
    "balance": "amount",
    "to_tier1": "share",
    "npl_balance": "amount",
    "relation": "text",
    "branch": "text",
    "manager": "text",
    "group_id": "text",
    "controller": "text",
    "borrower_id": "text",
}
TIES = {"giver_name": "text", "taker_name": "text", "loans": "count", "balance": "amount"}
FINDINGS = {"signal": "text", "found": "count", "title": "text", "rule_id": "text"}
MAX_DRAWN = 60  # parties beyond which a drawing is a tangle; the table below it has all
SUBJECTS = ("borrower", "group", "collateral")
KINDS = ("circle", "mutual", "chain", "guarantor", "group", "controller")


def _list_collateral_rules(view: SnapshotView) -> tuple[str, ...]:
    return supervision.rules_of_watch_list(view.policy, WATCH_LIST, "collateral")


def _query_key(view: SnapshotView) -> tuple[Any, ...]:
    return view.as_of, view.run.run_id if view.run else None, _list_collateral_rules(view)


def load_circles(view: SnapshotView, branches: tuple[str, ...]) -> pl.DataFrame:
    """Every circle with a member in the branches, largest exposure first, held against the bank's capital."""
    found = queries.cached_query(connected_parties.list_circles, *_query_key(view), branches)
    capital = queries.cached_query(connected_parties.load_capital, view.as_of)
    limit = supervision.reference_limit(view.policy, WATCH_LIST, view.as_of)
    above = (
        pl.lit(None, pl.String)
        if limit is None
        else (
            pl.when(pl.col("to_tier1") > float(limit))
            .then(pl.lit(t("circles.above")))
            .when(pl.col("to_tier1").is_not_null())
            .then(pl.lit(t("circles.below")))
        )
    )
    return found.with_columns(
        kind_name=pl.col("kind").replace(language.labels_of_kind("circle_kind")),
        to_tier1=_share_of("balance", capital["tier1_capital"]),
        to_net=_share_of("balance", capital["net_capital"]),
    ).with_columns(against_limit=above)


def _share_of(column: str, whole: Decimal | None) -> pl.Expr:
    return pl.col(column).cast(pl.Float64) / float(whole) if whole else pl.lit(None, pl.Float64)


def build_cards(rows: pl.DataFrame) -> list[tuple[str, str, str | None]]:
    """(kind, how many, the largest: against capital, or else its balance) of each kind."""
    found = []
    for kind, name in language.labels_of_kind("circle_kind").items():
        ours = rows.filter(pl.col("kind") == kind)
        most, share = ours["balance"].max(), ours["to_tier1"].max()
        largest = numbers.format_share(share) if share is not None else numbers.format_compact_amount(most)
        under = t("circles.largest", size=largest) if most is not None else None
        found.append((name, numbers.format_count(ours.height), under))
    return found


def format_capital_note(view: SnapshotView) -> str:
    capital = queries.cached_query(connected_parties.load_capital, view.as_of)
    if not capital["tier1_capital"]:
        return t("circles.no_capital")
    limit = supervision.reference_limit(view.policy, WATCH_LIST, view.as_of)
    return t(
        "circles.capital",
        tier1=numbers.format_compact_amount(capital["tier1_capital"]),
        net=numbers.format_compact_amount(capital["net_capital"]),
        limit=numbers.format_share(limit and float(limit)),
        day=numbers.format_day(capital["capital_date"]),
    )


def choose_circle(view: SnapshotView, rows: pl.DataFrame) -> dict[str, Any] | None:
    """Filter by kind, list, pick: the circle in the address, else the largest of the list."""
    counts = dict(rows.group_by("kind").len().iter_rows())
    kinds = {
        kind: f"{name} ({numbers.format_count(counts.get(kind, 0))})"
        for kind, name in language.labels_of_kind("circle_kind").items()
        if kind in counts
    }
    wanted = url_state.select_several("kind", t("circles.kind"), kinds, t("filter.all"))
    shown = rows.filter(pl.col("kind").is_in(wanted)) if wanted else rows
    key = f"circles:{view.as_of}:{hash((*shown['kind'], *shown['circle_id']))}"
    page = tables.paginate_rows(shown, key=f"{key}:page")
    first = page["circle_id"][0] if page.height else ""
    row = tables.draw_table(
        page,
        tables.find_non_empty_columns(shown, CIRCLES),
        key=f"{key}:{first}",
        selectable=True,
        height=tables.SHORT_HEIGHT,
    )
    if row is not None:
        url_state.set_param("circle", [f"{page['kind'][row]}~{page['circle_id'][row]}"])
    kind, _, circle_id = (url_state.get_param("circle") or "").partition("~")
    named = rows.filter((pl.col("kind") == kind) & (pl.col("circle_id") == circle_id))
    drawn = named if named.height else shown.filter(pl.col("kind").is_in(KINDS[:2])).head(1)
    return (drawn if drawn.height else shown.head(1)).row(0, named=True) if shown.height else None


def _load_members(view: SnapshotView, circle: dict[str, Any]) -> pl.DataFrame:
    found = queries.cached_query(connected_parties.list_members, view.as_of, tuple(circle["members"]))
    capital = queries.cached_query(connected_parties.load_capital, view.as_of)
    size = pl.col("guarantee_circle")
    relation = (
        pl.when(size == 2)
        .then(pl.lit(t("circles.in_mutual")))  # a circle of two
        .when(size > 2)
        .then(pl.format(t("circles.in_circle", n="{}"), size))
    )
    return record_names.add_branch_and_manager(view, found).with_columns(
        to_tier1=_share_of("balance", capital["tier1_capital"]), relation=relation
    )


def draw_circle(view: SnapshotView, circle: dict[str, Any]) -> None:
    """One circle: the drawing, its members, the guarantees between them."""
    members = _load_members(view, circle)
    st.subheader(t("circles.one", kind=circle["kind_name"]), anchor=False)
    said = {
        "leader": circle["leader"] or circle["circle_id"],
        "borrowers": numbers.format_count(circle["borrowers"]),
        "loans": numbers.format_count(circle["loans"]),
        "balance": numbers.format_compact_amount(circle["balance"]),
    }
    st.text(t("circles.said", **said, share=_format_tier1_share(circle)))
    centre = _list_central_parties(circle)
    shown = members.head(MAX_DRAWN - len(centre))
    if shown.height < members.height:
        st.caption(t("circles.too_many", n=numbers.format_count(shown.height), m=numbers.format_count(members.height)))
    parties = (*centre, *shown["borrower_id"])
    ties = queries.cached_query(connected_parties.list_guarantees, view.as_of, parties)
    with st.grid(min_column_width=440, gap=("medium", "large")):
        with st.container():
            _draw_graph(circle, shown, ties)
            st.caption(t("circles.reading"))
        with st.container():
            key = f"members:{circle['kind']}:{circle['circle_id']}"
            tables.draw_table(
                members, tables.find_non_empty_columns(members, MEMBERS), key=key, height=tables.TALL_HEIGHT
            )
            if ties.height:
                st.markdown(f"**{t('circles.ties')}**")
                names = dict(members.select("borrower_id", "borrower_name").iter_rows())
                tables.draw_table(
                    ties.with_columns(taker_name=pl.col("taker").replace(names)),
                    TIES,
                    key="ties",
                    height=tables.SHORT_HEIGHT,
                )


def _format_tier1_share(circle: dict[str, Any]) -> str:
    """The share of the bank's capital in words, where the capital is on record."""
    share = circle["to_tier1"]
    return "" if share is None else t("circles.of_tier1", share=numbers.format_share(share))


def _list_central_parties(circle: dict[str, Any]) -> list[str]:
    """The party that is no borrower of the circle itself: the guarantor, the group, the controlling person."""
    return [circle["circle_id"]] if circle["kind"] in KINDS[3:] else []


def _draw_graph(circle: dict[str, Any], members: pl.DataFrame, ties: pl.DataFrame) -> None:
    centre = _list_central_parties(circle)
    lines = list(ties.select("giver", "taker").iter_rows())
    belongs = [] if circle["kind"] == "guarantor" else [(who, b) for who in centre for b in members["borrower_id"]]
    at = graph_layout.compute_positions([*centre, *members["borrower_id"]], [*lines, *belongs])
    states = [t("circles.member"), t("circles.in_ring"), t("circles.centre")]
    nodes = _build_nodes(circle, members, at, states)
    edges = _build_edges(members, ties, belongs, at, states)
    heads = graph_layout.compute_arrow_heads(edges.filter(pl.col("directed")))
    text = t(
        "circles.text",
        kind=circle["kind_name"],
        n=members.height,
        ties=len(lines),
        share=_format_tier1_share(circle),
    )
    drawing.show_chart(people_charts.build_party_graph(nodes, edges, heads, states), text, width="content")


def _build_nodes(
    circle: dict[str, Any], members: pl.DataFrame, at: dict[str, tuple[float, float]], states: list[str]
) -> pl.DataFrame:
    ringed = pl.col("guarantee_circle").fill_null(0) > 0
    found = members.select(
        "borrower_id",
        name=pl.col("borrower_name").fill_null(pl.col("borrower_id")),
        state=pl.when(ringed).then(pl.lit(states[1])).otherwise(pl.lit(states[0])),
        balance=pl.col("balance").cast(pl.Float64).fill_null(0),
        label=numbers.format_series(members["balance"], numbers.format_compact_amount),
        more=pl.col("relation").fill_null(numbers.NOTHING),
    )
    for who in _list_central_parties(circle):
        name = circle["leader"] if circle["kind"] == "guarantor" else who
        found = pl.concat(
            [
                found,
                pl.DataFrame(
                    [
                        {
                            "borrower_id": who,
                            "name": name or who,
                            "state": states[2],
                            "balance": float(circle["balance"] or 0),
                            "label": numbers.format_compact_amount(circle["balance"]),
                            "more": circle["kind_name"],
                        }
                    ],
                    schema=found.schema,
                ),
            ]
        )
    return _join_positions(found, at, "borrower_id", "x", "y")


def _join_positions(
    frame: pl.DataFrame, at: dict[str, tuple[float, float]], party: str, x: str, y: str
) -> pl.DataFrame:
    spots = pl.DataFrame([(name, *spot) for name, spot in at.items()], schema=[party, x, y], orient="row")
    return frame.join(spots, on=party, how="left", maintain_order="left")


def _build_edges(
    members: pl.DataFrame,
    ties: pl.DataFrame,
    belongs: list[tuple[str, str]],
    at: dict[str, tuple[float, float]],
    states: list[str],
) -> pl.DataFrame:
    """The guarantees, those that close a ring in its colour, and without an arrow what belongs to group or person."""
    rings = dict(members.select("borrower_id", "circle_members").iter_rows())
    schema = {"giver": pl.String, "taker": pl.String, "state": pl.String, "label": pl.String, "directed": pl.Boolean}
    rows = [
        (
            row["giver"],
            row["taker"],
            states[1] if row["taker"] in (rings.get(row["giver"]) or []) else states[0],
            t(
                "circles.tie",
                n=numbers.format_count(row["loans"]),
                amount=numbers.format_compact_amount(row["balance"]),
            ),
            True,
        )
        for row in ties.iter_rows(named=True)
    ]
    rows += [(who, borrower, states[2], t("circles.belongs"), False) for who, borrower in belongs]
    edges = pl.DataFrame(rows, schema=schema, orient="row")
    return _join_positions(_join_positions(edges, at, "giver", "x", "y"), at, "taker", "x2", "y2")


def list_findings(view: SnapshotView) -> pl.DataFrame:
    """[rule_id, signal, title, found]: what the run found against each rule about connected parties."""
    names = supervision.signals_by_rule(view.policy)
    rules = [rule for subject in SUBJECTS for rule in supervision.rules_of_watch_list(view.policy, WATCH_LIST, subject)]
    counts = queries.cached_query(results.count_violations_by_rule, view.run.run_id)
    rows = [
        (
            rule,
            by_language(names[rule].zh, names[rule].en) if rule in names else None,
            by_language(view.policy.rules[rule].title_zh, view.policy.rules[rule].title_en),
            counts.get(rule, 0),
        )
        for rule in rules
    ]
    return pl.DataFrame(
        rows, schema={"rule_id": pl.String, "signal": pl.String, "title": pl.String, "found": pl.Int64}, orient="row"
    )
