"""One circle of connected parties: the graph of its guarantees, its members, and the guarantees as a table."""

from typing import Any

import polars as pl
import streamlit as st

from data.queries import capital, connected_parties
from pages.ui.app import queries, record_names
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.charts import drawing, graph_layout, party_chart
from pages.ui.i18n import numbers
from pages.ui.i18n.language import t
from pages.ui.people.connected_parties import load_bank_capital
from pages.ui.widgets import tables

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
GUARANTEES = {"giver_name": "text", "taker_name": "text", "loans": "count", "balance": "amount"}
MAX_DRAWN = 60  # parties beyond which a drawing is a tangle; the table below it has all
CENTRED_KINDS = ("guarantor", "group", "controller")  # tied by a party that is not one of their borrowers
HALF_WIDTH = 440  # pixels a half needs
Positions = dict[str, tuple[float, float]]


def draw_circle(view: SnapshotView, circle: dict[str, Any]) -> None:
    """`circle` is a row of connected_parties.load_circles."""
    members = _load_members(view, circle)
    _draw_heading(circle)
    centre = _list_central_parties(circle)
    shown = members.head(MAX_DRAWN - len(centre))
    if shown.height < members.height:
        st.caption(
            t(
                "connected_parties.too_many",
                n=numbers.format_count(shown.height),
                m=numbers.format_count(members.height),
            )
        )
    guarantees = queries.cached_query(connected_parties.list_guarantees, view.as_of, (*centre, *shown["borrower_id"]))
    with st.grid(min_column_width=HALF_WIDTH, gap=("medium", "large")):
        with st.container():
            _draw_graph(circle, shown, guarantees)
            st.caption(t("connected_parties.reading"))
        with st.container():
            key = f"members:{circle['kind']}:{circle['circle_id']}"
            columns = tables.find_non_empty_columns(members, MEMBERS)
            tables.draw_table(members, columns, key=key, height=tables.TALL_HEIGHT)
            if guarantees.height:
                _draw_guarantees(members, guarantees)


def _draw_heading(circle: dict[str, Any]) -> None:
    st.subheader(t("connected_parties.one", kind=circle["kind_name"]), anchor=False)
    st.text(
        t(
            "connected_parties.summary",
            leader=circle["leader"] or circle["circle_id"],
            borrowers=numbers.format_count(circle["borrowers"]),
            loans=numbers.format_count(circle["loans"]),
            balance=numbers.format_compact_amount(circle["balance"]),
            share=_format_tier1_share(circle),
        )
    )


def _draw_guarantees(members: pl.DataFrame, guarantees: pl.DataFrame) -> None:
    st.markdown(f"**{t('connected_parties.ties')}**")
    names = dict(members.select("borrower_id", "borrower_name").iter_rows())
    named = guarantees.with_columns(taker_name=pl.col("taker").replace(names))
    tables.draw_table(named, GUARANTEES, key="ties", height=tables.SHORT_HEIGHT)


def _load_members(view: SnapshotView, circle: dict[str, Any]) -> pl.DataFrame:
    """The columns of MEMBERS, largest debtor first; `relation` is the guarantee circle a member is in."""
    found = queries.cached_query(connected_parties.list_members, view.as_of, tuple(circle["members"]))
    size = pl.col("guarantee_circle")
    relation = (
        pl.when(size == 2)
        .then(pl.lit(t("connected_parties.in_mutual")))  # a circle of two
        .when(size > 2)
        .then(pl.format(t("connected_parties.in_circle", n="{}"), size))
    )
    shares = capital.add_capital_shares(found, load_bank_capital(view))
    return record_names.add_branch_and_manager(view, shares).with_columns(relation=relation)


def _format_tier1_share(circle: dict[str, Any]) -> str:
    """The share of the bank's capital in words; empty where the capital is unknown."""
    share = circle["to_tier1"]
    return "" if share is None else t("connected_parties.of_tier1", share=numbers.format_share(share))


def _list_central_parties(circle: dict[str, Any]) -> list[str]:
    """The party that is not a borrower of the circle itself: the guarantor, the group, the controlling person."""
    return [circle["circle_id"]] if circle["kind"] in CENTRED_KINDS else []


