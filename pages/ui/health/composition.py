"""What the loans are made of: one chart a dimension, every bar of which can be clicked; and the largest borrowers."""

import polars as pl
import streamlit as st

from data.queries import composition, migration
from data.reference.dimensions import dimensions
from pages.ui.app import queries, url_state
from pages.ui.charts import drawing, health_charts
from pages.ui.health import cards, page_scope
from pages.ui.health.cards import Card
from pages.ui.health.page_scope import Scope
from pages.ui.i18n import numbers
from pages.ui.i18n.axis_dates import dated
from pages.ui.i18n.language import code_labels, pick, say
from pages.ui.widgets import tables
from policy.monitoring.metric_groups import Group

BAND = 14  # bars of a chart; the rest is summed up and named
ORDERED = ("classification", "late", "ladder", "coverage", "term")  # shown in the order of their codes, empty ones too
EXPOSED = {"name": "text", "balance": "whole", "net_capital_share": "share", "tier1_share": "share", "share": "share"}
TABLE = {"name": "text", "loans": "count", "balance": "whole", "share": "share", "npl_ratio": "share"}
LINES = 3  # ratios drawn


def frame(scope: Scope, name: str) -> pl.DataFrame:
    """[code, name, loans, balance, share, npl_ratio, on] of one dimension, as the other choices leave it."""
    own, words = dimensions()[name], page_scope.labels(scope.view, dimensions()[name])
    found = queries.ask(composition.parts, *scope.key, scope.chosen).filter(pl.col("dimension") == name)
    if name in ORDERED:
        codes = pl.DataFrame({"value": [*words, None]}, schema={"value": pl.String})
        found = codes.join(found, on="value", how="left", nulls_equal=True, maintain_order="left")
        found = found.filter(pl.col("value").is_not_null() | (pl.col("loans") > 0))
    total = float(found["balance"].sum() or 0)
    known = pl.col("classified_balance").cast(pl.Float64)
    stated = (pl.col("valued") > 0) | pl.col("loans").is_null()
    chosen = scope.picked(own.name)
    return found.select(
        code=pl.col("value").fill_null(page_scope.UNKNOWN),
        name=pl.col("value").replace(words).fill_null(say("health.not_stated")),
        loans=pl.col("loans").fill_null(0),
        balance=pl.when(stated).then(pl.col("balance").cast(pl.Float64).fill_null(0)),
        share=pl.when(stated & (total > 0)).then(pl.col("balance").cast(pl.Float64).fill_null(0) / (total or 1)),
        npl_ratio=pl.when(known > 0).then(pl.col("npl_balance").cast(pl.Float64) / known),
    ).with_columns(on=pl.lit(True) if chosen is None else pl.col("code") == chosen)


def _bars(parts: pl.DataFrame) -> pl.DataFrame:
    """The largest parts with [label, count, bad] in words."""
    shown = _banded(parts)
    return shown.with_columns(
        label=numbers.texts(shown.select(pl.struct("balance", "share")).to_series(), _amount),
        count=numbers.texts(shown["loans"], numbers.count),
        bad=numbers.texts(shown["npl_ratio"], numbers.share),
    )


def _amount(row: dict[str, float | None]) -> str:
    return f"{numbers.compact(row['balance'])} · {numbers.share(row['share'])}"


def _banded(shown: pl.DataFrame) -> pl.DataFrame:
    """The largest, and the rest as one bar that says how many it holds and cannot be clicked."""
    if shown.height <= BAND:
        return shown
    rest = shown[BAND - 1 :]
    last = rest.select(pl.col("loans", "balance", "share").sum()).with_columns(
        name=pl.lit(say("health.others", n=numbers.count(rest.height))), code=pl.lit(""), on=pl.lit(False)
    )
    return pl.concat([shown[: BAND - 1], last], how="diagonal_relaxed")


def chart(scope: Scope, name: str) -> None:
    """The bars of a dimension; a click chooses a part, another click gives it back."""
    parts, key = frame(scope, name), f"pick_{name}:{scope.picked(name)}"
    if not drawing.drawable(parts, "balance"):
        st.info(say("health.no_balance"))
        return
    if not parts.filter(pl.col("code") != page_scope.UNKNOWN)["loans"].sum():
        st.info(say("health.all_unstated", n=numbers.count(parts["loans"].sum()), what=page_scope.title(name)))
        return
    shown = _bars(parts)
    spoken = say("health.chart_alt", what=page_scope.title(name), parts=_spoken(shown))
    spec = health_charts.parts(shown, page_scope.title(name))
    drawing.put(spec, spoken, data=shown, key=key, picked=lambda: _picked(name, key))


def _spoken(shown: pl.DataFrame) -> str:
    return pick("；", "; ").join(f"{name} {label}" for name, label in shown.select("name", "label").iter_rows())


def _picked(name: str, key: str) -> None:
    for point in drawing.points(key):
        if point.get("code"):
            page_scope.toggle(name, str(point["code"]))


