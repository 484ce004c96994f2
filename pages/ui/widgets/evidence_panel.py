"""The evidence of one verdict: measured against limit, the inputs, the limit rows, the clause in both languages."""

import polars as pl
import streamlit as st

from data import dictionary
from pages.ui.app import page_frame, queries
from pages.ui.app.page_frame import View
from pages.ui.format import citations, limit_table_text, values, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import tables
from policy.engine import verdict_evidence
from policy.engine.verdict_evidence import Verdict
from policy.model.records import FOREVER, Policy, clause_ids

INPUTS = {"input": "text", "value": "text"}
LIMIT_ROWS = dict.fromkeys(("cells", "clause", "evidence", "reading", "row_id"), "text")
HALF = 400  # pixels that the inputs need, and the clause beside them; on a narrower screen they stand under each other
MARKS = {"pass": "✔", "violation": "✘", "not_applicable": "–", "not_assessable": "?"}


def find(view: View, violation: dict[str, object]) -> Verdict | None:
    """The verdict behind a stored violation, rebuilt; None when today's tables no longer find it."""
    subject, loan_id = str(violation["subject"]), violation["any_loan_id"]
    if loan_id and dictionary.subjects()[subject].key in ("loan_id", "borrower_id"):
        judged = queries.ask(verdict_evidence.of_loan, view.policy, view.as_of, loan_id)
    else:
        judged = queries.ask(verdict_evidence.of_subject, view.policy, view.as_of, subject, violation["subject_id"])
    wanted = (violation["rule_id"], violation["subject_id"])
    return next((v for v in judged if (v.rule_id, v.subject_id) == wanted and v.verdict == "violation"), None)


def severity(code: str) -> str:
    return f"{say(f'mark.{code}')} {say(f'severity.{code}')}"


def title(verdict: Verdict) -> str:
    return pick(verdict.title_zh, verdict.title_en)


def why(policy: Policy, verdict: Verdict) -> str:
    """For a verdict that could not be reached: the reason, and the fields that are missing."""
    if not verdict.reason:
        return ""
    fields = [values.field_label(policy, verdict.subject, name) for name in verdict.missing]
    said = say(f"reason.{verdict.reason}")
    return f"{said}{pick('：', ': ')}{pick('、', ', ').join(fields)}" if fields else said


def _inputs(policy: Policy, verdict: Verdict) -> pl.DataFrame:
    rows = [
        (values.field_label(policy, verdict.subject, name), values.field_text(policy, verdict.subject, name, value))
        for name, value in verdict.inputs.items()
    ]
    return pl.DataFrame(rows, schema=["input", "value"], orient="row")


def _limit_rows(policy: Policy, verdict: Verdict) -> pl.DataFrame:
    """One row a limit row that answered: its cells in words, its clause, its dates, how sure its source is."""
    rows = []
    for row in verdict.limit_rows:
        table, held = policy.limit_tables[row["table"]], row["cells"]
        lists = limit_table_text.code_lists(policy, table)
        cells = [
            f"{pick(c.zh, c.en)} {limit_table_text.cell(c, held[c.name], lists.get(c.name, ''))}"
            for c in table.columns
            if held.get(c.name, "-") not in ("", "-")
        ]
        rows.append(
            (
                " · ".join(cells),
                citations.of(policy, row["clause_id"]),
                grade(row["evidence"]),
                pick(row["reading_zh"], row["reading_en"]) or None,
                row["row_id"],
            )
        )
    return pl.DataFrame(rows, schema=dict.fromkeys(LIMIT_ROWS, pl.String), orient="row")


def grade(evidence: str) -> str:
    """How sure the source is; a bank default says that it is one."""
    return language.terms("grade").get(evidence.replace(" ", "_"), evidence)


def in_force(view: View, rule_id: str) -> str:
    rule = view.policy.rules[rule_id]
    ends = say("evidence.open_end") if rule.effective_to == FOREVER else numbers.day(rule.effective_to)
    return say("evidence.in_force", begins=numbers.day(rule.effective_from), ends=ends)


def _clause(view: View, clause_id: str) -> None:
    clause = view.policy.clauses.get(clause_id)
    if clause is None:
        st.text(clause_id)
        return
    place = citations.section(clause.section)
    st.text(f"{clause.clause_id} · {pick(clause.document_zh, clause.document_en)} {place}")
    for text in (clause.gist_zh, clause.gist_en):
        st.text(text)
    if clause.reading_zh or clause.reading_en:
        st.caption(say("evidence.reading"))
        st.text(pick(clause.reading_zh, clause.reading_en))


def show(view: View, verdict: Verdict) -> None:
    """The panel. Text of the book and of the tables is shown as text, never as markdown."""
    facts = {
        say("evidence.measured"): verdict_text.measured(view.policy, verdict),
        say("evidence.limit"): verdict_text.compared(view.policy, verdict),
        say("filter.severity"): severity(verdict.severity),
    }
    for column, (label, value) in zip(st.columns(len(facts), border=True), facts.items(), strict=True):
        with column:
            page_frame.fact(label, value)
    with st.grid(min_column_width=HALF, gap=("medium", "large")):
        left, right = st.container(), st.container()
    with left:
        st.markdown(f"**{say('evidence.inputs')}**")
        tables.show(_inputs(view.policy, verdict), INPUTS, height="content")
    with right:
        st.markdown(f"**{say('evidence.clause')}**")
        for clause_id in clause_ids(verdict.clause_id) or (numbers.NOTHING,):
            _clause(view, clause_id)
        st.markdown(f"**{say('evidence.remedy')}**")
        st.text(pick(verdict.remedy_zh, verdict.remedy_en) or numbers.NOTHING)
        source = f"{say('evidence.grade')}{pick('：', ': ')}{grade(verdict.evidence)}"
        st.caption(" · ".join([source, in_force(view, verdict.rule_id), say("evidence.rule", rule=verdict.rule_id)]))
    if verdict.limit_rows:
        st.markdown(f"**{say('evidence.limit_rows')}**")
        rows = _limit_rows(view.policy, verdict)
        tables.show(rows, tables.filled(rows, LIMIT_ROWS), height="content")
