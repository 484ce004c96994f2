"""What could not be judged: by rule, by the field that is missing, by branch."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import SnapshotView
from pages.ui.format import values
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.violations import filters, list
from pages.ui.widgets import tables
from policy.violations import results, violation_list

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
    labels = {by: t(f"unjudged.{by}") for by in VIEWS}
    by = url_state.select_segment("unjudged", t("violations.by"), labels, "field")
    rules = tuple(filters.load_rules(view)["rule_id"])
    frame = {"field": count_by_field, "branch": count_by_branch, "rule": count_by_rule}[by](view, rules)
    if frame.is_empty():
        st.success(t("unjudged.none"))
        return
    tables.draw_table(frame, VIEWS[by], height=tables.TALL_HEIGHT)


def draw_summary(view: SnapshotView) -> None:
    """How much could not be judged, and why: where nothing is found, that may be the reason."""
    counts = _load_counts(view, tuple(filters.load_rules(view)["rule_id"]))
    if counts.is_empty():
        return
    sums = counts.group_by("reason").agg(pl.col("subjects").sum()).sort("subjects", descending=True)
    words = language.labels_of_kind("reason")
    parts = (f"{words.get(reason, reason)} {numbers.format_count(n)}" for reason, n in sums.iter_rows())
    st.caption(
        t("unjudged.sum", n=numbers.format_count(sums["subjects"].sum()), reasons=by_language("、", ", ").join(parts))
    )


def _load_counts(view: SnapshotView, rules: tuple[str, ...]) -> pl.DataFrame:
    found = queries.cached_query(
        violation_list.count_not_assessable, view.run.run_id, rules, tuple(url_state.get_params("branch_id"))
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
    """[severity, rule_id, title, subject, reason, field, subjects, share of the records], the commonest first."""
    totals = queries.cached_query(results.count_subjects, view.run.run_id)
    counts = _load_counts(view, rules).group_by("rule_id", "subject", "reason", "field").agg(pl.col("subjects").sum())
    shares = counts.with_columns(share=pl.col("subjects") / pl.col("subject").replace_strict(totals, default=None))
    ordered = shares.sort("subjects", "rule_id", "field", descending=[True, False, False])
    return list.add_rule_texts(
        view, ordered.with_columns(reason=pl.col("reason").replace(language.labels_of_kind("reason")))
    )


def count_by_field(view: SnapshotView, rules: tuple[str, ...]) -> pl.DataFrame:
    """[field, subject, reason, rules, branches, subjects, share of all that could not be judged]."""
    counts = _load_counts(view, rules)
    frame = counts.group_by("subject", "reason", "field").agg(
        pl.col("subjects").sum(),
        rules=pl.col("rule_id").n_unique(),
        branches=pl.col("branch_id").drop_nulls().n_unique(),
    )
    total = frame["subjects"].sum() or 1
    return _label_rows(frame.with_columns(share=pl.col("subjects") / total)).sort(
        "subjects", "field", "subject", descending=[True, False, False]
    )


def count_by_branch(view: SnapshotView, rules: tuple[str, ...]) -> pl.DataFrame:
    """[branch, first_field, rules, subjects, share of the branch's checks], the most first."""
    counts, names = _load_counts(view, rules), queries.cached_query(results.load_branch_names, view.as_of)
    asked = queries.cached_query(
        violation_list.count_applicable, view.run.run_id, tuple(url_state.get_params("branch_id"))
    )
    fields = counts.drop_nulls("field").group_by("branch_id", "field").agg(pl.col("subjects").sum())
    first = fields.sort("subjects", "field", descending=[True, False]).unique(
        "branch_id", keep="first", maintain_order=True
    )
    frame = counts.group_by("branch_id").agg(pl.col("subjects").sum(), rules=pl.col("rule_id").n_unique())
    asked = asked.filter(pl.col("rule_id").is_in(rules)).group_by("branch_id").agg(checks=pl.col("subjects").sum())
    frame = frame.join(asked, on="branch_id", how="left", nulls_equal=True)
    frame = frame.join(first.select("branch_id", first_field="field"), on="branch_id", how="left", nulls_equal=True)
    named = pl.col("branch_id").replace(names).fill_null(t("violations.no_branch"))
    return frame.with_columns(branch=named, share=pl.col("subjects") / pl.col("checks")).sort(
        "subjects", "branch_id", descending=[True, False]
    )
