"""The account managers of a snapshot, as the pages about people share them: branches, portfolios, rates, names."""

import polars as pl
import streamlit as st

from data.queries import account_managers
from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from policy.model import supervision
from policy.monitoring import training_needs
from policy.violations import results


def choose_branches(view: SnapshotView) -> tuple[str, ...]:
    """The branches chosen in the address; none means all."""
    names = queries.cached_query(results.load_branch_names, view.as_of)
    with st.columns(2)[0]:
        return tuple(url_state.select_several("branch_id", t("filter.branch_id"), names, t("filter.all")))


def filter_branches(rows: pl.DataFrame, branches: tuple[str, ...]) -> pl.DataFrame:
    return rows.filter(pl.col("branch_id").is_in(branches)) if branches else rows


def _load_portfolios(view: SnapshotView) -> pl.DataFrame:
    due_days = int(supervision.require_threshold(view.policy, "due_days"))
    return queries.cached_query(account_managers.list_portfolios, view.as_of, view.currency, due_days)


def load_books(view: SnapshotView) -> pl.DataFrame:
    """As training_needs.add_book_ratios: one row a manager with running loans."""
    thresholds = training_needs.load_thresholds(view.policy)
    return training_needs.add_book_ratios(_load_portfolios(view), thresholds.thin_loans)


def count_unmanaged_loans(view: SnapshotView) -> int:
    return training_needs.count_unmanaged_loans(_load_portfolios(view))


def compare_with_peers(view: SnapshotView) -> pl.DataFrame:
    """As training_needs.compare_with_peers, of the run."""
    rules = supervision.taught_rules(view.policy)
    counts = queries.cached_query(
        account_managers.count_violations_by_group, view.checked_run.run_id, tuple(rules), tuple(rules.values())
    )
    return training_needs.compare_with_peers(
        load_books(view),
        counts,
        training_needs.list_taught_groups(view.policy),
        training_needs.load_thresholds(view.policy),
    )


def load_managers(view: SnapshotView) -> pl.DataFrame:
    """As training_needs.sum_over_groups: every manager's portfolio, rates and topics needed."""
    return training_needs.sum_over_groups(load_books(view), compare_with_peers(view) if view.run else None)


def topic_labels() -> dict[str, str]:
    return language.code_labels(supervision.TOPICS)


def clause_group_labels(view: SnapshotView) -> dict[str, str]:
    return {
        group.clause_group: by_language(group.zh, group.en) for group in supervision.load_clause_groups(view.policy)
    }


def explain_need(view: SnapshotView) -> str:
    """When a need follows, with the thresholds of the policy."""
    thresholds = training_needs.load_thresholds(view.policy)
    return t(
        "managers.need_meaning",
        ratio=numbers.format_number(thresholds.ratio),
        violations=numbers.format_number(thresholds.violations),
        deviations=numbers.format_number(thresholds.deviations),
    )


def label_managers(view: SnapshotView, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `manager` and `branch` (number and name), `book_size` and `needs` in words."""
    topics, branches = topic_labels(), queries.cached_query(results.load_branch_names, view.as_of)
    size = pl.when("thin").then(pl.lit(t("managers.small"))).otherwise(pl.lit(t("managers.sufficient")))
    needed = [[topics.get(topic, topic) for topic in row or []] for row in rows["needed"].to_list()]
    return rows.with_columns(
        manager=pl.concat_str([pl.col("officer_id"), pl.col("name")], separator=" ", ignore_nulls=True),
        branch=pl.col("branch_id").replace(branches),
        book_size=size,
        needs=pl.Series([t("managers.and").join(row) or None for row in needed], dtype=pl.String),
    )
