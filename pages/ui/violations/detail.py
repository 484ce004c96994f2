"""The panel under the list: one violation with its evidence, its history, what would cure it, and its loan's others."""

from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from data.errors import LoanlightError
from pages.ui.app import page_frame, queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.format import values, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.violations.filters import Chosen
from pages.ui.widgets import evidence_panel, tables
from policy.engine import verdict_evidence
from policy.engine.verdict_evidence import Verdict
from policy.monitoring import headroom
from policy.violations import violation_list

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
FACT = 150  # pixels that a fact of the history needs
ORDER = ("violation", "not_assessable", "pass", "not_applicable")


def draw(view: View, chosen: Chosen) -> None:
    """The evidence of the violation that the address names; of one that is over, as the earlier run has it."""
    wanted = url_state.get("violation")
    violation = queries.ask(violation_list.one, chosen.span, wanted) if wanted else None
    if violation is None:
        st.info(say("violations.pick"))
        return
    rule = view.policy.rules.get(violation["rule_id"])
    st.subheader(pick(rule.title_zh, rule.title_en) if rule else violation["rule_id"], anchor=False)
    named = [
        say(f"subject.{violation['subject']}"),
        violation["subject_id"],
        violation["loan_id"],
        violation["borrower_name"],
    ]
    st.text(" · ".join(dict.fromkeys(filter(None, named))))
    _history(view, violation)
    if violation["loan_id"]:
        with st.container(horizontal=True):
            for page in ("loan", "extension_what_if"):
                page_frame.link(page, loan=str(violation["loan_id"]))
    if not violation["stands"]:
        st.info(say("violations.over", day=numbers.day(view.as_of)))
        return
    verdict = evidence_panel.find(view, violation)
    if verdict is None:
        st.warning(say("violations.not_rebuilt"))
        page_frame.fact(say("evidence.measured"), str(violation["measured"]))
        page_frame.fact(say("evidence.limit"), str(violation["limit_value"]))
    else:
        evidence_panel.show(view, verdict)
        _room(view, violation, verdict)
    _others(view, violation)


def _history(view: View, violation: dict[str, Any]) -> None:
    """State and dates, as far as the judged snapshots tell."""
    if violation["opened_on"] is None:
        st.caption(say("violations.not_followed"))
        return
    facts = {
        say("col.state"): say(f"life.{violation['state']}"),
        say("col.first_seen"): numbers.day(violation["first_seen"]),
        say("col.opened_on"): numbers.day(violation["opened_on"]),
        say("col.days_open"): numbers.count((view.as_of - violation["opened_on"]).days),
        say("col.times_reopened"): numbers.count(violation["times_reopened"]),
    }
    with st.grid(min_column_width=FACT, gap="small"):
        for label, value in facts.items():
            page_frame.fact(label, value)


def _room(view: View, violation: dict[str, Any], verdict: Verdict) -> None:
    """How far past its limit, and what exactly would cure it."""
    subject, rule_id, loan_id = verdict.subject, verdict.rule_id, violation["loan_id"]
    if not loan_id:
        return
    past = _distance(view, verdict, loan_id)
    cures = queries.ask(headroom.remedies, view.policy, view.as_of, subject, (rule_id,), loan_id)
    said = [
        text
        for cure in cures
        if cure.subject_id == verdict.subject_id
        for text in headroom.said(view.policy, cure, language.on())
    ]
    if past is None and not said:
        return
    st.markdown(f"**{say('evidence.room')}**")
    if past is not None:
        unit = verdict.unit if verdict.unit not in ("", "date") else ""
        st.text(say("evidence.past", distance=values.written(f"{abs(past):f}", unit or "days")))
    if said:
        st.text("\n".join(f"· {text}" for text in said))


def _distance(view: View, verdict: Verdict, loan_id: str) -> Decimal | None:
    """To the limit, negative past it; None where the rule does not compare numbers or dates."""
    found = queries.ask(headroom.distances, view.policy, view.as_of, verdict.subject, (verdict.rule_id,), loan_id)
    mine = found.filter(pl.col("subject_id") == verdict.subject_id) if found.height else found
    return mine["distance"][0] if mine.height else None


def _others(view: View, violation: dict[str, Any]) -> None:
    """Every other rule about the same loan, what is wrong with it first."""
    loan_id = violation["loan_id"]
    if not loan_id:
        return
    try:
        found = queries.ask(verdict_evidence.of_loan, view.policy, view.as_of, loan_id)
    except LoanlightError as error:
        st.caption(say("evidence.no_others"))
        st.text(language.told(error.args[0]))
        return
    mine = (violation["rule_id"], violation["subject_id"])
    others = [v for v in found if (v.rule_id, v.subject_id) != mine]
    counts = {kind: sum(v.verdict == kind for v in others) for kind in ORDER}
    said = " · ".join(
        f"{evidence_panel.MARKS[k]} {say(f'verdict.{k}')} {numbers.count(n)}" for k, n in counts.items() if n
    )
    with st.expander(say("evidence.others", n=numbers.count(len(others)))):
        st.caption(said)
        grave = list(language.terms("severity"))
        kept = [v for v in others if v.verdict != "not_applicable"]
        kept.sort(key=lambda v: (ORDER.index(v.verdict), grave.index(v.severity)))
        rows = [_row(view, v) for v in kept]
        shown = pl.DataFrame(rows, schema=dict.fromkeys(OTHERS, pl.String), orient="row")
        tables.show(shown, OTHERS, height=tables.LOW)


def _row(view: View, verdict: Verdict) -> tuple[str, ...]:
    return (
        f"{evidence_panel.MARKS[verdict.verdict]} {say(f'verdict.{verdict.verdict}')}",
        evidence_panel.severity(verdict.severity),
        evidence_panel.title(verdict),
        verdict_text.measured(view.policy, verdict),
        verdict_text.compared(view.policy, verdict),
        evidence_panel.why(view.policy, verdict),
        f"{say(f'subject.{verdict.subject}')} {verdict.subject_id or ''}".strip(),
        verdict.rule_id,
    )
