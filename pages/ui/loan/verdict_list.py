"""Every rule about one loan and what belongs to it, with its verdict; one of them with its evidence."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.format import citations, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import say
from pages.ui.widgets import evidence_panel, tables
from policy.engine import verdict_evidence
from policy.engine.verdict_evidence import Verdict

COLUMNS = {
    "stage": "text",
    "subject": "text",
    "title": "text",
    "reason": "text",
    "measured": "text",
    "limit_value": "text",
    "severity": "text",
    "clause": "text",
    "rule_id": "text",
}
KINDS = ("violation", "not_assessable", "pass", "not_applicable")


def draw(view: View, loan_id: str) -> None:
    lines = queries.ask(verdict_evidence.of_loan, view.policy, view.as_of, loan_id)
    counts = {kind: sum(line.verdict == kind for line in lines) for kind in KINDS}
    labels = {
        kind: f"{evidence_panel.MARKS[kind]} {say(f'verdict.{kind}')} {numbers.count(n)}" for kind, n in counts.items()
    }
    first = next((kind for kind, n in counts.items() if n), KINDS[0])
    kind = url_state.switch("verdict", say("loan.which"), labels, default=first)
    shown = _ordered(view, [line for line in lines if line.verdict == kind])
    if not shown:
        st.info(say("loan.no_verdict"))
        return
    rows = pl.DataFrame([_row(view, line) for line in shown], schema=list(COLUMNS), orient="row")
    held = {name: word for name, word in COLUMNS.items() if name != "reason" or (rows["reason"] != "").any()}
    row = tables.show(rows, held, key=f"verdicts:{loan_id}:{kind}", pick=True, height=tables.TALL)
    if row is None:
        st.caption(say("whatif.pick"))
    else:
        evidence_panel.show(view, shown[row])


def _ordered(view: View, lines: list[Verdict]) -> list[Verdict]:
    """By the stages of lending, the gravest first in each."""
    stages, grave = list(language.terms("stage")), list(language.terms("severity"))
    stage = {rule_id: stages.index(rule.stage) for rule_id, rule in view.policy.rules.items()}
    return sorted(lines, key=lambda line: (stage[line.rule_id], grave.index(line.severity)))


def _row(view: View, line: Verdict) -> tuple[str, ...]:
    subject = say(f"subject.{line.subject}")
    return (
        say(f"stage.{view.policy.rules[line.rule_id].stage}"),
        subject if line.subject == "loan" else f"{subject} {line.subject_id}",
        evidence_panel.title(line),
        evidence_panel.why(view.policy, line),
        verdict_text.measured(view.policy, line),
        verdict_text.compared(view.policy, line),
        evidence_panel.severity(line.severity),
        citations.of(view.policy, line.clause_id),
        line.rule_id,
    )
