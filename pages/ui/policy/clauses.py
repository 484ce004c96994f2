"""The clauses of the policy to browse and search: by part of the source, family, and words in either language."""

from typing import Any

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables
from policy.authoring import clause_coverage, rule_hits
from policy.authoring.clause_coverage import ClauseCoverage
from policy.model.policy_cache import cached_by_policy
from policy.model.records import Policy

CLAUSES = {
    "clause_id": "text",
    "gist": "text",
    "rule_count": "count",
    "example_count": "count",
    "violations": "count",
    "not_assessable": "count",
}


@cached_by_policy
def load_coverage(policy: Policy) -> list[ClauseCoverage]:
    return clause_coverage.build_coverage(policy)


def load_counts_by_rule(view: SnapshotView) -> dict[str, dict[str, Any]]:
    """What the snapshot's run found by each rule; nothing without a run."""
    if view.run is None:
        return {}
    return {
        row["rule_id"]: row
        for row in queries.cached_query(rule_hits.count_by_rule, view.run.run_id).iter_rows(named=True)
    }


def _matches_words(one: ClauseCoverage, policy: Policy, words: list[str]) -> bool:
    """Whether every word occurs in the clause or in the titles of its rules, in either language."""
    clause = one.clause
    texts = [
        clause.clause_id,
        clause.section,
        clause.gist_zh,
        clause.gist_en,
        clause.reading_zh,
        clause.reading_en,
        clause.document_zh,
        clause.document_en,
    ]
    for rule in one.rules:
        own = policy.rules[rule.rule_id]
        texts += [own.rule_id, own.title_zh, own.title_en, own.remedy_zh, own.remedy_en]
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in words)


def filter_clauses(view: SnapshotView) -> list[ClauseCoverage]:
    """The filters, and the clauses they leave."""
    every = load_coverage(view.policy)
    groups = {group.name_en.replace(" ", "_"): group for group in clause_coverage.group_clauses(every)}
    left, middle, right = st.columns([2, 2, 2])
    with left:
        labels = {name: f"{by_language(g.name_zh, g.name_en)} ({len(g.clauses)})" for name, g in groups.items()}
        parts = url_state.select_several("part", t("policy.part"), labels, t("filter.all"))
    with middle:
        families = url_state.select_several(
            "family", t("filter.family"), language.labels_of_kind("family"), t("filter.all")
        )
    with right:
        words = url_state.input_text("words", t("policy.search"), t("policy.search_hint")).casefold().split()
    chosen = [one for name, group in groups.items() if not parts or name in parts for one in group.clauses]
    if families:
        rules = view.policy.rules
        chosen = [one for one in chosen if any(rules[rule.rule_id].family in families for rule in one.rules)]
    return [one for one in chosen if _matches_words(one, view.policy, words)]


def _build_rows(view: SnapshotView, clauses: list[ClauseCoverage]) -> pl.DataFrame:
    found = load_counts_by_rule(view)
    rows = [
        {
            "clause_id": one.clause.clause_id,
            "gist": by_language(one.clause.gist_zh, one.clause.gist_en),
            "rule_count": len(one.rules),
            "example_count": sum(one.examples.values()),
        }
        | {
            column: sum(found[rule.rule_id][name] for rule in one.rules if rule.rule_id in found) if found else None
            for column, name in (("violations", "violation"), ("not_assessable", "not_assessable"))
        }
        for one in clauses
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def choose_clause(view: SnapshotView, clauses: list[ClauseCoverage]) -> ClauseCoverage | None:
    """The list; the clause selected in it, or named by the address."""
    if not clauses:
        st.info(t("policy.no_clause"))
        return None
    names = [one.clause.clause_id for one in clauses]
    key = f"clauses:{hash(tuple(names))}:{view.as_of}"
    rows = _build_rows(view, clauses)
    row = tables.draw_table(
        rows, tables.find_non_empty_columns(rows, CLAUSES), key=key, selectable=True, height=tables.SHORT_HEIGHT
    )
    if row is not None:
        url_state.set_param("clause", [names[row]])
    wanted = url_state.get_param("clause")
    return next((one for one in clauses if one.clause.clause_id == wanted), clauses[0])
