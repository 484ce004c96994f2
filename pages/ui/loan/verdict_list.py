"""Every rule about one loan and what belongs to it, with its verdict; one of them with its evidence."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import citations, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import t
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
VERDICT_ORDER = ("violation", "not_assessable", "pass", "not_applicable")


def draw_verdicts(view: SnapshotView, loan_id: str) -> None:
    lines = queries.cached_query(verdict_evidence.verdicts_of_loan, view.policy, view.as_of, loan_id)
    counts = {kind: sum(line.verdict == kind for line in lines) for kind in VERDICT_ORDER}
    labels = {
        kind: f"{evidence_panel.VERDICT_SYMBOLS[kind]} {t(f'verdict.{kind}')} {numbers.format_count(n)}"
        for kind, n in counts.items()
    }
    first = next((kind for kind, n in counts.items() if n), VERDICT_ORDER[0])
    kind = url_state.select_segment("verdict", t("loan.which"), labels, default=first)
    shown = _sort_verdicts(view, [line for line in lines if line.verdict == kind])
    if not shown:
        st.info(t("loan.no_verdict"))
        return
    rows = pl.DataFrame([_build_row(view, line) for line in shown], schema=list(COLUMNS), orient="row")
    held = {name: word for name, word in COLUMNS.items() if name != "reason" or (rows["reason"] != "").any()}
    row = tables.draw_table(rows, held, key=f"verdicts:{loan_id}:{kind}", selectable=True, height=tables.TALL_HEIGHT)
    if row is None:
        st.caption(t("whatif.pick"))
    else:
        evidence_panel.draw_evidence(view, shown[row])


def _sort_verdicts(view: SnapshotView, lines: list[Verdict]) -> list[Verdict]:
    """By the stages of lending, the most severe first in each."""
    stages, grave = list(language.labels_of_kind("stage")), list(language.labels_of_kind("severity"))
    stage = {rule_id: stages.index(rule.stage) for rule_id, rule in view.policy.rules.items()}
    return sorted(lines, key=lambda line: (stage[line.rule_id], grave.index(line.severity)))


def _build_row(view: SnapshotView, line: Verdict) -> tuple[str, ...]:
    subject = t(f"subject.{line.subject}")
    return (
        language.label_of("stage", view.policy.rules[line.rule_id].stage),
        subject if line.subject == "loan" else f"{subject} {line.subject_id}",
        evidence_panel.format_title(line),
        evidence_panel.describe_reason(view.policy, line),
        verdict_text.format_measured_value(view.policy, line),
        verdict_text.format_limit(view.policy, line),
        evidence_panel.format_severity(line.severity),
        citations.cite_clauses(view.policy, line.clause_id),
        line.rule_id,
    )
