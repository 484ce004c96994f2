"""The clauses of the policy to browse and search: by part of the source, family, and words in either language."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.i18n import language
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import tables
from policy.authoring import clause_coverage, rule_hits
from policy.authoring.clause_coverage import ClauseCoverage
from policy.model.records import Policy

CLAUSES = {
    "clause_id": "text",
    "gist": "text",
    "rule_count": "count",
    "example_count": "count",
    "violations": "count",
    "not_assessable": "count",
}


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs={Policy: lambda policy: policy.version})
def coverage(policy: Policy) -> list[ClauseCoverage]:
    return clause_coverage.cover(policy)


def found_by(view: View) -> dict[str, dict[str, object]]:
    """What the snapshot's run found by each rule; nothing without a run."""
    if view.run is None:
        return {}
    return {row["rule_id"]: row for row in queries.ask(rule_hits.by_rule, view.run.run_id).iter_rows(named=True)}


def _matches(one: ClauseCoverage, policy: Policy, words: list[str]) -> bool:
    """Every word stands somewhere in the clause or in what its rules are called, in whichever language."""
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


def listed(view: View) -> list[ClauseCoverage]:
    """The filters, and the clauses they leave."""
    every = coverage(view.policy)
    groups = {group.name_en.replace(" ", "_"): group for group in clause_coverage.groups(every)}
    left, middle, right = st.columns([2, 2, 2])
    with left:
        labels = {name: f"{pick(g.name_zh, g.name_en)} ({len(g.clauses)})" for name, g in groups.items()}
        parts = url_state.several("part", say("policy.part"), labels, say("filter.all"))
    with middle:
        families = url_state.several("family", say("filter.family"), language.terms("family"), say("filter.all"))
    with right:
        words = url_state.text("words", say("policy.search"), say("policy.search_hint")).casefold().split()
    chosen = [one for name, group in groups.items() if not parts or name in parts for one in group.clauses]
    if families:
        rules = view.policy.rules
        chosen = [one for one in chosen if any(rules[rule.rule_id].family in families for rule in one.rules)]
    return [one for one in chosen if _matches(one, view.policy, words)]


def _frame(view: View, clauses: list[ClauseCoverage]) -> pl.DataFrame:
    found = found_by(view)
    rows = [
        {
            "clause_id": one.clause.clause_id,
            "gist": pick(one.clause.gist_zh, one.clause.gist_en),
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


def pick_one(view: View, clauses: list[ClauseCoverage]) -> ClauseCoverage | None:
    """The list; the clause picked in it, or named in the address."""
    if not clauses:
        st.info(say("policy.no_clause"))
        return None
    names = [one.clause.clause_id for one in clauses]
    key = f"clauses:{hash(tuple(names))}:{view.as_of}"
    rows = _frame(view, clauses)
    row = tables.show(rows, tables.filled(rows, CLAUSES), key=key, pick=True, height=tables.LOW)
    if row is not None:
        url_state.put("clause", [names[row]])
    wanted = url_state.get("clause")
    return next((one for one in clauses if one.clause.clause_id == wanted), clauses[0])
