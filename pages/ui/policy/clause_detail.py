"""One clause: what it says, its rules in plain words, the limit rows that answer, the examples, and what it hits."""

from dataclasses import replace

import polars as pl
import streamlit as st

from data import dictionary
from pages.ui.app import page_frame, queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.format import citations, expression_text, limit_table_text, values
from pages.ui.i18n import numbers
from pages.ui.i18n.language import inert, pick, say
from pages.ui.policy import clauses, impact_view
from pages.ui.widgets import evidence_panel, tables
from policy.authoring import examples, rule_hits
from policy.authoring.clause_coverage import ClauseCoverage
from policy.authoring.examples import Outcome
from policy.engine.compiler import asked_tables
from policy.model.records import FOREVER, Policy, Rule

LIMITS = {
    "answers_for": "text",
    "allows": "text",
    "begins": "date",
    "ends": "date",
    "evidence": "text",
    "records": "count",
    "row_id": "text",
}
EXAMPLES = {"example": "text", "expected_verdict": "text", "said": "text", "inputs": "text"}


def show(view: View, one: ClauseCoverage) -> None:
    clause = one.clause
    with st.container(border=True):
        place = citations.section(clause.section)
        st.text(f"{clause.clause_id} · {pick(clause.document_zh, clause.document_en)} {place}")
        st.subheader(inert(pick(clause.gist_zh, clause.gist_en)), anchor=False)
        st.text(pick(clause.gist_en, clause.gist_zh))
        if clause.reading_zh or clause.reading_en:
            st.caption(say("evidence.reading"))
            st.text(pick(clause.reading_zh, clause.reading_en))
        if one.cited_by:
            st.caption(say("policy.cited_by", tables=inert(_citing(view.policy, one.cited_by))))
        if not one.is_covered:
            st.info(pick(one.reason_zh, one.reason_en))
    own = [view.policy.rules[rule.rule_id] for rule in one.rules]
    if not own:
        st.info(say("policy.no_rule"))
        return
    st.markdown(f"**{say('policy.rules_of', n=len(own))}**")
    wanted = url_state.get("rule")
    opened = wanted if any(rule.rule_id == wanted for rule in own) else own[0].rule_id
    for rule in own:
        label = f"{evidence_panel.severity(rule.severity)} · {inert(pick(rule.title_zh, rule.title_en))}"
        with st.expander(
            label, expanded=rule.rule_id == opened, key=f"rule:{clause.clause_id}:{rule.rule_id}", on_change="rerun"
        ) as panel:
            if panel.open:
                _rule(view, rule)


def _citing(policy: Policy, cited_by: tuple[str, ...]) -> str:
    """Tables in words, each with the number of its rows."""
    named = ((*cited.rpartition(" ×")[::2],) for cited in cited_by)
    return say("words.semicolon").join(f"{limit_table_text.place(policy, file)} ×{rows}" for file, rows in named)


def _rule(view: View, rule: Rule) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        page_frame.fact(say("policy.scope"), expression_text.scope(view.policy, rule))
        page_frame.fact(say("policy.demand"), expression_text.demand(view.policy, rule))
        page_frame.fact(say("evidence.remedy"), pick(rule.remedy_zh, rule.remedy_en) or numbers.NOTHING)
        source = f"{say('evidence.grade')}{pick('：', ': ')}{evidence_panel.grade(rule.evidence)}"
        st.caption(inert(" · ".join([rule.rule_id, evidence_panel.in_force(view, rule.rule_id), source])))
        _versions(view.policy, rule)
    with right:
        _hits(view, rule)
    for table in dict.fromkeys(asked_tables(rule)):
        _limits(view, table)
    _examples(view.policy, rule)


def _versions(policy: Policy, rule: Rule) -> None:
    """Earlier versions, each with its days and what it asked for."""
    for version in (one for one in policy.versions if one.rule_id == rule.rule_id and one != rule):
        days = f"{numbers.day(version.effective_from)} – {numbers.day(version.effective_to)}"
        page_frame.fact(say("policy.earlier", days=days), expression_text.demand(policy, version))


