"""The panel under the list: one violation with its evidence, history and remedies, and the other rules of its loan."""

from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from data.errors import LoanlightError
from pages.ui.app import page_frame, queries, snapshot_view, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import values, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import evidence_panel, tables
from policy.engine import verdict_evidence
from policy.engine.verdict_evidence import Verdict
from policy.monitoring import headroom, remedies
from policy.violations import violation_list
from policy.violations.facets import FilterResult

OTHERS = {
    "verdict": "text",
    "severity": "text",
    "title": "text",
    "measured": "text",
    "limit_value": "text",
    "reason": "text",
    "subject": "text",
    "rule_id": "text",
}
FACT_WIDTH = 150  # pixels that a fact of the history needs
VERDICT_ORDER = ("violation", "not_assessable", "pass", "not_applicable")


def draw_violation(view: SnapshotView, chosen: FilterResult) -> None:
    """The evidence of the violation that the address names; of one that is over, as the earlier run has it."""
    wanted = url_state.get_param("violation")
    violation = queries.cached_query(violation_list.load_violation, chosen.comparison, wanted) if wanted else None
    if violation is None:
        st.info(t("violations.pick"))
        return
    _draw_heading(view, violation)
    _draw_history(view, violation)
    _draw_loan_links(violation)
    if not violation["stands"]:
        st.info(t("violations.no_longer_exists", day=numbers.format_day(view.as_of)))
        return
    verdict = evidence_panel.rebuild_verdict(view, violation)
    if verdict is None:
        st.warning(t("violations.not_rebuilt"))
        page_frame.draw_labelled_value(t("evidence.measured"), str(violation["measured"]))
        page_frame.draw_labelled_value(t("evidence.limit"), str(violation["limit_value"]))
    else:
        evidence_panel.draw_evidence(view, verdict)
        _draw_remedies(view, violation, verdict)
    _draw_other_verdicts(view, violation)


def _draw_heading(view: SnapshotView, violation: dict[str, Any]) -> None:
    """The rule, what violates it, and links to the loan."""
    rule = view.policy.rules.get(violation["rule_id"])
    st.subheader(by_language(rule.title_zh, rule.title_en) if rule else violation["rule_id"], anchor=False)
    subject = t(f"subject.{violation['subject']}")
    names = (subject, violation["subject_id"], violation["loan_id"], violation["borrower_name"])
    st.text(" · ".join(dict.fromkeys(filter(None, names))))


def _draw_loan_links(violation: dict[str, Any]) -> None:
    if violation["loan_id"]:
        with st.container(horizontal=True):
            for page in ("loan", "extension_what_if"):
                snapshot_view.draw_page_link(page, loan=str(violation["loan_id"]))


def _draw_history(view: SnapshotView, violation: dict[str, Any]) -> None:
    """State and dates, as far as the judged snapshots tell."""
    if violation["opened_on"] is None:
        st.caption(t("violations.no_opening_dates"))
        return
    facts = {
        t("col.state"): t(f"life.{violation['state']}"),
        t("col.first_seen"): numbers.format_day(violation["first_seen"]),
        t("col.opened_on"): numbers.format_day(violation["opened_on"]),
        t("col.days_open"): numbers.format_count((view.as_of - violation["opened_on"]).days),
        t("col.times_reopened"): numbers.format_count(violation["times_reopened"]),
    }
    with st.grid(min_column_width=FACT_WIDTH, gap="small"):
        for label, value in facts.items():
            page_frame.draw_labelled_value(label, value)


def _draw_remedies(view: SnapshotView, violation: dict[str, Any], verdict: Verdict) -> None:
    """How far past its limit, and what exactly would cure it."""
    subject, rule_id, loan_id = verdict.subject, verdict.rule_id, violation["loan_id"]
    if not loan_id:
        return
    past = _distance_to_limit(view, verdict, loan_id)
    cures = queries.cached_query(remedies.compute_remedies, view.policy, view.as_of, subject, (rule_id,), loan_id)
    lines = [
        text
        for cure in cures
        if cure.subject_id == verdict.subject_id
        for text in remedies.format_remedy(view.policy, cure, language.current_language())
    ]
    if past is None and not lines:
        return
    st.markdown(f"**{t('evidence.headroom')}**")
    if past is not None:
        unit = verdict.unit if verdict.unit not in ("", "date") else ""
        st.text(t("evidence.over_limit", distance=values.format_value(f"{abs(past):f}", unit or "days")))
    if lines:
        st.text("\n".join(f"· {text}" for text in lines))


def _distance_to_limit(view: SnapshotView, verdict: Verdict, loan_id: str) -> Decimal | None:
    """To the limit, negative past it; None where the rule does not compare numbers or dates."""
    found = queries.cached_query(
        headroom.compute_distances, view.policy, view.as_of, verdict.subject, (verdict.rule_id,), loan_id
    )
    mine = found.filter(pl.col("subject_id") == verdict.subject_id) if found.height else found
    return mine["distance"][0] if mine.height else None


def _draw_other_verdicts(view: SnapshotView, violation: dict[str, Any]) -> None:
    """Every other rule about the same loan, what is wrong with it first."""
    loan_id = violation["loan_id"]
    if not loan_id:
        return
    try:
        found = queries.cached_query(verdict_evidence.verdicts_of_loan, view.policy, view.as_of, loan_id)
    except LoanlightError as error:
        st.caption(t("evidence.no_other_results"))
        st.text(language.localize_message(error.args[0]))
        return
    mine = (violation["rule_id"], violation["subject_id"])
    others = [v for v in found if (v.rule_id, v.subject_id) != mine]
    counts = {kind: sum(v.verdict == kind for v in others) for kind in VERDICT_ORDER}
    summary = " · ".join(
        f"{evidence_panel.VERDICT_SYMBOLS[k]} {t(f'verdict.{k}')} {numbers.format_count(n)}"
        for k, n in counts.items()
        if n
    )
    with st.expander(t("evidence.other_results", n=numbers.format_count(len(others)))):
        st.caption(summary)
        grave = list(language.labels_of_kind("severity"))
        kept = [v for v in others if v.verdict != "not_applicable"]
        kept.sort(key=lambda v: (VERDICT_ORDER.index(v.verdict), grave.index(v.severity)))
        rows = [_build_row(view, v) for v in kept]
        shown = pl.DataFrame(rows, schema=dict.fromkeys(OTHERS, pl.String), orient="row")
        tables.draw_table(shown, OTHERS, height=tables.SHORT_HEIGHT)


def _build_row(view: SnapshotView, verdict: Verdict) -> tuple[str, ...]:
    return (
        f"{evidence_panel.VERDICT_SYMBOLS[verdict.verdict]} {t(f'verdict.{verdict.verdict}')}",
        evidence_panel.format_severity(verdict.severity),
        evidence_panel.format_title(verdict),
        verdict_text.format_measured_value(view.policy, verdict),
        verdict_text.format_limit(view.policy, verdict),
        evidence_panel.describe_reason(view.policy, verdict),
        f"{t(f'subject.{verdict.subject}')} {verdict.subject_id or ''}".strip(),
        verdict.rule_id,
    )
