"""What the what-if page says: the request that the address holds, the decision and its lines."""

from datetime import date, timedelta
from decimal import Decimal

import polars as pl
import streamlit as st

from data.queries import maturities
from pages.ui.app import page_frame, queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.format import citations, values, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.loan import search
from pages.ui.widgets import evidence_panel
from policy.engine.verdict_evidence import Verdict
from policy.extensions import extension_decision
from policy.extensions.extension_decision import Decision, Request
from policy.monitoring import headroom

FACTS = (
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
BOXES = {"allowed": st.success, "blocked": st.error, "not_assessable": st.warning}
LINES = {
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
ORDER = ("violation", "not_assessable", "pass", "not_applicable")
UNKNOWN = "unknown"


def about(view: View, held: dict[str, object]) -> None:
    """The loan's own facts in words, each under its name, and the way to all of it."""
    st.text(" · ".join(str(held[name]) for name in ("loan_id", "contract_no", "borrower_name") if held[name]))
    search.facts(view, held, FACTS)
    page_frame.link("loan", loan=str(held["loan_id"]))


def bounds(view: View, held: dict[str, object]) -> tuple[date, date]:
    """The current maturity, or the day looked at where it is not known, and the last day that may be asked for."""
    maturity = held["current_maturity"] if isinstance(held["current_maturity"], date) else view.as_of
    return maturity, maturity.replace(year=maturity.year + extension_decision.FRONTIER_YEARS, day=min(maturity.day, 28))


def request(view: View, held: dict[str, object]) -> Request:
    """The widgets of the request, drawn from the address."""
    maturity, last = bounds(view, held)
    first, second, third = st.columns([1, 1, 2])
    with first:
        wished = url_state.day("to", say("whatif.new_maturity"), _months_on(maturity), date(1990, 1, 1), last)
    with second:
        applied = url_state.day(
            "applied", say("whatif.applied"), view.as_of, date(1990, 1, 1), maturity + timedelta(3660)
        )
    with third:
        consent = _consent(view, str(held["loan_id"]))
    return Request(str(held["loan_id"]), applied, wished, consent)


def _months_on(day: date) -> date:
    """Where the new maturity starts out: half a year on."""
    return pl.Series([day]).dt.offset_by("6mo")[0]


def _consent(view: View, loan_id: str) -> str | None:
    """all, none, the providers chosen, or None while nobody said."""
    providers = queries.ask(maturities.providers, view.as_of, loan_id)
    words = language.terms("consent")
    codes = words if providers.height else {code: word for code, word in words.items() if code != "some"}
    answer = url_state.switch(
        "consent", say("whatif.consent", n=numbers.count(providers.height)), codes, default=UNKNOWN
    )
    if answer == "some":
        labels = {row["provider"]: _provider(row) for row in providers.iter_rows(named=True)}
        chosen = url_state.several("provider", say("whatif.who"), labels, say("whatif.nobody"))
        return ",".join(chosen) or "none"
    return None if answer == UNKNOWN else answer


def _provider(row: dict[str, object]) -> str:
    kinds = language.code_labels("guarantee_type")
    named = " ".join(dict.fromkeys(filter(None, (row["provider"], row["provider_name"]))))
    return f"{named} ({', '.join(kinds.get(kind, kind) for kind in row['kinds'] if kind)})"


def blocking(view: View, decision: Decision) -> list[str]:
    """The rules that block, by their titles."""
    return [pick(rule.title_zh, rule.title_en) for rule in map(view.policy.rules.get, decision.blocked_by) if rule]


def _missing(view: View, decision: Decision) -> str:
    """What the lines that cannot be judged lack, each field once."""
    lacking = [(line.subject, name) for line in decision.lines for name in line.missing]
    fields = dict.fromkeys(values.field_label(view.policy, subject, name) for subject, name in lacking)
    return say("whatif.lacking", fields=language.inert(pick("、", ", ").join(fields))) if fields else ""


def headline(view: View, decision: Decision) -> None:
    """The verdict in a word and a colour, and the days that matter, each to be taken by a click."""
    titles = blocking(view, decision)
    said = say(f"decision.{decision.verdict}") + (f" {pick('；', '; ').join(titles)}" if titles else "")
    if decision.verdict == "not_assessable":
        said = f"{said} {_missing(view, decision)}".strip()
    BOXES[decision.verdict](said, icon=say(f"icon.{decision.verdict}"))
    classes = language.code_labels("term_class")
    first, second, third = st.columns(3)
    first.metric(say("whatif.term_class"), classes.get(decision.term_class or "", numbers.NOTHING), border=True)
    with second:
        _day("to", "whatif.latest", decision.latest_permitted)
    with third:
        _day("applied", "whatif.apply_by", decision.apply_by)


def _day(name: str, key: str, day: date | None) -> None:
    st.metric(say(key), numbers.day(day), border=True)
    taken = day is None or url_state.get(name) == day.isoformat()
    st.button(
        say("whatif.take"),
        key=f"take_{name}",
        disabled=taken,
        type="tertiary",
        icon=":material/event_available:",
        on_click=url_state.put,
        args=(name, [day.isoformat()] if day else []),
    )


def ordered(view: View, decision: Decision) -> list[Verdict]:
    """The lines as a credit officer works: stage by stage, what blocks first in each, then what is not known."""
    stages = list(language.terms("stage"))
    stage = {rule_id: stages.index(rule.stage) for rule_id, rule in view.policy.rules.items()}
    return sorted(decision.lines, key=lambda line: (stage[line.rule_id], ORDER.index(line.verdict)))


def lines(view: View, verdicts: list[Verdict]) -> pl.DataFrame:
    """Every line of the decision, in the columns of LINES."""
    rows = [
        (
            f"{evidence_panel.MARKS[v.verdict]} {say(f'verdict.{v.verdict}')}",
            evidence_panel.title(v),
            verdict_text.measured(view.policy, v),
            verdict_text.compared(view.policy, v),
            to_pass(view, v),
            evidence_panel.severity(v.severity),
            say(f"stage.{view.policy.rules[v.rule_id].stage}"),
            citations.of(view.policy, v.clause_id),
            v.rule_id,
        )
        for v in verdicts
    ]
    return pl.DataFrame(rows, schema=list(LINES), orient="row")


def to_pass(view: View, verdict: Verdict) -> str:
    """How much room is left; or what would make it pass, as exactly as the rule can be measured."""
    if verdict.verdict == "not_assessable":
        return evidence_panel.why(view.policy, verdict)
    if verdict.verdict == "not_applicable":
        return ""
    room = headroom.room(verdict)
    if verdict.verdict == "pass":
        return say("whatif.room", amount=_distance(verdict, room)) if room else ""
    remedy = pick(verdict.remedy_zh, verdict.remedy_en)
    if room is None:
        return remedy
    upward = verdict.comparator in (">=", ">")
    kind = "day" if _is_day(verdict) else "number"
    side = "up" if upward else "down"
    return say(f"whatif.cure_{kind}_{side}", amount=_distance(verdict, -room), remedy=remedy)


def _is_day(verdict: Verdict) -> bool:
    return verdict.unit == "date"


def _distance(verdict: Verdict, room: Decimal) -> str:
    return values.written(f"{room:f}", "days" if _is_day(verdict) else verdict.unit)
