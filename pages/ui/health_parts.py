"""What the loans are made of: one chart a dimension, every bar of which can be clicked; and the largest borrowers."""

import polars as pl
import streamlit as st

from data import movements, structure
from data.dimensions import dimensions
from pages.ui import access, address, charts, charts_health, health, numbers, tables
from pages.ui.health import Scope
from pages.ui.language import code_labels, pick, say

BAND = 14  # bars of a chart; the rest is summed up and named
ORDERED = ("classification", "late", "ladder", "coverage", "term")  # shown in the order of their codes, empty ones too
EXPOSED = {"name": "text", "balance": "amount", "net_capital_share": "share", "tier1_share": "share",
           "share": "share", "loans": "count", "id": "text"}  # fmt: skip


def frame(scope: Scope, name: str) -> pl.DataFrame:
    """[code, name, loans, balance, share, npl_ratio, on, label] of one dimension, as the other choices leave it."""
    own, words = dimensions()[name], health.labels(scope.view, dimensions()[name])
    found = access.ask(structure.parts, *scope.key, scope.chosen).filter(pl.col("dimension") == name)
    if name in ORDERED:
        codes = pl.DataFrame({"value": [*words, None]}, schema={"value": pl.String})
        found = codes.join(found, on="value", how="left", nulls_equal=True, maintain_order="left")
        found = found.filter(pl.col("value").is_not_null() | (pl.col("loans") > 0))
    total = float(found["balance"].sum() or 0)
    known = pl.col("classified_balance").cast(pl.Float64)
    stated = (pl.col("valued") > 0) | pl.col("loans").is_null()
    chosen = scope.picked(own.name)
    shown = found.select(
        code=pl.col("value").fill_null(health.UNKNOWN),
        name=pl.col("value").replace(words).fill_null(say("health.not_stated")),
        loans=pl.col("loans").fill_null(0),
        balance=pl.when(stated).then(pl.col("balance").cast(pl.Float64).fill_null(0)),
        share=pl.when(stated & (total > 0)).then(pl.col("balance").cast(pl.Float64).fill_null(0) / (total or 1)),
        npl_ratio=pl.when(known > 0).then(pl.col("npl_balance").cast(pl.Float64) / known),
    ).with_columns(on=pl.lit(True) if chosen is None else pl.col("code") == chosen)
    shown = _banded(shown)
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
    shown, key = frame(scope, name), f"pick_{name}:{scope.picked(name)}"
    if shown["balance"].drop_nulls().is_empty() or not shown["balance"].sum():
        st.info(say("chart.nothing"))
        return
    spoken = say("health.chart_alt", what=health.title(name), parts=_spoken(shown))
    charts.pickable(shown, charts_health.parts(shown, health.title(name)), key, lambda: _picked(name, key), spoken)


def _spoken(shown: pl.DataFrame) -> str:
    return pick("；", "; ").join(f"{name} {label}" for name, label in shown.select("name", "label").iter_rows())


def _picked(name: str, key: str) -> None:
    for point in charts.points(key):
        if point.get("code"):
            health.toggle(name, str(point["code"]))


def choose_structure(names: tuple[str, ...]) -> str:
    return address.switch("by", say("health.by"), {name: health.title(name) for name in names}, default=names[0])


def choose_largest() -> str:
    labels = {"borrower": say("health.largest_borrower"), "group": say("health.largest_group")}
    return address.switch("largest", say("health.largest_of"), labels, default="borrower")


def table(scope: Scope, name: str) -> None:
    kinds = {"name": "text", "loans": "count", "balance": "amount", "share": "share", "npl_ratio": "share"}
    tables.show(frame(scope, name), kinds, key=f"table_{name}")


def history(scope: Scope) -> pl.DataFrame:
    """[as_of, name, rank, balance, label] of each snapshot up to the day, by five-category class."""
    words = code_labels("classification")
    held = access.ask(movements.history, scope.view.currency, scope.branch).filter(pl.col("as_of") <= scope.view.as_of)
    order = {code: rank for rank, code in enumerate(words)}
    sums = held.group_by("as_of", "classification").agg(pl.col("balance", "valued").sum()).sort("as_of")
    sums = sums.filter(pl.col("valued") > 0)
    return sums.with_columns(
        pl.col("balance").cast(pl.Float64),
        name=pl.col("classification").replace(words).fill_null(say("health.unclassified")),
        rank=pl.col("classification").replace_strict(order, default=len(order), return_dtype=pl.Int64),
        label=numbers.texts(sums["balance"], numbers.compact),
    )


def class_names() -> list[str]:
    return [*code_labels("classification").values(), say("health.unclassified")]


def largest(scope: Scope, of: str) -> pl.DataFrame:
    """The ten largest borrowers or groups, with their shares of the balance and of the bank's capital."""
    rows = access.ask(structure.largest, *scope.key, of)
    capital = access.ask(structure.capital, scope.view.as_of)
    total = access.ask(structure.total, *scope.key, ())["balance"]
    amount = pl.col("balance").cast(pl.Float64)

    def over(divisor: object) -> pl.Expr:
        return amount / float(divisor) if divisor else pl.lit(None, pl.Float64)  # type: ignore[arg-type]

    return rows.with_columns(
        share=over(total), net_capital_share=over(capital["net_capital"]), tier1_share=over(capital["tier1_capital"])
    )
