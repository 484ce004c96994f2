"""What the what-if page says: the request that the address holds, the decision and its lines."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from data.queries import maturities
from pages.ui.app import queries, snapshot_view, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import citations, values, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.loan import search
from pages.ui.widgets import evidence_panel
from policy.engine.verdict_evidence import Verdict
from policy.extensions import extension_decision
from policy.extensions.extension_decision import Decision, Request
from policy.monitoring import headroom

LOAN_FACTS = (
    "borrower_name",
    "branch_name",
    "product_code",
    "guarantee_type",
    "balance",
    "disbursed_on",
    "original_maturity",
    "current_maturity",
    "extension_count",
    "classification",
    "days_past_due",
    "status",
)
VERDICT_BOXES = {"allowed": st.success, "blocked": st.error, "not_assessable": st.warning}
LINE_COLUMNS = {
    "verdict": "text",
    "title": "text",
    "measured": "text",
    "limit_value": "text",
    "to_pass": "text",
    "severity": "text",
    "stage": "text",
    "clause": "text",
    "rule_id": "text",
}
VERDICT_ORDER = ("violation", "not_assessable", "pass", "not_applicable")
UNKNOWN_CONSENT = "unknown"


def draw_loan_facts(view: SnapshotView, loan: dict[str, object]) -> None:
    """The loan's own facts in words, each under its name, and the way to all of it."""
    st.text(" · ".join(str(loan[name]) for name in ("loan_id", "contract_no", "borrower_name") if loan[name]))
    search.draw_facts(view, loan, LOAN_FACTS)
    snapshot_view.draw_page_link("loan", loan=str(loan["loan_id"]))


def compute_maturity_bounds(view: SnapshotView, loan: dict[str, object]) -> tuple[date, date]:
    """The current maturity, or the day looked at where it is not known, and the last day that may be asked for."""
    maturity = loan["current_maturity"] if isinstance(loan["current_maturity"], date) else view.as_of
    return maturity, maturity.replace(year=maturity.year + extension_decision.FRONTIER_YEARS, day=min(maturity.day, 28))


def draw_form(view: SnapshotView, loan: dict[str, object]) -> Request:
    """The widgets of the request, drawn from the address."""
    maturity, last = compute_maturity_bounds(view, loan)
    first, second, third = st.columns([1, 1, 2])
    with first:
        wished = url_state.input_day(
            "to", t("whatif.new_maturity"), _propose_maturity(maturity), date(1990, 1, 1), last
        )
    with second:
        applied = url_state.input_day(
            "applied", t("whatif.applied"), view.as_of, date(1990, 1, 1), maturity + timedelta(3660)
        )
    with third:
        consent = _select_consent(view, str(loan["loan_id"]))
    return Request(str(loan["loan_id"]), applied, wished, consent)


def _propose_maturity(day: date) -> date:
    """The new maturity that the form starts with: half a year later."""
    proposed: date = pl.Series([day]).dt.offset_by("6mo")[0]
    return proposed


def _select_consent(view: SnapshotView, loan_id: str) -> str | None:
    """all, none, the providers chosen, or None while nobody said."""
    providers = queries.cached_query(maturities.list_security_providers, view.as_of, loan_id)
    words = language.labels_of_kind("consent")
    codes = words if providers.height else {code: word for code, word in words.items() if code != "some"}
    answer = url_state.select_segment(
        "consent", t("whatif.consent", n=numbers.format_count(providers.height)), codes, default=UNKNOWN_CONSENT
    )
    if answer == "some":
        labels = {row["provider"]: _format_provider(row) for row in providers.iter_rows(named=True)}
        chosen = url_state.select_several("provider", t("whatif.who"), labels, t("whatif.nobody"))
        return ",".join(chosen) or "none"
    return None if answer == UNKNOWN_CONSENT else answer


def _format_provider(row: dict[str, Any]) -> str:
    kinds = language.code_labels("guarantee_type")
    named = " ".join(dict.fromkeys(filter(None, (row["provider"], row["provider_name"]))))
    return f"{named} ({', '.join(kinds.get(kind, kind) for kind in row['kinds'] if kind)})"


def list_blocking_rules(view: SnapshotView, decision: Decision) -> list[str]:
    """The rules that block, by their titles."""
    return [
        by_language(rule.title_zh, rule.title_en) for rule in map(view.policy.rules.get, decision.blocked_by) if rule
    ]


