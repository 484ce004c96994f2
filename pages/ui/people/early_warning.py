"""What the early-warning page says: signals with their counts, the list by loan or borrower, what joined and left."""

from dataclasses import dataclass

import polars as pl
import streamlit as st

from pages.ui.app import queries, record_names, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import excel_export
from policy.model import supervision
from policy.violations import results, watch_list

LIST = "early_warning"
LOANS = {
    "borrower_name": "text",
    "balance": "amount",
    "signals": "text",
    "newly": "text",
    "days_past_due": "count",
    "interest_overdue": "amount",
    "late_periods": "count",
    "extension_count": "count",
    "classification": "text",
    "current_maturity": "date",
    "branch": "text",
    "manager": "text",
    "currency": "text",
    "loan_id": "text",
    "signal_count": "count",
}
BORROWERS = {
    "borrower_name": "text",
    "loans": "count",
    "balance": "amount",
    "signals": "text",
    "newly": "text",
    "days_past_due": "count",
    "interest_overdue": "amount",
    "branch": "text",
    "manager": "text",
    "currency": "text",
    "borrower_id": "text",
    "signal_count": "count",
}
MISSING = {"title": "text", "reason": "text", "field": "text", "subjects": "count", "rule_id": "text"}


@dataclass(frozen=True)
class Chosen:
    signals: tuple[str, ...]
    branches: tuple[str, ...]
    officers: tuple[str, ...]
    least: int


def rules(view: View) -> tuple[str, ...]:
    return supervision.watched(view.policy, LIST, "loan")


def titles(view: View) -> dict[str, str]:
    """What each signal is called: by its own name, else by what its rule requires."""
    named, found = supervision.signals(view.policy), view.policy.rules
    said = {rule: named.get(rule) or found[rule] for rule in rules(view)}
    return {
        rule: pick(by.zh, by.en) if isinstance(by, supervision.Signal) else pick(by.title_zh, by.title_en)
        for rule, by in said.items()
    }


def _counts(view: View) -> pl.DataFrame:
    return queries.ask(watch_list.signals, view.run.run_id, rules(view))


def _several(found: pl.DataFrame, column: str, filter_name: str, names: dict[str, str]) -> list[str]:
    """One filter; what the address names and no loan has stays chosen, so that nothing is listed, and not all."""
    loans = found.group_by(column).agg(pl.col("loans").sum()).drop_nulls(column)
    labels = url_state.counted(dict(loans.iter_rows()), names, url_state.all_of(filter_name))
    label = say("warnings.signal" if filter_name == "signal" else f"filter.{filter_name}")
    return url_state.several(filter_name, label, labels, say("filter.all"))


def choose(view: View) -> Chosen:
    """The filters, each choice with the number of loans it finds."""
    counted, place = _counts(view), st.columns(3)
    with place[0]:
        signals = _several(counted, "rule_id", "signal", titles(view))
    with place[1]:
        branches = _several(counted, "branch_id", "branch_id", queries.ask(results.branch_names, view.as_of))
    with place[2]:
        officers = _several(counted, "officer_id", "officer_id", queries.ask(results.staff_names, view.as_of))
    labels = {str(n): say("warnings.at_least", n=n) for n in range(1, min(4, len(rules(view))) + 1)}
    least = url_state.switch("least", say("warnings.least"), labels, default="1")
    return Chosen(tuple(signals), tuple(branches), tuple(officers), int(least))


def before(view: View) -> tuple[str, object] | None:
    return queries.ask(watch_list.run_before, view.run.run_id)


def listed(view: View, chosen: Chosen) -> pl.DataFrame:
    """The loans, those with most signals first; the signals are codes, as many as `signal_count` says."""
    former = before(view)
    rows = queries.ask(
        watch_list.loans,
        view.as_of,
        view.run.run_id,
        former[0] if former else None,
        rules(view),
        chosen.signals,
        chosen.branches,
        chosen.officers,
        chosen.least,
    )
    return rows.rename({"signals": "codes"}).with_columns(signal_count=pl.col("codes").list.len())


