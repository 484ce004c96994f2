"""What moved since the earlier snapshot, and the weighted trend over all judged ones."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.charts import drawing, violation_charts
from pages.ui.i18n import numbers
from pages.ui.i18n.language import say
from pages.ui.violations import filters
from pages.ui.violations.filters import Chosen
from pages.ui.widgets import tables
from policy.violations import comparison, violation_list
from policy.violations.lifecycle import CAME, LEFT

HUNDRED = 100
CARD = 125  # pixels
TABLE = {"as_of": "date", "violations": "count", "weight": "number", "loans": "count", "points": "rate"}
RULES = ("severity", "family", "rule_id", "clause_group", "subject", "stage", "branch_id")  # what the trend can follow


def moved_since(view: View, chosen: Chosen) -> None:
    """Opening, what came and what left, closing; or why that cannot be said, and the command that helps."""
    span = chosen.span
    if span.since is None:
        st.warning(say("violations.no_history"))
        st.code("python -m policy check --all", language=None)
        return
    unjudged = queries.ask(comparison.unjudged, view.run.run_id)
    if url_state.get("since") in {day.isoformat() for day in unjudged}:
        st.warning(say("violations.since_unjudged", day=url_state.get("since"), used=numbers.day(span.since.as_of)))
        st.code(f"python -m policy check --as-of {url_state.get('since')}", language=None)
    if not span.followed:
        st.warning(say("violations.not_followed"))
        st.code("python -m policy check --all", language=None)
        return
    moved = dict(chosen.moved)
    opening = sum(moved.get(name, 0) for name in ("persisting", *LEFT))
    closing = sum(moved.get(name, 0) for name in ("persisting", *CAME))
    shown = [(say("violations.opening"), opening)]
    shown += [(f"+ {say(f'life.{name}')}", moved[name]) for name in CAME if moved.get(name)]
    shown += [(f"− {say(f'life.{name}')}", moved[name]) for name in LEFT if moved.get(name)]
    shown += [(say("violations.closing"), closing)]
    st.subheader(
        say("violations.moved", since=numbers.day(span.since.as_of), day=numbers.day(view.as_of)), anchor=False
    )
    with st.grid(min_column_width=CARD):
        for label, value in shown:
            st.metric(label, numbers.count(value), border=True, height="stretch")


def draw(view: View, chosen: Chosen) -> None:
    moved_since(view, chosen)
    st.subheader(say("violations.trend"), anchor=False)
    st.caption(say("violations.trend_note"))
    ignored = [label for label, names in _others() if any(url_state.all_of(name) for name in names)]
    if ignored:
        st.caption(say("violations.trend_filters", names=", ".join(ignored)))
    known = filters.rules(view)
    rules = _followed(known)
    frame = trend(view, known, rules, tuple(url_state.all_of("branch_id")))
    if frame["as_of"].n_unique() < 2:
        st.info(say("violations.one_snapshot"))
    stacked = frame.group_by("as_of", "severity", "rank").agg(
        pl.col("violations", "weight").sum(), pl.col("loans").max()
    )
    stacked = stacked.sort("as_of", "rank").with_columns(points=pl.col("weight") * HUNDRED / pl.col("loans"))
    stacked = stacked.with_columns(
        day=pl.col("as_of").dt.to_string("%Y-%m-%d"),
        severity=pl.col("severity").replace(words()),
        count=numbers.texts(stacked["violations"], numbers.count),
        label=numbers.texts(stacked["points"].round(1), numbers.plain),
    )
    _chart(stacked, summed(frame))
    tables.show(summed(frame).sort("as_of", descending=True), TABLE, height="content")


def _chart(stacked: pl.DataFrame, sums: pl.DataFrame) -> None:
    if not drawing.drawable(stacked, "points"):
        st.info(say("violations.no_points"))
        return
    told = [
        f"{numbers.day(day)} {numbers.plain(round(points, 1))}"
        for day, points in sums.select("as_of", "points").iter_rows()
    ]
    spoken = "; ".join([say("violations.trend_alt"), *told])
    drawing.put(violation_charts.weighted(stacked, [*words().values()]), spoken)


def words() -> dict[str, str]:
    return {code: say(f"severity.{code}") for code in ("critical", "high", "medium", "low", "info")}


def _others() -> list[tuple[str, tuple[str, ...]]]:
    return [(say(f"filter.{name}"), (name,)) for name in filters.FACETS if name not in RULES] + [
        (say("filter.search"), ("q",))
    ]


def _followed(known: pl.DataFrame) -> tuple[str, ...]:
    """The rules that the filters on rules leave: the counts of a run know rule and branch, nothing finer."""
    for name in RULES[:-1]:
        wanted = url_state.all_of(name)
        known = known.filter(pl.col(name).is_in(wanted)) if wanted else known
    return tuple(known["rule_id"])


def trend(view: View, known: pl.DataFrame, rules: tuple[str, ...], branches: tuple[str, ...] = ()) -> pl.DataFrame:
    """[as_of, severity, rank, violations, weight, loans] of each judged snapshot and severity."""
    series = tuple(run.run_id for run in queries.ask(comparison.history, view.run.run_id))
    counted = queries.ask(violation_list.trend, series, rules, branches)
    about = known.select("rule_id", "severity", "rank", each="weight")
    frame = counted.join(about, on="rule_id", how="left")
    return (
        frame.with_columns(
            pl.col("severity").fill_null("info"),
            pl.col("rank").fill_null(len(words())),
            weight=pl.col("violations") * pl.col("each").fill_null(0.0),
        )
        .group_by("as_of", "severity", "rank")
        .agg(pl.col("violations", "weight").sum(), pl.col("loans").max())
    )


def summed(frame: pl.DataFrame) -> pl.DataFrame:
    """[as_of, violations, weight, loans, points] of each snapshot; `points`: weight in a hundred loans."""
    whole = frame.group_by("as_of").agg(pl.col("violations", "weight").sum(), pl.col("loans").max()).sort("as_of")
    return whole.with_columns(points=pl.col("weight") * HUNDRED / pl.col("loans"))
