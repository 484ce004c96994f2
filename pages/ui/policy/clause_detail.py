"""One clause: its summary, its rules in plain words, their limit rows and examples, and what they found."""

from dataclasses import replace

import polars as pl
import streamlit as st

from data import dictionary
from pages.ui.app import page_frame, queries, snapshot_view, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import citations, expression_text, limit_table_text, values
from pages.ui.i18n import numbers
from pages.ui.i18n.language import by_language, escape_markdown, t
from pages.ui.policy import clauses, impact_view
from pages.ui.widgets import evidence_panel, tables
from policy.authoring import examples, rule_hits
from policy.authoring.clause_coverage import ClauseCoverage
from policy.authoring.examples import ExampleResult
from policy.engine.rule_references import limit_tables_of_rule
from policy.model.policy_cache import cached_by_policy
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


def draw_clause(view: SnapshotView, coverage: ClauseCoverage) -> None:
    clause = coverage.clause
    with st.container(border=True):
        place = citations.format_section(clause.section)
        st.text(f"{clause.clause_id} · {by_language(clause.document_zh, clause.document_en)} {place}")
        st.subheader(escape_markdown(by_language(clause.gist_zh, clause.gist_en)), anchor=False)
        st.text(by_language(clause.gist_en, clause.gist_zh))
        if clause.reading_zh or clause.reading_en:
            st.caption(t("evidence.reading"))
            st.text(by_language(clause.reading_zh, clause.reading_en))
        if coverage.cited_by:
            st.caption(
                t("policy.cited_by", tables=escape_markdown(_format_citing_tables(view.policy, coverage.cited_by)))
            )
        if not coverage.is_covered:
            st.info(by_language(coverage.reason_zh, coverage.reason_en))
    own = [view.policy.rules[rule.rule_id] for rule in coverage.rules]
    if not own:
        st.info(t("policy.no_rule"))
        return
    st.markdown(f"**{t('policy.rules_of', n=len(own))}**")
    wanted = url_state.get_param("rule")
    opened = wanted if any(rule.rule_id == wanted for rule in own) else own[0].rule_id
    for rule in own:
        title = escape_markdown(by_language(rule.title_zh, rule.title_en))
        label = f"{evidence_panel.format_severity(rule.severity)} · {title}"
        with st.expander(
            label, expanded=rule.rule_id == opened, key=f"rule:{clause.clause_id}:{rule.rule_id}", on_change="rerun"
        ) as panel:
            if panel.open:
                _draw_rule(view, rule)


def _format_citing_tables(policy: Policy, cited_by: tuple[str, ...]) -> str:
    """Tables in words, each with the number of its rows."""
    named = ((*cited.rpartition(" ×")[::2],) for cited in cited_by)
    return t("expression.semicolon").join(
        f"{limit_table_text.format_table_name(policy, file)} ×{rows}" for file, rows in named
    )


def _draw_rule(view: SnapshotView, rule: Rule) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        page_frame.draw_labelled_value(t("policy.scope"), expression_text.format_scope(view.policy, rule))
        page_frame.draw_labelled_value(t("policy.requirement"), expression_text.format_requirement(view.policy, rule))
        page_frame.draw_labelled_value(
            t("evidence.remedy"), by_language(rule.remedy_zh, rule.remedy_en) or numbers.NOTHING
        )
        source = f"{t('evidence.grade')}{by_language('：', ': ')}{evidence_panel.format_grade(rule.evidence)}"
        st.caption(
            escape_markdown(" · ".join([rule.rule_id, evidence_panel.format_validity(view, rule.rule_id), source]))
        )
        _draw_earlier_versions(view.policy, rule)
    with right:
        _draw_rule_counts(view, rule)
    for table in dict.fromkeys(limit_tables_of_rule(rule)):
        _draw_limit_table(view, table)
    _draw_examples(view.policy, rule)


def _draw_earlier_versions(policy: Policy, rule: Rule) -> None:
    """Earlier versions, each with its days and what it asked for."""
    for version in (one for one in policy.versions if one.rule_id == rule.rule_id and one != rule):
        days = f"{numbers.format_day(version.effective_from)} – {numbers.format_day(version.effective_to)}"
        page_frame.draw_labelled_value(
            t("policy.earlier", days=days), expression_text.format_requirement(policy, version)
        )


