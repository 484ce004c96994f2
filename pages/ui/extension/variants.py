"""Two or three ways to extend a loan side by side, kept in the address."""

from datetime import date

import polars as pl
import streamlit as st

from pages.ui.app import queries, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.extension import request_form
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import consequences, tables
from policy.extensions import extension_decision
from policy.extensions.extension_decision import Decision, Request

MAX_VARIANTS = 3
SEPARATOR = "~"


def format_variant(request: Request) -> str:
    """A request as it stands in the address."""
    parts = (
        request.requested_maturity.isoformat(),
        request.application_date.isoformat(),
        request.consent or request_form.UNKNOWN_CONSENT,
    )
    return SEPARATOR.join(parts)


def parse_variant(text: str, loan_id: str) -> Request | None:
    """None for a text that is not a request."""
    to, _, rest = text.partition(SEPARATOR)
    applied, _, consent = rest.partition(SEPARATOR)
    try:
        days = date.fromisoformat(applied), date.fromisoformat(to)
    except ValueError:
        return None
    return Request(loan_id, *days, None if consent in ("", request_form.UNKNOWN_CONSENT) else consent)


def read_variants(loan_id: str) -> list[Request]:
    found = (parse_variant(text, loan_id) for text in url_state.get_params("variant"))
    return list(dict.fromkeys(request for request in found if request))[:MAX_VARIANTS]


def draw_comparison(view: SnapshotView, request: Request) -> None:
    """What is kept, and the button that keeps the request as it is."""
    variants = read_variants(request.loan_id)
    texts = [format_variant(variant) for variant in variants]
    full = len(variants) >= MAX_VARIANTS
    st.button(
        t("whatif.save_variant"),
        key="keep_variant",
        icon=":material/add:",
        disabled=full or request in variants,
        on_click=url_state.set_param,
        args=("variant", [*texts, format_variant(request)]),
    )
    if not variants:
        st.caption(t("whatif.save_variant_note", n=numbers.format_count(MAX_VARIANTS)))
        return
    decisions = [
        queries.cached_query(extension_decision.judge_request, view.policy, view.as_of, variant) for variant in variants
    ]
    for number, (column, decision) in enumerate(zip(st.columns(MAX_VARIANTS), decisions, strict=False)):
        with column:
            _draw_card(number, variants[number], decision, texts)
    table = build_comparison(view, variants, decisions)
    titles = {column: column for column in table.columns if column != "outcome"}
    tables.draw_table(table, dict.fromkeys(table.columns, "text"), names=titles, height="content", blank="")


def _draw_card(number: int, variant: Request, decision: Decision, texts: list[str]) -> None:
    """The verdict of one variant, to be taken up again or let go."""
    request_form.VERDICT_BOXES[decision.verdict](
        f"{format_name(number)}: {language.labels_of_kind('decision_short')[decision.verdict]}",
        icon=t(f"icon.{decision.verdict}"),
    )
    left, right = st.columns(2)
    left.button(t("whatif.use"), key=f"use_variant_{number}", width="stretch", on_click=_apply_variant, args=(variant,))
    right.button(
        t("whatif.remove"),
        key=f"drop_variant_{number}",
        width="stretch",
        on_click=url_state.set_param,
        args=("variant", [text for text in texts if text != texts[number]]),
    )


def format_name(number: int) -> str:
    return t("whatif.variant", n=numbers.format_count(number + 1))


def _apply_variant(variant: Request) -> None:
    """Make it the request of the page."""
    consent = variant.consent or request_form.UNKNOWN_CONSENT
    named = consent not in language.labels_of_kind("consent")
    url_state.set_param("to", [variant.requested_maturity.isoformat()])
    url_state.set_param("applied", [variant.application_date.isoformat()])
    url_state.set_param("consent", ["some" if named else consent])
    url_state.set_param("provider", consent.split(",") if named else [])


def build_comparison(view: SnapshotView, variants: list[Request], decisions: list[Decision]) -> pl.DataFrame:
    """A row an item, a column a variant: the request, the decision, and what follows from it."""
    columns = [_build_items(view, *pair) for pair in zip(variants, decisions, strict=True)]
    items = list(dict.fromkeys(item for column in columns for item in column))
    return pl.DataFrame(
        {"outcome": items}
        | {format_name(n): [column.get(item, "") for item in items] for n, column in enumerate(columns)}
    )


def _build_items(view: SnapshotView, variant: Request, decision: Decision) -> dict[str, str]:
    """The items of one variant by their names."""
    classes, consents = language.code_labels("term_class"), language.labels_of_kind("consent")
    consent = variant.consent or request_form.UNKNOWN_CONSENT
    said = {
        t("whatif.new_maturity"): numbers.format_day(variant.requested_maturity),
        t("whatif.applied"): numbers.format_day(variant.application_date),
        t("whatif.consents"): consents.get(consent, consent),
        t("whatif.verdict"): language.labels_of_kind("decision_short")[decision.verdict],
        t("whatif.blocked_by"): by_language("；", "; ").join(request_form.list_blocking_rules(view, decision))
        or numbers.NOTHING,
        t("whatif.term_class"): classes.get(decision.term_class or "", numbers.NOTHING),
        t("whatif.latest"): numbers.format_day(decision.latest_permitted),
        t("whatif.apply_by"): numbers.format_day(decision.apply_by),
    }
    return said | {row[0]: f"{row[1]} → {row[2]}" for row in consequences.build_rows(view, variant)}