def _describe_missing_fields(view: SnapshotView, decision: Decision) -> str:
    """What the lines that cannot be judged lack, each field once."""
    lacking = [(line.subject, name) for line in decision.lines for name in line.missing]
    fields = dict.fromkeys(values.field_label(view.policy, subject, name) for subject, name in lacking)
    return (
        t("whatif.not_on_record", fields=language.escape_markdown(by_language("、", ", ").join(fields)))
        if fields
        else ""
    )


def draw_headline(view: SnapshotView, decision: Decision) -> None:
    """The verdict in a word and a colour, and the days that matter, each to be taken by a click."""
    titles = list_blocking_rules(view, decision)
    said = t(f"decision.{decision.verdict}") + (f" {by_language('；', '; ').join(titles)}" if titles else "")
    if missing_rules := extension_decision.describe_missing_rules(view.policy):
        st.info(language.localize_message(missing_rules))
    elif decision.verdict == "not_assessable":
        said = f"{said} {_describe_missing_fields(view, decision)}".strip()
    VERDICT_BOXES[decision.verdict](said, icon=t(f"icon.{decision.verdict}"))
    classes = language.code_labels("term_class")
    first, second, third = st.columns(3)
    first.metric(t("whatif.term_class"), classes.get(decision.term_class or "", numbers.NOTHING), border=True)
    with second:
        _draw_day_metric("to", "whatif.latest", decision.latest_permitted)
    with third:
        _draw_day_metric("applied", "whatif.apply_by", decision.apply_by)


def _draw_day_metric(name: str, key: str, day: date | None) -> None:
    st.metric(t(key), numbers.format_day(day), border=True)
    taken = day is None or url_state.get_param(name) == day.isoformat()
    st.button(
        t("whatif.use_date"),
        key=f"take_{name}",
        disabled=taken,
        type="tertiary",
        icon=":material/event_available:",
        on_click=url_state.set_param,
        args=(name, [day.isoformat()] if day else []),
    )


def sort_lines(view: SnapshotView, decision: Decision) -> list[Verdict]:
    """The lines as a credit officer works: stage by stage, what blocks first in each, then what is not known."""
    stages = list(language.labels_of_kind("stage"))
    stage = {rule_id: stages.index(rule.stage) for rule_id, rule in view.policy.rules.items()}
    return sorted(decision.lines, key=lambda line: (stage[line.rule_id], VERDICT_ORDER.index(line.verdict)))


def build_line_table(view: SnapshotView, verdicts: list[Verdict]) -> pl.DataFrame:
    """Every line of the decision, in the columns of LINES."""
    rows = [
        (
            f"{evidence_panel.VERDICT_SYMBOLS[v.verdict]} {t(f'verdict.{v.verdict}')}",
            evidence_panel.format_title(v),
            verdict_text.format_measured_value(view.policy, v),
            verdict_text.format_limit(view.policy, v),
            describe_distance(view, v),
            evidence_panel.format_severity(v.severity),
            language.label_of("stage", view.policy.rules[v.rule_id].stage),
            citations.cite_clauses(view.policy, v.clause_id),
            v.rule_id,
        )
        for v in verdicts
    ]
    return pl.DataFrame(rows, schema=list(LINE_COLUMNS), orient="row")


def describe_distance(view: SnapshotView, verdict: Verdict) -> str:
    """How much room is left; or what would make it pass, as exactly as the rule can be measured."""
    if verdict.verdict == "not_assessable":
        return evidence_panel.describe_reason(view.policy, verdict)
    if verdict.verdict == "not_applicable":
        return ""
    room = headroom.distance_to_limit(verdict)
    if verdict.verdict == "pass":
        return t("whatif.headroom", amount=_format_distance(verdict, room)) if room else ""
    remedy = by_language(verdict.remedy_zh, verdict.remedy_en)
    if room is None:
        return remedy
    upward = verdict.comparator in (">=", ">")
    kind = "day" if _is_date_limit(verdict) else "number"
    side = "up" if upward else "down"
    return t(f"whatif.cure_{kind}_{side}", amount=_format_distance(verdict, -room), remedy=remedy)


def _is_date_limit(verdict: Verdict) -> bool:
    return verdict.unit == "date"


def _format_distance(verdict: Verdict, room: Decimal) -> str:
    return values.format_value(f"{room:f}", "days" if _is_date_limit(verdict) else verdict.unit)
