"""What the health page says: cards, notes on what is unknown, and the frames behind its charts and tables."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import polars as pl
import streamlit as st

from data import dictionary, findings, portfolio
from data.portfolio import Bucket, Ratio
from pages.ui import access, language, numbers
from pages.ui.frame import View
from pages.ui.language import pick, say
from policy import unary_tests

BAND = 12  # bars of a structure chart; the rest is summed up and named


@dataclass(frozen=True)
class Card:
    label: str
    value: str
    change: str | int | None
    good: str  # which way is good: normal (up), inverse (down), off (neither)
    help: str

    def show(self) -> None:
        st.metric(
            self.label, self.value, self.change, delta_color=self.good, help=self.help, border=True, height="stretch"
        )


def _before(view: View) -> date | None:
    """The snapshot before the one looked at."""
    days = access.ask(portfolio.quality, view.currency)["as_of"]
    return days.filter(days < view.as_of).max()


def _at(frame: pl.DataFrame, day: date | None) -> dict[str, object]:
    row = frame.filter(pl.col("as_of") == day) if day else frame.head(0)
    return row.row(0, named=True) if row.height else {}


def _signed(now: Decimal | int | None, before: Decimal | int | None, write: object) -> str | int | None:
    """A change as text with its sign; plain 0 where nothing moved, which Streamlit shows without an arrow."""
    if now is None or before is None:
        return None
    text = write(abs(now - before))
    return (f"+{text}" if now > before else f"-{text}") if now != before else 0


def _ratio_card(view: View, quality: pl.DataFrame, ratio: Ratio) -> Card:
    trend = portfolio.ratio_trend(quality, ratio)
    now, before = _at(trend, view.as_of), _at(trend, _before(view))
    change: str | int | None = None
    if now.get("value") is not None and before.get("value") is not None:
        moved = round(now["value"] - before["value"], 4 + 2)
        change = numbers.points(moved) if abs(moved) >= 0.00005 else 0
    formula = pick(ratio.formula_zh, ratio.formula_en)
    made_of = say("health.made_of", hit=numbers.compact(now.get("hit")), known=numbers.compact(now.get("known")))
    return Card(pick(ratio.zh, ratio.en), numbers.share(now.get("value")), change, "inverse", f"{formula}: {made_of}")


def _whole(view: View, quality: pl.DataFrame, day: date | None) -> dict[str, object]:
    """Loans, balance and borrowers of one snapshot; empty where there is none."""
    sums = _at(portfolio.totals(quality), day)
    return sums | {"borrowers": access.ask(portfolio.borrowers, view.currency, (day,)).get(day)} if sums else {}


def cards(view: View) -> list[Card]:
    quality = access.ask(portfolio.quality, view.currency)
    now, before = _whole(view, quality, view.as_of), _whole(view, quality, _before(view))
    made = [("balance", numbers.compact), ("loans", numbers.count), ("borrowers", numbers.count)]
    plain = [
        Card(say(f"kpi.{name}"), write(now.get(name)), _signed(now.get(name), before.get(name), write), "off",
             say(f"kpi.{name}_help"))
        for name, write in made
    ]  # fmt: skip
    return plain + [_ratio_card(view, quality, ratio) for ratio in portfolio.ratios().values()]


def notes(view: View) -> list[str]:
    """What the figures leave out or do not know, in words."""
    population = access.ask(portfolio.population, view.as_of)
    said = [say("health.population", **{name: numbers.count(n) for name, n in population.items()})]
    if _before(view):
        said.append(say("health.since", day=numbers.day(_before(view))))
    others = access.ask(portfolio.currencies, view.as_of).filter(pl.col("currency").ne_missing(view.currency))
    if others.height:
        said.append(say("health.other_currencies", n=numbers.count(others["loans"].sum())))
    totals = _at(portfolio.totals(access.ask(portfolio.quality, view.currency)), view.as_of)
    if totals and totals["valued"] < totals["loans"]:
        said.append(say("health.without_balance", n=numbers.count(totals["loans"] - totals["valued"])))
    return said + _unknowns(view)


def _unknowns(view: View) -> list[str]:
    quality = access.ask(portfolio.quality, view.currency)
    said = []
    for field in dict.fromkeys(ratio.field for ratio in portfolio.ratios().values()):
        ratio = next(ratio for ratio in portfolio.ratios().values() if ratio.field == field)
        now = _at(portfolio.ratio_trend(quality, ratio), view.as_of)
        if now.get("unknown_loans"):
            said.append(say("health.unknown", n=numbers.count(now["unknown_loans"]), m=numbers.count(now["loans"]),
                            field=language.field_label("loan", field)))  # fmt: skip
    return said


def _dated(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        month=pl.col("as_of").dt.to_string("%y-%m-%d" if _crowded(frame) else "%Y-%m"),
        day=numbers.texts(frame["as_of"], numbers.day),
    )


def _crowded(frame: pl.DataFrame) -> bool:
    """More than one snapshot in a month: the day must be told."""
    days = frame["as_of"].unique()
    return days.dt.to_string("%Y-%m").n_unique() < days.len()


def balance_trend(view: View) -> pl.DataFrame:
    """[month, day, balance, label] of every snapshot up to the one looked at."""
    totals = portfolio.totals(access.ask(portfolio.quality, view.currency))
    frame = totals.filter(pl.col("as_of") <= view.as_of)
    return _dated(frame).with_columns(
        pl.col("balance").cast(pl.Float64),
        label=numbers.texts(frame["balance"], numbers.compact),
    )


def ratio_trend(view: View) -> tuple[pl.DataFrame, list[str]]:
    """[month, day, name, value, label], and the names in order."""
    quality = access.ask(portfolio.quality, view.currency).filter(pl.col("as_of") <= view.as_of)
    names = {ratio.name: pick(ratio.zh, ratio.en) for ratio in portfolio.ratios().values()}
    trends = [
        portfolio.ratio_trend(quality, ratio).with_columns(name=pl.lit(names[ratio.name]))
        for ratio in portfolio.ratios().values()
    ]
    frame = _dated(pl.concat(trends))
    return frame.with_columns(label=numbers.texts(frame["value"], numbers.share)), [*names.values()]


def _named(frame: pl.DataFrame, labels: dict[str, str], missing: str) -> pl.DataFrame:
    """Add `name` (the label of a code; a code without one as it is), `share` of balance, `npl_ratio` and `label`.

    A balance that no loan states is None, not 0.
    """
    total = frame["balance"].sum() or None
    stated = (pl.col("valued") > 0) | (pl.col("loans") == 0)
    known = pl.col("classified_balance").cast(pl.Float64)
    named = frame.with_columns(
        pl.when(stated).then(pl.col("balance").cast(pl.Float64)),
        name=pl.col("value").cast(pl.String).replace(labels).fill_null(missing),
        share=pl.col("balance").cast(pl.Float64) / (total and float(total)),
        npl_ratio=pl.when(known > 0).then(pl.col("npl_balance").cast(pl.Float64) / known),
    )
    return named.with_columns(
        label=numbers.texts(named.select(pl.struct("balance", "share")).to_series(), _amount_and_share)
    )


def _amount_and_share(row: dict[str, float]) -> str:
    return f"{numbers.compact(row['balance'])} · {numbers.share(row['share'])}"


def classes(view: View) -> pl.DataFrame:
    """The five categories and the unclassified: [name, rank, loans, balance, share, label]."""
    labels = language.code_labels("classification")
    now = access.ask(portfolio.distribution, view.as_of, view.currency, "classification")
    order = pl.DataFrame(
        {"value": [*labels, None], "rank": range(len(labels) + 1)}, schema_overrides={"value": pl.String}
    )
    frame = order.join(now, on="value", how="left", nulls_equal=True, maintain_order="left")
    frame = frame.with_columns(pl.exclude("value").fill_null(0)).filter(
        pl.col("value").is_not_null() | (pl.col("loans") > 0)
    )
    return _named(frame, labels, say("health.unclassified"))


def _labels(view: View, field: str) -> dict[str, str]:
    if field == "branch_id":
        return access.ask(findings.branch_names, view.as_of)
    code_list = dictionary.facts("loan")[field].code_list
    return language.code_labels(code_list) if code_list else {}


def structure(view: View, field: str) -> pl.DataFrame:
    """[name, loans, balance, share, npl_ratio, label] by one fact of the loan, largest first."""
    if field == "term_class":
        months = access.ask(portfolio.distribution, view.as_of, view.currency, "original_term_months")
        frame = portfolio.bucketed(months, _term_classes(view)).rename({"code": "value"})
        return _named(frame, language.code_labels("term_class"), say("health.not_stated"))
    frame = access.ask(portfolio.distribution, view.as_of, view.currency, field)
    return _named(frame, _labels(view, field), say("health.not_stated"))


def _term_classes(view: View) -> tuple[Bucket, ...]:
    """The policy's term classes in force on the day, as buckets of whole months."""
    found = []
    for row in view.policy.limit_tables["term_classes"].rows:
        if row.effective_from <= view.as_of < row.effective_to:
            for span in unary_tests.parse(row.cells["original_term_months"], "number").intervals:
                lower = None if span.low is None else int(span.low) + span.low_open
                upper = None if span.high is None else int(span.high) - span.high_open
                found.append(Bucket(row.cells["term_class"], lower, upper, "", ""))
    return tuple(found)


def top(frame: pl.DataFrame) -> pl.DataFrame:
    """The largest for the chart, the rest as one bar that says how many it holds."""
    if frame.height <= BAND:
        return frame
    rest = frame[BAND - 1 :]
    summed = rest.select("loans", "balance").sum()
    held = summed["balance"][0]
    label = _amount_and_share({"balance": held, "share": held / float(frame["balance"].sum() or 1)})
    last = summed.with_columns(name=pl.lit(say("health.others", n=numbers.count(rest.height))), label=pl.lit(label))
    return pl.concat([frame[: BAND - 1], last], how="diagonal_relaxed")


def ladder(view: View) -> pl.DataFrame:
    """[name, loans, balance, share, label] by days to the current maturity."""
    edges = portfolio.buckets("maturity_ladder")
    days = access.ask(portfolio.distribution, view.as_of, view.currency, "days_to_maturity")
    frame = portfolio.bucketed(days, edges).rename({"code": "value"})
    return _named(frame, {edge.code: pick(edge.zh, edge.en) for edge in edges}, say("health.no_maturity"))
