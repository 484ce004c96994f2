"""How the loans moved since an opening snapshot: the migration of classes, the roll of arrears; and the vintages."""

import polars as pl
import streamlit as st

from data.queries import migration
from data.reference import size_limits
from data.reference.buckets import rows
from data.reference.dimensions import dimensions
from pages.ui.app import queries, url_state
from pages.ui.charts import drawing, health_charts
from pages.ui.health import page_scope
from pages.ui.health.page_scope import Scope
from pages.ui.i18n import numbers
from pages.ui.i18n.language import code_labels, pick, say

KINDS = {"classification": ("class_before", "class_after"), "late": ("late_before", "late_after")}
ENDS = ("settled", "written_off")  # the ends that have a column of their own
CURVES = 8  # cohorts drawn, the newest that are not thin


def choose_opening(scope: Scope) -> str:
    """The code of the opening snapshot, one of those the moves were counted from."""
    names = {row["code"]: pick(row["zh"], row["en"]) for row in rows("openings.csv")}
    labels = {code: f"{names[code]} · {numbers.day(day)}" for code, day in scope.openings.items()}
    return url_state.switch("opening", say("health.opening"), labels, default=next(iter(labels)))


def choose_kind() -> str:
    return url_state.switch(
        "move", say("health.kind"), {name: say(f"health.matrix_{name}") for name in KINDS}, default=next(iter(KINDS))
    )


def matrix(scope: Scope, opening: str, name: str) -> pl.DataFrame:
    """[start, end, start_code, end_code, loans, balance, share, label]: of each opening row's balance, where it stands.

    The shares of a row sum to 1. A running loan goes by its class (or arrears) now, another by how it ended.
    """
    before, after = KINDS[name]
    moved = queries.ask(migration.moves, *scope.key, scope.openings[opening]).filter(pl.col("origin") == "running")
    words = page_scope.labels(scope.view, dimensions()[name]) | {page_scope.UNKNOWN: say("health.not_stated")}
    ends = {end: label for end, label in code_labels("loan_status").items() if end in ENDS}
    ends["gone"] = say("health.ended_otherwise")
    ended = pl.when(pl.col("fate").is_in(ENDS)).then("fate").otherwise(pl.lit("gone"))
    cells = moved.with_columns(
        start_code=pl.col(before).fill_null(page_scope.UNKNOWN),
        end_code=pl.when(pl.col("fate") == "running")
        .then(pl.col(after).fill_null(page_scope.UNKNOWN))
        .otherwise(ended),
    )
    cells = cells.group_by("start_code", "end_code").agg(pl.col("loans").sum(), pl.col("balance_before").sum())
    cells = cells.with_columns(balance=pl.col("balance_before").cast(pl.Float64))
    whole = pl.col("balance").sum().over("start_code")
    cells = cells.with_columns(share=pl.when(whole > 0).then(pl.col("balance") / whole)).filter(
        pl.col("share").is_not_null()
    )
    order = {code: rank for rank, code in enumerate([*words, *ends])}
    cells = cells.sort(
        pl.col("start_code").replace_strict(order, default=99), pl.col("end_code").replace_strict(order, default=99)
    )
    return cells.with_columns(
        start=pl.col("start_code").replace(words),
        end=pl.col("end_code").replace(words | ends),
        label=numbers.texts(cells["share"], numbers.share),
        amount=numbers.texts(cells["balance"], numbers.compact),
        count=numbers.texts(cells["loans"], numbers.count),
    ).select("start", "end", "start_code", "end_code", "loans", "balance", "share", "label", "amount", "count")


