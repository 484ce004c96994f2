"""Two or three ways to extend a loan side by side, kept in the address."""

from datetime import date

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.page_frame import View
from pages.ui.extension import request_form
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import consequences, tables
from policy.extensions import extension_decision
from policy.extensions.extension_decision import Decision, Request

MOST = 3
BETWEEN = "~"


def written(asked: Request) -> str:
    """A request as it stands in the address."""
    parts = (
        asked.requested_maturity.isoformat(),
        asked.application_date.isoformat(),
        asked.consent or request_form.UNKNOWN,
    )
    return BETWEEN.join(parts)


def read(text: str, loan_id: str) -> Request | None:
    """None for a text that is no request."""
    to, _, rest = text.partition(BETWEEN)
    applied, _, consent = rest.partition(BETWEEN)
    try:
        days = date.fromisoformat(applied), date.fromisoformat(to)
    except ValueError:
        return None
    return Request(loan_id, *days, None if consent in ("", request_form.UNKNOWN) else consent)


def kept(loan_id: str) -> list[Request]:
    found = (read(text, loan_id) for text in url_state.all_of("variant"))
    return list(dict.fromkeys(request for request in found if request))[:MOST]


def draw(view: View, asked: Request) -> None:
    """What is kept, and the button that keeps the request as it is."""
    variants = kept(asked.loan_id)
    texts = [written(variant) for variant in variants]
    full = len(variants) >= MOST
    st.button(
        say("whatif.keep"),
        key="keep_variant",
        icon=":material/add:",
        disabled=full or asked in variants,
        on_click=url_state.put,
        args=("variant", [*texts, written(asked)]),
    )
    if not variants:
        st.caption(say("whatif.keep_note", n=numbers.count(MOST)))
        return
    decisions = [queries.ask(extension_decision.judge, view.policy, view.as_of, variant) for variant in variants]
    for number, (column, decision) in enumerate(zip(st.columns(MOST), decisions, strict=False)):
        with column:
            _card(number, variants[number], decision, texts)
    table = compared(view, variants, decisions)
    titles = {column: column for column in table.columns if column != "outcome"}
    tables.show(table, dict.fromkeys(table.columns, "text"), names=titles, height="content", blank="")


def _card(number: int, variant: Request, decision: Decision, texts: list[str]) -> None:
    """The verdict of one variant, to be taken up again or let go."""
    request_form.BOXES[decision.verdict](
        f"{name(number)}: {language.terms('decision_short')[decision.verdict]}", icon=say(f"icon.{decision.verdict}")
    )
    left, right = st.columns(2)
    left.button(say("whatif.use"), key=f"use_variant_{number}", width="stretch", on_click=_take_up, args=(variant,))
    right.button(
        say("whatif.drop"),
        key=f"drop_variant_{number}",
        width="stretch",
        on_click=url_state.put,
        args=("variant", [text for text in texts if text != texts[number]]),
    )


def name(number: int) -> str:
    return say("whatif.variant", n=numbers.count(number + 1))


def _take_up(variant: Request) -> None:
    """Make it the request of the page."""
    consent = variant.consent or request_form.UNKNOWN
    named = consent not in language.terms("consent")
    url_state.put("to", [variant.requested_maturity.isoformat()])
    url_state.put("applied", [variant.application_date.isoformat()])
    url_state.put("consent", ["some" if named else consent])
    url_state.put("provider", consent.split(",") if named else [])


def compared(view: View, variants: list[Request], decisions: list[Decision]) -> pl.DataFrame:
    """A row an item, a column a variant: the request, the decision, and what follows from it."""
    columns = [_said(view, *pair) for pair in zip(variants, decisions, strict=True)]
    items = list(dict.fromkeys(item for column in columns for item in column))
    return pl.DataFrame(
        {"outcome": items} | {name(n): [column.get(item, "") for item in items] for n, column in enumerate(columns)}
    )


def _said(view: View, variant: Request, decision: Decision) -> dict[str, str]:
    """The items of one variant by their names."""
    classes, consents = language.code_labels("term_class"), language.terms("consent")
    consent = variant.consent or request_form.UNKNOWN
    said = {
        say("whatif.new_maturity"): numbers.day(variant.requested_maturity),
        say("whatif.applied"): numbers.day(variant.application_date),
        say("whatif.consents"): consents.get(consent, consent),
        say("whatif.verdict"): language.terms("decision_short")[decision.verdict],
        say("whatif.blocked_by"): pick("；", "; ").join(request_form.blocking(view, decision)) or numbers.NOTHING,
        say("whatif.term_class"): classes.get(decision.term_class or "", numbers.NOTHING),
        say("whatif.latest"): numbers.day(decision.latest_permitted),
        say("whatif.apply_by"): numbers.day(decision.apply_by),
    }
    return said | {row[0]: f"{row[1]} → {row[2]}" for row in consequences.rows(view, variant)}
