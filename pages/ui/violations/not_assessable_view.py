"""What could not be judged: by rule, by the field that is missing, by branch."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import values
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.violations import filters, list
from pages.ui.widgets import tables
from policy.violations import not_assessable, results, violation_list

BY_RULE = {
    "severity": "text",
    "title": "text",
    "subject": "text",
    "reason": "text",
    "field": "text",
    "subjects": "count",
    "share": "share",
    "rule_id": "text",
}
BY_FIELD = {
    "field": "text",
    "subject": "text",
    "reason": "text",
    "rules": "count",
    "branches": "count",
    "subjects": "count",
    "share": "share",
}
BY_BRANCH = {"branch": "text", "first_field": "text", "rules": "count", "subjects": "count", "share": "share"}
VIEWS = {"field": BY_FIELD, "branch": BY_BRANCH, "rule": BY_RULE}


def draw_not_assessable(view: SnapshotView) -> None:
    st.caption(t("violations.not_assessable_note"))
    labels = {by: t(f"not_assessable.{by}") for by in VIEWS}
    by = url_state.select_segment("unjudged", t("violations.by"), labels, "field")
    rules = tuple(filters.load_rules(view)["rule_id"])
    frame = {"field": count_by_field, "branch": count_by_branch, "rule": count_by_rule}[by](view, rules)
    if frame.is_empty():
        st.success(t("not_assessable.none"))
        return
    tables.draw_table(frame, VIEWS[by], height=tables.TALL_HEIGHT)


def draw_summary(view: SnapshotView) -> None:
    """How much could not be judged, and why: where nothing is found, that may be the reason."""
    counts = _load_counts(view, tuple(filters.load_rules(view)["rule_id"]))
    if counts.is_empty():
        return
    sums, labels = not_assessable.sum_by_reason(counts), language.labels_of_kind("reason")
    parts = (f"{labels.get(reason, reason)} {numbers.format_count(n)}" for reason, n in sums.iter_rows())
    total = numbers.format_count(int(sums["subjects"].sum()))
    st.caption(t("not_assessable.sum", n=total, reasons=by_language("、", ", ").join(parts)))


def _load_counts(view: SnapshotView, rules: tuple[str, ...]) -> pl.DataFrame:
    found = queries.cached_query(
        violation_list.count_not_assessable, view.checked_run.run_id, rules, tuple(url_state.get_params("branch_id"))
    )
    pairs = found.select("subject", "field").unique()
    labels = [name and values.field_label(view.policy, subject, name) for subject, name in pairs.iter_rows()]
    named = pairs.with_columns(pl.Series("label", labels, dtype=pl.String))
    return found.join(named, on=["subject", "field"], how="left", nulls_equal=True, maintain_order="left").with_columns(
        field="label", code="field"
    )


def _label_rows(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        subject=pl.col("subject").replace(language.labels_of_kind("subject")),
        reason=pl.col("reason").replace(language.labels_of_kind("reason")),
    )


def count_by_rule(view: SnapshotView, rules: tuple[str, ...]) -> pl.DataFrame:
    """The columns of BY_RULE, the most frequent first; the share is of the records judged."""
    judged = queries.cached_query(results.count_subjects, view.checked_run.run_id)
    rows = not_assessable.sum_by_rule(_load_counts(view, rules), judged)
    reasons = language.labels_of_kind("reason")
    return list.add_rule_texts(view, rows.with_columns(reason=pl.col("reason").replace(reasons)))


def count_by_field(view: SnapshotView, rules: tuple[str, ...]) -> pl.DataFrame:
    """The columns of BY_FIELD, the most frequent first; the share is of all that could not be judged."""
    rows = _label_rows(not_assessable.sum_by_field(_load_counts(view, rules)))
    return rows.sort("subjects", "field", "subject", descending=[True, False, False])


def count_by_branch(view: SnapshotView, rules: tuple[str, ...]) -> pl.DataFrame:
    """The columns of BY_BRANCH, the most frequent first; the share is of the branch's checks."""
    applicable = queries.cached_query(
        violation_list.count_applicable, view.checked_run.run_id, tuple(url_state.get_params("branch_id"))
    )
    rows = not_assessable.sum_by_branch(_load_counts(view, rules), applicable.filter(pl.col("rule_id").is_in(rules)))
    names = queries.cached_query(results.load_branch_names, view.as_of)
    return rows.with_columns(branch=pl.col("branch_id").replace(names).fill_null(t("violations.no_branch")))