def _hits(view: View, rule: Rule) -> None:
    found = clauses.found_by(view).get(rule.rule_id)
    if found is None:
        judged = view.run is not None and view.run.policy_version == view.policy.version
        subject = say(f"subject.{rule.subject}")
        if view.snapshots:
            st.info(say("policy.no_records", subject=subject) if judged else say("policy.not_judged"))
        return
    for column, name in zip(st.columns(2), ("violation", "pass"), strict=True):
        column.metric(say(f"verdict.{name}"), numbers.count(found[name]))
    if found["loans"]:
        st.caption(say("policy.loans_behind", n=numbers.count(found["loans"]), yuan=numbers.compact(found["yuan"])))
    others = ("not_applicable", "not_assessable")
    st.caption(" · ".join(f"{say(f'verdict.{name}')} {numbers.count(found[name])}" for name in others))
    if found["violation"]:
        page_frame.link("violations", as_of=view.as_of.isoformat(), rule_id=rule.rule_id)


def _limits(view: View, name: str) -> None:
    table = view.policy.limit_tables[name]
    st.markdown(f"**{inert(limit_table_text.table_label(table))}**")
    asked = view.run and (impact_view.at_once(view) or st.toggle(say("policy.count_records"), key=f"count:{name}"))
    answered = queries.ask(rule_hits.answered, view.policy, view.as_of, name) if asked else {}
    lists = limit_table_text.code_lists(view.policy, table)
    rows = []
    for row in table.rows:
        answers_for, allows = limit_table_text.row(table, row, lists)
        ends = None if row.effective_to == FOREVER else row.effective_to
        rows.append(
            {
                "row_id": row.row_id,
                "answers_for": answers_for,
                "allows": allows,
                "begins": row.effective_from,
                "ends": ends,
                "evidence": evidence_panel.grade(row.evidence),
                "records": answered.get(row.row_id),
            }
        )
    schema = {"ends": pl.Date, "records": pl.Int64}
    shown = pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None)
    tables.show(shown, tables.filled(shown, LIMITS), height=tables.LOW)


@st.cache_resource(max_entries=500, show_spinner=False, hash_funcs={Policy: lambda policy: policy.version})
def outcomes(policy: Policy, rule_id: str) -> list[Outcome]:
    """The examples of one rule as the rule judges them now."""
    versions = tuple(rule for rule in policy.versions if rule.rule_id == rule_id)
    own = tuple(example for example in policy.examples if example.rule_id == rule_id)
    return examples.run(replace(policy, versions=versions, examples=own))


def _examples(policy: Policy, rule: Rule) -> None:
    judged = outcomes(policy, rule.rule_id)
    if not judged:
        st.caption(say("policy.no_examples"))
        return
    st.markdown(f"**{say('policy.examples_of', n=len(judged))}**")
    rows = [
        {
            "example": _title(outcome),
            "inputs": _inputs(policy, rule.subject, outcome),
            "expected_verdict": _verdict(outcome.example.verdict),
            "said": _verdict(outcome.verdict) if outcome.agrees else say("policy.disagrees"),
        }
        for outcome in judged
    ]
    tables.show(pl.DataFrame(rows), EXAMPLES, height="content")


def _title(outcome: Outcome) -> str:
    """Titles of examples hold both languages: 恰好70% / Exactly 70%."""
    zh, slash, en = outcome.example.title.partition(" / ")
    return pick(zh, en) if slash else outcome.example.title or outcome.example.example_id


def _verdict(code: str) -> str:
    return f"{evidence_panel.MARKS[code]} {say(f'verdict.{code}')}" if code in evidence_panel.MARKS else code


def _inputs(policy: Policy, subject: str, outcome: Outcome) -> str:
    parts = [
        f"{values.field_label(policy, subject, name)} {_value(policy, subject, name, value)}"
        for name, value in outcome.example.inputs.items()
    ]
    return say("words.semicolon").join(parts)


def _value(policy: Policy, subject: str, name: str, value: str) -> str:
    field = dictionary.facts(subject).get(name)
    if field and field.type == "list":
        return say("words.comma").join(values.field_text(policy, subject, name, part) for part in value.split("|"))
    return values.field_text(policy, subject, name, value)