def worded(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of LOANS or BORROWERS, in words."""
    words = titles(view)
    said = [say("warnings.and").join(words[code] for code in row) for row in rows["codes"].to_list()]
    return record_names.places(view, rows).with_columns(
        pl.col("classification").replace(language.code_labels("classification")),
        signals=pl.Series(said, dtype=pl.String),
        newly=pl.when("is_new").then(pl.lit(say("warnings.new"))),
    )


def by_borrower(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """The same list, one row a borrower and currency; each with all signals of its loans."""
    signals = pl.col("codes").explode().cast(pl.Enum(rules(view))).unique().sort()
    grouped = rows.group_by("borrower_id", "currency", maintain_order=True).agg(
        pl.col("borrower_name", "branch_id", "officer_id").first(),
        pl.col("balance", "interest_overdue").sum(),
        pl.col("days_past_due").max(),
        pl.len().alias("loans"),
        codes=signals.cast(pl.String),
        is_new=pl.col("is_new").all(),
        classification=pl.lit(None, pl.String),
    )
    counted = grouped.with_columns(signal_count=pl.col("codes").list.len())
    return counted.sort("signal_count", "balance", descending=True, nulls_last=True, maintain_order=True)


def cards(view: View, rows: pl.DataFrame, chosen: Chosen) -> list[tuple[str, str, str | None]]:
    """(label, value, what stands under it): the list in all, what joined and left, and each signal."""
    former = before(view)
    ours = rows.filter(pl.col("currency").eq_missing(view.currency))["balance"].sum()
    joined = rows["is_new"].sum() if former else None
    gone = queries.ask(watch_list.left, view.run.run_id, former[0], rules(view), chosen.branches) if former else None
    since = say("warnings.since", day=numbers.day(former[1])) if former else say("warnings.no_before")
    return [
        (say("warnings.loans"), numbers.count(rows.height), numbers.compact(ours)),
        (say("warnings.joined"), numbers.count(joined), since),
        (say("warnings.left"), numbers.count(gone), since),
        (say("warnings.several"), numbers.count(rows.filter(pl.col("signal_count") > 1).height), None),
    ]


def bars(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """[name, balance, label, loans]: each signal with the balance of its loans in the main currency."""
    ours = rows.filter(pl.col("currency").eq_missing(view.currency))
    found = []
    for code, title in titles(view).items():
        hit = ours.filter(pl.col("codes").list.contains(code))
        balance = float(hit["balance"].sum() or 0)
        label = say("warnings.bar", amount=numbers.compact(balance), n=numbers.count(hit.height))
        found.append((title, balance, label, hit.height))
    return pl.DataFrame(found, schema=["name", "balance", "label", "loans"], orient="row")


def unknown(view: View) -> pl.DataFrame:
    """The signals that could not be judged, by reason and missing field."""
    counts = queries.ask(watch_list.unknown, view.run.run_id, rules(view))
    fields = [name and language.field_label("loan", name) for name in counts["field"]]
    return counts.with_columns(
        title=pl.col("rule_id").replace(titles(view)),
        reason=pl.col("reason").replace(language.terms("reason")),
        field=pl.Series(fields, dtype=pl.String),
    )


def as_workbook(view: View, rows: pl.DataFrame, chosen: Chosen) -> bytes:
    words = titles(view)
    signals = "\n".join(words[code] for code in chosen.signals if code in words)
    cover = {
        say("frame.as_of"): numbers.day(view.as_of),
        say("warnings.signal"): signals or say("workbook.no_filters"),
        say("filter.branch_id"): ", ".join(chosen.branches) or say("workbook.no_filters"),
        say("filter.officer_id"): ", ".join(chosen.officers) or say("workbook.no_filters"),
        say("workbook.policy"): view.run.policy_version,
        say("workbook.run"): view.run.run_id,
        say("workbook.rows"): numbers.count(rows.height),
    }
    return excel_export.make(say("page.early_warning"), cover, worded(view, rows).select(list(LOANS)))