def _draw_graph(circle: dict[str, Any], members: pl.DataFrame, guarantees: pl.DataFrame) -> None:
    centre = _list_central_parties(circle)
    pairs = list(guarantees.select("giver", "taker").iter_rows())
    memberships = (
        [] if circle["kind"] == "guarantor" else [(party, b) for party in centre for b in members["borrower_id"]]
    )
    positions = graph_layout.compute_positions([*centre, *members["borrower_id"]], [*pairs, *memberships])
    states = [t("connected_parties.member"), t("connected_parties.in_ring"), t("connected_parties.centre")]
    nodes = _build_nodes(circle, members, positions, states)
    edges = _build_edges(members, guarantees, memberships, positions, states)
    heads = graph_layout.compute_arrow_heads(edges.filter(pl.col("directed")))
    text = t(
        "connected_parties.text",
        kind=circle["kind_name"],
        n=members.height,
        ties=len(pairs),
        share=_format_tier1_share(circle),
    )
    drawing.show_chart(party_chart.build_party_graph(nodes, edges, heads, states), text, width="content")


def _build_nodes(
    circle: dict[str, Any], members: pl.DataFrame, positions: Positions, states: list[str]
) -> pl.DataFrame:
    """[borrower_id, name, state, balance, label, more, x, y]; `states` are words for member, in a ring, centre."""
    in_ring = pl.col("guarantee_circle").fill_null(0) > 0
    nodes = members.select(
        "borrower_id",
        name=pl.col("borrower_name").fill_null(pl.col("borrower_id")),
        state=pl.when(in_ring).then(pl.lit(states[1])).otherwise(pl.lit(states[0])),
        balance=pl.col("balance").cast(pl.Float64).fill_null(0),
        label=numbers.format_series(members["balance"], numbers.format_compact_amount),
        more=pl.col("relation").fill_null(numbers.NOTHING),
    )
    central = [_build_central_node(circle, party, states[2], nodes.schema) for party in _list_central_parties(circle)]
    return _join_positions(pl.concat([nodes, *central]), positions, "borrower_id", "x", "y")


def _build_central_node(circle: dict[str, Any], party: str, state: str, schema: pl.Schema) -> pl.DataFrame:
    name = circle["leader"] if circle["kind"] == "guarantor" else party
    row = {
        "borrower_id": party,
        "name": name or party,
        "state": state,
        "balance": float(circle["balance"] or 0),
        "label": numbers.format_compact_amount(circle["balance"]),
        "more": circle["kind_name"],
    }
    return pl.DataFrame([row], schema=schema)


def _build_edges(
    members: pl.DataFrame,
    guarantees: pl.DataFrame,
    memberships: list[tuple[str, str]],
    positions: Positions,
    states: list[str],
) -> pl.DataFrame:
    """[giver, taker, state, label, directed, x, y, x2, y2]: guarantees, those that close a ring in its colour, and
    without an arrow which borrower belongs to the group or person."""
    rings = dict(members.select("borrower_id", "circle_members").iter_rows())
    schema = {"giver": pl.String, "taker": pl.String, "state": pl.String, "label": pl.String, "directed": pl.Boolean}
    rows = []
    for row in guarantees.iter_rows(named=True):
        giver, taker = row["giver"], row["taker"]
        state = states[1] if taker in (rings.get(giver) or []) else states[0]
        amount = numbers.format_compact_amount(row["balance"])
        rows.append(
            (giver, taker, state, t("connected_parties.tie", n=numbers.format_count(row["loans"]), amount=amount), True)
        )
    rows += [(party, borrower, states[2], t("connected_parties.belongs_to"), False) for party, borrower in memberships]
    edges = _join_positions(pl.DataFrame(rows, schema=schema, orient="row"), positions, "giver", "x", "y")
    return _join_positions(edges, positions, "taker", "x2", "y2")


def _join_positions(frame: pl.DataFrame, positions: Positions, party: str, x: str, y: str) -> pl.DataFrame:
    spots = pl.DataFrame([(name, *spot) for name, spot in positions.items()], schema=[party, x, y], orient="row")
    return frame.join(spots, on=party, how="left", maintain_order="left")