def show(scope: Scope, opening: str, name: str) -> None:
    """The matrix; a click on a cell chooses the loans that moved from its row to its column."""
    cells, key = (
        matrix(scope, opening, name),
        f"move_{name}:{opening}:{url_state.get(KINDS[name][0])}:{url_state.get(name)}",
    )
    if cells.is_empty():
        st.info(say("health.no_balance"))
        return
    words = [*page_scope.labels(scope.view, dimensions()[name]).values(), say("health.not_stated")]
    ends = [label for code, label in code_labels("loan_status").items() if code in ENDS]
    columns = [word for word in [*words, *ends, say("health.ended_otherwise")] if word in cells["end"]]
    spec = health_charts.matrix([word for word in words if word in cells["start"]], columns)
    moved = (f"{a} → {b} {label}" for a, b, label in cells.select("start", "end", "label").iter_rows())
    spoken = say("health.chart_alt", what=say(f"health.matrix_{name}"), parts=pick("；", "; ").join(moved))
    drawing.put(spec, spoken, data=cells, key=key, picked=lambda: _picked(name, key))


def _picked(name: str, key: str) -> None:
    for point in drawing.points(key):
        start, end = str(point.get("start_code")), str(point.get("end_code"))
        if end in ENDS or end == "gone":
            continue  # what has ended is in no list of running loans
        page_scope.toggle(KINDS[name][0], start)
        url_state.put(name, [end] if url_state.get(KINDS[name][0]) else [])


def vintages(scope: Scope) -> pl.DataFrame:
    """[iso, name, age, value, label, size] of the newest cohorts: share of what was lent that ever went bad, by age."""
    held = queries.ask(migration.vintages, *scope.key)
    latest = held.filter(pl.col("as_of") == scope.view.as_of, pl.col("loans") >= size_limits.whole("thin_cohort"))
    # Lent before the first snapshot, a cohort lacks what was repaid by then, and starts late.
    first = held["as_of"].min()
    fresh = latest.filter(pl.col("cohort") >= pl.lit(first).dt.truncate("1q")) if first else latest
    chosen = (fresh if fresh.height > 1 else latest).sort("cohort", descending=True).head(CURVES)["cohort"]
    months = (
        (pl.col("as_of").dt.year() - pl.col("cohort").dt.year()) * 12
        + pl.col("as_of").dt.month()
        - pl.col("cohort").dt.month()
    )
    curves = held.filter(pl.col("cohort").is_in(chosen.to_list()), pl.col("principal") > 0).with_columns(
        age=months.cast(pl.Int64), value=pl.col("bad").cast(pl.Float64) / pl.col("principal").cast(pl.Float64)
    )
    return curves.with_columns(
        iso=pl.col("cohort").cast(pl.String),
        name=numbers.texts(curves["cohort"], page_scope.quarter),
        label=numbers.texts(curves["value"], numbers.share),
        size=numbers.texts(curves["loans"], numbers.count),
    ).sort("cohort", "age")


def show_vintages(scope: Scope) -> None:
    """The curves, and what they show; a click on one chooses the loans of its quarter."""
    curves = vintages(scope)
    if curves.is_empty():
        st.info(say("health.no_vintages", least=numbers.count(size_limits.whole("thin_cohort"))))
        return
    last = curves.group_by("name", maintain_order=True).agg(pl.col("age", "label").last())
    told = (say("health.at_age", name=name, age=age, share=share) for name, age, share in last.iter_rows())
    spoken = say("health.chart_alt", what=say("health.vintages"), parts=pick("；", "; ").join(told))
    key = f"vintages:{url_state.get(page_scope.COHORT)}"
    drawing.put(health_charts.vintages(curves), spoken, data=curves, key=key, picked=lambda: _lent(key))
    st.caption(_about_vintages(scope))


def _lent(key: str) -> None:
    for point in drawing.points(key):
        page_scope.toggle(page_scope.COHORT, str(point["iso"]))


def _about_vintages(scope: Scope) -> str:
    """What the curves show, and how many cohorts are too thin to be drawn."""
    held = queries.ask(migration.vintages, *scope.key).filter(pl.col("as_of") == scope.view.as_of)
    least = size_limits.whole("thin_cohort")
    thin = held.filter(pl.col("loans") < least).height
    return say("health.about_vintages", least=numbers.count(least), thin=numbers.count(thin))
