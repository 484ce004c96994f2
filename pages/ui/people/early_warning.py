"""Early warning: signals with their counts, the list by loan or borrower, what joined and left."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import streamlit as st

from pages.ui.app import queries, record_names, status_line, url_state
from pages.ui.app.snapshot_view import SnapshotView
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
    """The title of each signal: its own, else that of its rule."""
    signals, rules = supervision.signals_by_rule(view.policy), view.policy.rules
    return {
        rule_id: by_language(signals[rule_id].zh, signals[rule_id].en)
        if rule_id in signals
        else by_language(rules[rule_id].title_zh, rules[rule_id].title_en)
        for rule_id in list_signal_rules(view)
    }


def _count_signals(view: SnapshotView) -> pl.DataFrame:
    return queries.cached_query(watch_list.count_signals, view.checked_run.run_id, list_signal_rules(view))


def _draw_filter(found: pl.DataFrame, column: str, filter_name: str, names: dict[str, str]) -> list[str]:
    """One filter; a value of the address that no loan has stays chosen: the list is then empty, not unfiltered."""
    loans = found.group_by(column).agg(pl.col("loans").sum()).drop_nulls(column)
    labels = url_state.options_with_counts(dict(loans.iter_rows()), names, url_state.get_params(filter_name))
    label = t("early_warning.signal" if filter_name == "signal" else f"filter.{filter_name}")
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
    labels = {str(n): t("early_warning.at_least", n=n) for n in range(1, min(4, len(list_signal_rules(view))) + 1)}
    least = url_state.select_segment("least", t("early_warning.least"), labels, default="1")
    return WatchListFilter(tuple(signals), tuple(branches), tuple(officers), int(least))


def find_previous_run(view: SnapshotView) -> tuple[str, date] | None:
    """The id and day of the run before, if there is one."""
    return queries.cached_query(watch_list.find_previous_run, view.checked_run.run_id)


def load_watch_list(view: SnapshotView, chosen: WatchListFilter) -> pl.DataFrame:
    """As watch_list.list_loans: the loans, those with most signals first; the signals are rules."""
    previous = find_previous_run(view)
    return queries.cached_query(
        watch_list.list_loans,
        view.as_of,
        view.checked_run.run_id,
        previous[0] if previous else None,
        list_signal_rules(view),
        chosen.signals,
        chosen.branches,
        chosen.officers,
        chosen.min_signals,
    )


def label_rows(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of LOANS or BORROWERS, in words."""
    titles = signal_titles(view)
    signals = [t("early_warning.and").join(titles[rule] for rule in row) for row in rows["signals"].to_list()]
    return record_names.add_branch_and_manager(view, rows).with_columns(
        pl.col("classification").replace(language.code_labels("classification")),
        signals=pl.Series(signals, dtype=pl.String),
        signal_count=pl.col("signals").list.len(),
        newly=pl.when("is_new").then(pl.lit(t("early_warning.new"))),
    )


def group_by_borrower(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """As watch_list.group_by_borrower: one row a borrower and currency."""
    return watch_list.group_by_borrower(rows, list_signal_rules(view))


def build_cards(view: SnapshotView, rows: pl.DataFrame, chosen: WatchListFilter) -> list[tuple[str, str, str | None]]:
    """(label, value, text under it): the whole list, what joined and left, and loans with several signals."""
    previous = find_previous_run(view)
    figures = watch_list.summarise_loans(rows, view.currency, has_previous=previous is not None)
    since = t("early_warning.since", day=numbers.format_day(previous[1])) if previous else t("early_warning.no_before")
    return [
        (t("early_warning.loans"), numbers.format_count(figures.loans), numbers.format_compact_amount(figures.balance)),
        (t("early_warning.newly_listed"), numbers.format_count(figures.joined), since),
        (t("early_warning.removed"), numbers.format_count(_count_cleared_loans(view, previous, chosen)), since),
        (t("early_warning.several"), numbers.format_count(figures.with_several_signals), None),
    ]


def _count_cleared_loans(view: SnapshotView, previous: tuple[str, date] | None, chosen: WatchListFilter) -> int | None:
    if previous is None:
        return None
    return queries.cached_query(
        watch_list.count_cleared_loans,
        view.checked_run.run_id,
        previous[0],
        list_signal_rules(view),
        chosen.branches,
    )


def build_signal_bars(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """[name, balance, label, loans]: each signal with the balance of its loans in the main currency."""
    sums = watch_list.sum_by_signal(rows, list_signal_rules(view), view.currency)
    return sums.with_columns(
        name=pl.col("rule_id").replace(signal_titles(view)),
        label=numbers.format_series(sums.select(pl.struct("loans", "balance")).to_series(), _format_bar_label),
    ).select("name", "balance", "label", "loans")


def _format_bar_label(signal: dict[str, Any]) -> str:
    amount, loans = numbers.format_compact_amount(signal["balance"]), numbers.format_count(signal["loans"])
    return t("early_warning.bar", amount=amount, n=loans)


def list_not_assessable(view: SnapshotView) -> pl.DataFrame:
    """The signals that could not be judged, by reason and missing field."""
    counts = queries.cached_query(watch_list.count_not_assessable, view.checked_run.run_id, list_signal_rules(view))
    fields = [name and language.field_label("loan", name) for name in counts["field"]]
    return counts.with_columns(
        title=pl.col("rule_id").replace(signal_titles(view)),
        reason=pl.col("reason").replace(language.labels_of_kind("reason")),
        field=pl.Series(fields, dtype=pl.String),
    )


def build_workbook(view: SnapshotView, rows: pl.DataFrame, chosen: WatchListFilter) -> bytes:
    titles = signal_titles(view)
    signals = "\n".join(titles[rule] for rule in chosen.signals if rule in titles)
    cover = {
        t("frame.as_of"): numbers.format_day(view.as_of),
        t("early_warning.signal"): signals or t("workbook.no_filters"),
        t("filter.branch_id"): ", ".join(chosen.branches) or t("workbook.no_filters"),
        t("filter.officer_id"): ", ".join(chosen.officers) or t("workbook.no_filters"),
        t("workbook.policy"): view.checked_run.policy_version,
        t("workbook.run"): view.checked_run.run_id,
        t("workbook.rows"): numbers.format_count(rows.height),
    } | status_line.cover_data_state(view)
    return excel_export.write_table(t("page.early_warning"), cover, label_rows(view, rows).select(list(LOANS)))
