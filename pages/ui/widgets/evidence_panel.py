"""The evidence of one verdict: measured against limit, the inputs, the limit rows, the clause in both languages."""

import polars as pl
import streamlit as st

from data import dictionary
from pages.ui.app import page_frame, queries
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import citations, limit_table_text, values, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables
from policy.engine import verdict_evidence
from policy.engine.verdict_evidence import Verdict
from policy.model.records import FOREVER, Policy, split_clause_ids

INPUT_COLUMNS = {"input": "text", "value": "text"}
LIMIT_ROW_COLUMNS = dict.fromkeys(("cells", "clause", "evidence", "reading", "row_id"), "text")
MIN_COLUMN_WIDTH = (
    400  # pixels that the inputs need, and the clause beside them; on a narrower screen they stand under each other
)
VERDICT_SYMBOLS = {"pass": "✔", "violation": "✘", "not_applicable": "–", "not_assessable": "?"}


def rebuild_verdict(view: SnapshotView, violation: dict[str, object]) -> Verdict | None:
    """The verdict behind a stored violation, rebuilt; None when today's tables no longer find it."""
    subject, loan_id = str(violation["subject"]), violation["any_loan_id"]
    if loan_id and dictionary.load_subjects()[subject].key in ("loan_id", "borrower_id"):
        judged = queries.cached_query(verdict_evidence.verdicts_of_loan, view.policy, view.as_of, loan_id)
    else:
        judged = queries.cached_query(
            verdict_evidence.verdicts_of_subject, view.policy, view.as_of, subject, violation["subject_id"]
        )
    wanted = (violation["rule_id"], violation["subject_id"])
    return next((v for v in judged if (v.rule_id, v.subject_id) == wanted and v.verdict == "violation"), None)


def format_severity(code: str) -> str:
    return f"{language.labels_of_kind('mark').get(code, '')} {language.label_of('severity', code)}".strip()


def format_title(verdict: Verdict) -> str:
    return by_language(verdict.title_zh, verdict.title_en)


def describe_reason(policy: Policy, verdict: Verdict) -> str:
    """For a verdict that could not be reached: the reason, and the fields that are missing."""
    if not verdict.reason:
        return ""
    fields = [values.field_label(policy, verdict.subject, name) for name in verdict.missing]
    said = t(f"reason.{verdict.reason}")
    return f"{said}{by_language('：', ': ')}{by_language('、', ', ').join(fields)}" if fields else said


def _build_inputs(policy: Policy, verdict: Verdict) -> pl.DataFrame:
    rows = [
        (
            values.field_label(policy, verdict.subject, name),
            values.format_field_value(policy, verdict.subject, name, value),
        )
        for name, value in verdict.inputs.items()
    ]
    return pl.DataFrame(rows, schema=["input", "value"], orient="row")


def _build_limit_rows(policy: Policy, verdict: Verdict) -> pl.DataFrame:
    """One row a limit row that answered: its cells in words, its clause, its dates, how sure its source is."""
    rows = []
    for row in verdict.limit_rows:
        table, held = policy.limit_tables[row["table"]], row["cells"]
        lists = limit_table_text.find_code_lists(policy, table)
        cells = [
            f"{by_language(c.zh, c.en)} {limit_table_text.format_cell(c, held[c.name], lists.get(c.name, ''))}"
            for c in table.columns
            if held.get(c.name, "-") not in ("", "-")
        ]
        rows.append(
            (
                " · ".join(cells),
                citations.cite_clauses(policy, row["clause_id"]),
                format_grade(row["evidence"]),
                by_language(row["reading_zh"], row["reading_en"]) or None,
                row["row_id"],
            )
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(LIMIT_ROW_COLUMNS, pl.String), orient="row")


def format_grade(evidence: str) -> str:
    """How sure the source is; a bank default says that it is one."""
    return language.label_of("grade", evidence)


def format_validity(view: SnapshotView, rule_id: str) -> str:
    rule = view.policy.rules[rule_id]
    ends = t("evidence.open_end") if rule.effective_to == FOREVER else numbers.format_day(rule.effective_to)
    return t("evidence.in_force", begins=numbers.format_day(rule.effective_from), ends=ends)


def _draw_clause(view: SnapshotView, clause_id: str) -> None:
    clause = view.policy.clauses.get(clause_id)
    if clause is None:
        st.text(clause_id)
        return
    place = citations.format_section(clause.section)
    st.text(f"{clause.clause_id} · {by_language(clause.document_zh, clause.document_en)} {place}")
    for text in (clause.gist_zh, clause.gist_en):
        st.text(text)
    if clause.reading_zh or clause.reading_en:
        st.caption(t("evidence.reading"))
        st.text(by_language(clause.reading_zh, clause.reading_en))


def draw_evidence(view: SnapshotView, verdict: Verdict) -> None:
    """The panel. Text of the book and of the tables is shown as text, never as markdown."""
    facts = {
        t("evidence.measured"): verdict_text.format_measured_value(view.policy, verdict),
        t("evidence.limit"): verdict_text.format_limit(view.policy, verdict),
        t("filter.severity"): format_severity(verdict.severity),
    }
    for column, (label, value) in zip(st.columns(len(facts), border=True), facts.items(), strict=True):
        with column:
            page_frame.draw_labelled_value(label, value)
    with st.grid(min_column_width=MIN_COLUMN_WIDTH, gap=("medium", "large")):
        left, right = st.container(), st.container()
    with left:
        st.markdown(f"**{t('evidence.inputs')}**")
        tables.draw_table(_build_inputs(view.policy, verdict), INPUT_COLUMNS, height="content")
    with right:
        st.markdown(f"**{t('evidence.clause')}**")
        for clause_id in split_clause_ids(verdict.clause_id) or (numbers.NOTHING,):
            _draw_clause(view, clause_id)
        st.markdown(f"**{t('evidence.remedy')}**")
        st.text(by_language(verdict.remedy_zh, verdict.remedy_en) or numbers.NOTHING)
        source = f"{t('evidence.grade')}{by_language('：', ': ')}{format_grade(verdict.evidence)}"
        st.caption(
            " · ".join([source, format_validity(view, verdict.rule_id), t("evidence.rule", rule=verdict.rule_id)])
        )
    if verdict.limit_rows:
        st.markdown(f"**{t('evidence.limit_rows')}**")
        rows = _build_limit_rows(view.policy, verdict)
        tables.draw_table(rows, tables.find_non_empty_columns(rows, LIMIT_ROW_COLUMNS), height="content")
