"""What the early-warning page says: signals with their counts, the list by loan or borrower, what joined and left."""

from dataclasses import dataclass

import polars as pl
import streamlit as st

from pages.ui.app import queries, record_names, url_state
from pages.ui.app.page_frame import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import excel_export
from policy.model import supervision
from policy.violations import results, watch_list

WATCH_LIST = "early_warning"
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
class WatchListFilter:
    signals: tuple[str, ...]
    branches: tuple[str, ...]
    officers: tuple[str, ...]
    min_signals: int


def list_signal_rules(view: SnapshotView) -> tuple[str, ...]:
    return supervision.rules_of_watch_list(view.policy, WATCH_LIST, "loan")


def signal_titles(view: SnapshotView) -> dict[str, str]:
    """What each signal is called: by its own name, else by what its rule requires."""
    named, found = supervision.signals_by_rule(view.policy), view.policy.rules
    said = {rule: named.get(rule) or found[rule] for rule in list_signal_rules(view)}
    return {
        rule: by_language(by.zh, by.en) if isinstance(by, supervision.Signal) else by_language(by.title_zh, by.title_en)
        for rule, by in said.items()
    }


def _count_signals(view: SnapshotView) -> pl.DataFrame:
    return queries.cached_query(watch_list.count_signals, view.run.run_id, list_signal_rules(view))


def _draw_filter(found: pl.DataFrame, column: str, filter_name: str, names: dict[str, str]) -> list[str]:
    """One filter; what the address names and no loan has stays chosen, so that nothing is listed, and not all."""
    loans = found.group_by(column).agg(pl.col("loans").sum()).drop_nulls(column)
    labels = url_state.options_with_counts(dict(loans.iter_rows()), names, url_state.get_params(filter_name))
    label = t("warnings.signal" if filter_name == "signal" else f"filter.{filter_name}")
    return url_state.select_several(filter_name, label, labels, t("filter.all"))


def choose_filter(view: SnapshotView) -> WatchListFilter:
    """The filters, each choice with the number of loans it finds."""
    counted, place = _count_signals(view), st.columns(3)
    with place[0]:
        signals = _draw_filter(counted, "rule_id", "signal", signal_titles(view))
    with place[1]:
        branches = _draw_filter(
            counted, "branch_id", "branch_id", queries.cached_query(results.load_branch_names, view.as_of)
        )
    with place[2]:
        officers = _draw_filter(
            counted, "officer_id", "officer_id", queries.cached_query(results.load_officer_names, view.as_of)
        )
    labels = {str(n): t("warnings.at_least", n=n) for n in range(1, min(4, len(list_signal_rules(view))) + 1)}
    least = url_state.select_segment("least", t("warnings.least"), labels, default="1")
    return WatchListFilter(tuple(signals), tuple(branches), tuple(officers), int(least))


def find_previous_run(view: SnapshotView) -> tuple[str, object] | None:
    return queries.cached_query(watch_list.find_previous_run, view.run.run_id)


def load_watch_list(view: SnapshotView, chosen: WatchListFilter) -> pl.DataFrame:
    """The loans, those with most signals first; the signals are codes, as many as `signal_count` says."""
    former = find_previous_run(view)
    rows = queries.cached_query(
        watch_list.list_loans,
        view.as_of,
        view.run.run_id,
        former[0] if former else None,
        list_signal_rules(view),
        chosen.signals,
        chosen.branches,
        chosen.officers,
        chosen.min_signals,
    )
    return rows.rename({"signals": "codes"}).with_columns(signal_count=pl.col("codes").list.len())


def label_rows(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of LOANS or BORROWERS, in words."""
    words = signal_titles(view)
    said = [t("warnings.and").join(words[code] for code in row) for row in rows["codes"].to_list()]
    return record_names.add_branch_and_manager(view, rows).with_columns(
        pl.col("classification").replace(language.code_labels("classification")),
        signals=pl.Series(said, dtype=pl.String),
        newly=pl.when("is_new").then(pl.lit(t("warnings.new"))),
    )


def group_by_borrower(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """The same list, one row a borrower and currency; each with all signals of its loans."""
    signals = pl.col("codes").explode().cast(pl.Enum(list_signal_rules(view))).unique().sort()
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


def build_cards(view: SnapshotView, rows: pl.DataFrame, chosen: WatchListFilter) -> list[tuple[str, str, str | None]]:
    """(label, value, what stands under it): the list in all, what joined and left, and each signal."""
    former = find_previous_run(view)
    ours = rows.filter(pl.col("currency").eq_missing(view.currency))["balance"].sum()
    joined = rows["is_new"].sum() if former else None
    gone = (
        queries.cached_query(
            watch_list.count_cleared_loans, view.run.run_id, former[0], list_signal_rules(view), chosen.branches
        )
        if former
        else None
    )
    since = t("warnings.since", day=numbers.format_day(former[1])) if former else t("warnings.no_before")
    return [
        (t("warnings.loans"), numbers.format_count(rows.height), numbers.format_compact_amount(ours)),
        (t("warnings.joined"), numbers.format_count(joined), since),
        (t("warnings.left"), numbers.format_count(gone), since),
        (t("warnings.several"), numbers.format_count(rows.filter(pl.col("signal_count") > 1).height), None),
    ]


def build_signal_bars(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """[name, balance, label, loans]: each signal with the balance of its loans in the main currency."""
    ours = rows.filter(pl.col("currency").eq_missing(view.currency))
    found = []
    for code, title in signal_titles(view).items():
        hit = ours.filter(pl.col("codes").list.contains(code))
        balance = float(hit["balance"].sum() or 0)
        label = t("warnings.bar", amount=numbers.format_compact_amount(balance), n=numbers.format_count(hit.height))
        found.append((title, balance, label, hit.height))
    return pl.DataFrame(found, schema=["name", "balance", "label", "loans"], orient="row")


def list_not_assessable(view: SnapshotView) -> pl.DataFrame:
    """The signals that could not be judged, by reason and missing field."""
    counts = queries.cached_query(watch_list.count_not_assessable, view.run.run_id, list_signal_rules(view))
    fields = [name and language.field_label("loan", name) for name in counts["field"]]
    return counts.with_columns(
        title=pl.col("rule_id").replace(signal_titles(view)),
        reason=pl.col("reason").replace(language.labels_of_kind("reason")),
        field=pl.Series(fields, dtype=pl.String),
    )


def build_workbook(view: SnapshotView, rows: pl.DataFrame, chosen: WatchListFilter) -> bytes:
    words = signal_titles(view)
    signals = "\n".join(words[code] for code in chosen.signals if code in words)
    cover = {
        t("frame.as_of"): numbers.format_day(view.as_of),
        t("warnings.signal"): signals or t("workbook.no_filters"),
        t("filter.branch_id"): ", ".join(chosen.branches) or t("workbook.no_filters"),
        t("filter.officer_id"): ", ".join(chosen.officers) or t("workbook.no_filters"),
        t("workbook.policy"): view.run.policy_version,
        t("workbook.run"): view.run.run_id,
        t("workbook.rows"): numbers.format_count(rows.height),
    }
    return excel_export.write_table(t("page.early_warning"), cover, label_rows(view, rows).select(list(LOANS)))