def choose_structure(names: tuple[str, ...]) -> str:
    return url_state.switch("by", say("health.by"), {name: page_scope.title(name) for name in names}, default=names[0])


def choose_largest() -> str:
    labels = {"borrower": say("health.largest_borrower"), "group": say("health.largest_group")}
    return url_state.switch("largest", say("health.largest_of"), labels, default="borrower")


def table(scope: Scope, name: str) -> None:
    """Every part, the small ones that have no bar too; picking a row is a click on its bar."""
    parts = frame(scope, name)
    row = tables.show(parts, TABLE, key=f"table_{name}:{scope.picked(name)}", pick=True, height=tables.TALL)
    if row is not None:
        page_scope.toggle(name, parts["code"][row])
        st.rerun()


def show_history(scope: Scope) -> None:
    """The balance by class at each snapshot; a click on a part leads to its day and class."""
    sums = dated(history(scope))
    if sums["as_of"].n_unique() < 2:
        st.info(say("health.one_snapshot_trend" if sums.height else "health.no_balance"))
        return
    latest = sums.filter(pl.col("as_of") == sums["as_of"].max()).sort("rank")
    spoken = say("health.chart_alt", what=say("health.balance_trend"), parts=_spoken(latest))
    key = f"history:{scope.view.as_of}:{scope.picked('classification')}"
    spec = health_charts.class_trend(sums, class_names())
    drawing.put(spec, spoken, data=sums, key=key, picked=lambda: _to(key))


def show_ratios(scope: Scope, walls: list[tuple[Group, list[Card]]]) -> None:
    """The first few ratios at each snapshot; a click on a point leads to its day."""
    lines, names = cards.trend(scope, walls, LINES)
    if lines["as_of"].n_unique() < 2:
        st.info(say("health.one_snapshot_trend" if lines.height else "health.no_ratios"))
        return
    lines = dated(lines)
    latest = lines.filter(pl.col("as_of") == lines["as_of"].max())
    spoken = say("health.chart_alt", what=say("health.ratio_trend"), parts=_spoken(latest))
    key = f"ratios:{scope.view.as_of}"
    drawing.put(health_charts.ratios(lines, names), spoken, data=lines, key=key, picked=lambda: _to(key))


def _to(key: str) -> None:
    """The snapshot of the mark that was clicked, and the class where it stands for one."""
    for point in drawing.points(key):
        url_state.take("as_of", str(point["iso"]))
        if point.get("code"):
            url_state.put("classification", [str(point["code"])])


def history(scope: Scope) -> pl.DataFrame:
    """[as_of, code, name, rank, balance, label] of each snapshot up to the day, by five-category class."""
    words = code_labels("classification")
    held = queries.ask(migration.history, scope.view.currency, scope.branch).filter(pl.col("as_of") <= scope.view.as_of)
    order = {code: rank for rank, code in enumerate(words)}
    sums = held.group_by("as_of", "classification").agg(pl.col("balance", "valued").sum()).sort("as_of")
    sums = sums.filter(pl.col("valued") > 0)
    return sums.with_columns(
        pl.col("balance").cast(pl.Float64),
        code=pl.col("classification").fill_null(page_scope.UNKNOWN),
        name=pl.col("classification").replace(words).fill_null(say("health.not_stated")),
        rank=pl.col("classification").replace_strict(order, default=len(order), return_dtype=pl.Int64),
        label=numbers.texts(sums["balance"], numbers.compact),
    )


def class_names() -> list[str]:
    return [*code_labels("classification").values(), say("health.not_stated")]


def largest(scope: Scope, of: str) -> pl.DataFrame:
    """The ten largest borrowers or groups, with their shares of the balance and of the bank's capital."""
    rows = queries.ask(composition.largest, *scope.key, of)
    capital = queries.ask(composition.capital, scope.view.as_of)
    total = queries.ask(composition.total, *scope.key, ())["balance"]
    amount = pl.col("balance").cast(pl.Float64)

    def over(divisor: object) -> pl.Expr:
        return amount / float(divisor) if divisor else pl.lit(None, pl.Float64)  # type: ignore[arg-type]

    return rows.with_columns(
        name=pl.coalesce("name", "id"),
        share=over(total),
        net_capital_share=over(capital["net_capital"]),
        tier1_share=over(capital["tier1_capital"]),
    )


def show_largest(scope: Scope) -> None:
    """The list; a row picked narrows the loans to those of the borrower or group, and picked again it lets go."""
    of = choose_largest()
    rows = largest(scope, of)
    if not drawing.drawable(rows, "balance"):
        st.info(say("health.no_groups" if of == page_scope.GROUP and rows.is_empty() else "health.no_balance"))
        return
    key = f"largest:{of}:{url_state.get(of)}"
    row = tables.show(rows, tables.filled(rows, EXPOSED), key=key, pick=True, height=tables.TALL)
    if row is not None:
        page_scope.toggle(of, rows["id"][row])
        st.rerun()
