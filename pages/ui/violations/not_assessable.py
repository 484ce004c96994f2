"""What could not be judged: by rule, by the field that is missing, by branch."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.format import values
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
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


def draw(view: View) -> None:
    st.caption(say("violations.not_assessable_note"))
    labels = {by: say(f"unjudged.{by}") for by in VIEWS}
    by = url_state.switch("unjudged", say("violations.by"), labels, "field")
    rules = tuple(filters.rules(view)["rule_id"])
    frame = {"field": by_field, "branch": by_branch, "rule": by_rule}[by](view, rules)
    if frame.is_empty():
        st.success(say("unjudged.none"))
        return
    tables.show(frame, VIEWS[by], height=tables.TALL)


def sum_up(view: View) -> None:
    """How much could not be judged, and why: where nothing is found, that may be the reason."""
    counts = _counts(view, tuple(filters.rules(view)["rule_id"]))
    if counts.is_empty():
        return
    sums = counts.group_by("reason").agg(pl.col("subjects").sum()).sort("subjects", descending=True)
    words = language.terms("reason")
    parts = (f"{words.get(reason, reason)} {numbers.count(n)}" for reason, n in sums.iter_rows())
    st.caption(say("unjudged.sum", n=numbers.count(sums["subjects"].sum()), reasons=pick("、", ", ").join(parts)))


def _counts(view: View, rules: tuple[str, ...]) -> pl.DataFrame:
    found = queries.ask(violation_list.not_assessable, view.run.run_id, rules, tuple(url_state.all_of("branch_id")))
    pairs = found.select("subject", "field").unique()
    labels = [name and values.field_label(view.policy, subject, name) for subject, name in pairs.iter_rows()]
    named = pairs.with_columns(pl.Series("label", labels, dtype=pl.String))
    return found.join(named, on=["subject", "field"], how="left", nulls_equal=True, maintain_order="left").with_columns(
        field="label", code="field"
    )


def _worded(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        subject=pl.col("subject").replace(language.terms("subject")),
        reason=pl.col("reason").replace(language.terms("reason")),
    )


def by_rule(view: View, rules: tuple[str, ...]) -> pl.DataFrame:
    """[severity, rule_id, title, subject, reason, field, subjects, share of the records], the commonest first."""
    totals = queries.ask(results.subjects, view.run.run_id)
    counts = _counts(view, rules).group_by("rule_id", "subject", "reason", "field").agg(pl.col("subjects").sum())
    shares = counts.with_columns(share=pl.col("subjects") / pl.col("subject").replace_strict(totals, default=None))
    ordered = shares.sort("subjects", "rule_id", "field", descending=[True, False, False])
    return list.worded(view, ordered.with_columns(reason=pl.col("reason").replace(language.terms("reason"))))


def by_field(view: View, rules: tuple[str, ...]) -> pl.DataFrame:
    """[field, subject, reason, rules, branches, subjects, share of all that could not be judged]."""
    counts = _counts(view, rules)
    frame = counts.group_by("subject", "reason", "field").agg(
        pl.col("subjects").sum(),
        rules=pl.col("rule_id").n_unique(),
        branches=pl.col("branch_id").drop_nulls().n_unique(),
    )
    total = frame["subjects"].sum() or 1
    return _worded(frame.with_columns(share=pl.col("subjects") / total)).sort(
        "subjects", "field", "subject", descending=[True, False, False]
    )


def by_branch(view: View, rules: tuple[str, ...]) -> pl.DataFrame:
    """[branch, first_field, rules, subjects, share of the branch's checks], the most first."""
    counts, names = _counts(view, rules), queries.ask(results.branch_names, view.as_of)
    asked = queries.ask(violation_list.judged, view.run.run_id, tuple(url_state.all_of("branch_id")))
    fields = counts.drop_nulls("field").group_by("branch_id", "field").agg(pl.col("subjects").sum())
    first = fields.sort("subjects", "field", descending=[True, False]).unique(
        "branch_id", keep="first", maintain_order=True
    )
    frame = counts.group_by("branch_id").agg(pl.col("subjects").sum(), rules=pl.col("rule_id").n_unique())
    asked = asked.filter(pl.col("rule_id").is_in(rules)).group_by("branch_id").agg(checks=pl.col("subjects").sum())
    frame = frame.join(asked, on="branch_id", how="left", nulls_equal=True)
    frame = frame.join(first.select("branch_id", first_field="field"), on="branch_id", how="left", nulls_equal=True)
    named = pl.col("branch_id").replace(names).fill_null(say("violations.no_branch"))
    return frame.with_columns(branch=named, share=pl.col("subjects") / pl.col("checks")).sort(
        "subjects", "branch_id", descending=[True, False]
    )