def _draw_rule_counts(view: SnapshotView, rule: Rule) -> None:
    found = clauses.load_counts_by_rule(view).get(rule.rule_id)
    if found is None:
        judged = view.run is not None and view.run.policy_version == view.policy.version
        subject = t(f"subject.{rule.subject}")
        if view.snapshots:
            st.info(t("policy.no_records", subject=subject) if judged else t("policy.not_judged"))
        return
    for column, name in zip(st.columns(2), ("violation", "pass"), strict=True):
        column.metric(t(f"verdict.{name}"), numbers.format_count(found[name]))
    if found["loans"]:
        st.caption(
            t(
                "policy.loans_behind",
                n=numbers.format_count(found["loans"]),
                yuan=numbers.format_compact_amount(found["yuan"]),
            )
        )
    others = ("not_applicable", "not_assessable")
    st.caption(" · ".join(f"{t(f'verdict.{name}')} {numbers.format_count(found[name])}" for name in others))
    if found["violation"]:
        snapshot_view.draw_page_link("violations", as_of=view.as_of.isoformat(), rule_id=rule.rule_id)


def _draw_limit_table(view: SnapshotView, name: str) -> None:
    table = view.policy.limit_tables[name]
    st.markdown(f"**{escape_markdown(limit_table_text.format_limit_table_name(table))}**")
    asked = view.run and (impact_view.is_small_book(view) or st.toggle(t("policy.count_records"), key=f"count:{name}"))
    answered = queries.cached_query(rule_hits.count_hits_by_row, view.policy, view.as_of, name) if asked else {}
    lists = limit_table_text.find_code_lists(view.policy, table)
    rows = []
    for row in table.rows:
        answers_for, allows = limit_table_text.format_row(table, row, lists)
        ends = None if row.effective_to == FOREVER else row.effective_to
        rows.append(
            {
                "row_id": row.row_id,
                "answers_for": answers_for,
                "allows": allows,
                "begins": row.effective_from,
                "ends": ends,
                "evidence": evidence_panel.format_grade(row.evidence),
                "records": answered.get(row.row_id),
            }
        )
    schema = {"ends": pl.Date, "records": pl.Int64}
    shown = pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None)
    tables.draw_table(shown, tables.find_non_empty_columns(shown, LIMITS), height=tables.SHORT_HEIGHT)


@cached_by_policy
def run_rule_examples(policy: Policy, rule_id: str) -> list[ExampleResult]:
    """The examples of one rule as the rule judges them now."""
    versions = tuple(rule for rule in policy.versions if rule.rule_id == rule_id)
    own = tuple(example for example in policy.examples if example.rule_id == rule_id)
    return examples.run(replace(policy, versions=versions, examples=own))


def _draw_examples(policy: Policy, rule: Rule) -> None:
    judged = run_rule_examples(policy, rule.rule_id)
    if not judged:
        st.caption(t("policy.no_examples"))
        return
    st.markdown(f"**{t('policy.examples_of', n=len(judged))}**")
    rows = [
        {
            "example": _example_title(outcome),
            "inputs": _format_inputs(policy, rule.subject, outcome),
            "expected_verdict": _verdict_label(outcome.example.verdict),
            "said": _verdict_label(outcome.verdict) if outcome.agrees else t("policy.disagrees"),
        }
        for outcome in judged
    ]
    tables.draw_table(pl.DataFrame(rows), EXAMPLES, height="content")


def _example_title(outcome: ExampleResult) -> str:
    """Titles of examples hold both languages: 恰好70% / Exactly 70%."""
    zh, slash, en = outcome.example.title.partition(" / ")
    return by_language(zh, en) if slash else outcome.example.title or outcome.example.example_id


def _verdict_label(code: str) -> str:
    return (
        f"{evidence_panel.VERDICT_SYMBOLS[code]} {t(f'verdict.{code}')}"
        if code in evidence_panel.VERDICT_SYMBOLS
        else code
    )


def _format_inputs(policy: Policy, subject: str, outcome: ExampleResult) -> str:
    parts = [
        f"{values.field_label(policy, subject, name)} {_format_input_value(policy, subject, name, value)}"
        for name, value in outcome.example.inputs.items()
    ]
    return t("expression.semicolon").join(parts)


def _format_input_value(policy: Policy, subject: str, name: str, value: str) -> str:
    field = dictionary.facts_of_subject(subject).get(name)
    if field and field.type == "list":
        return t("expression.comma").join(
            values.format_field_value(policy, subject, name, part) for part in value.split("|")
        )
    return values.format_field_value(policy, subject, name, value)
