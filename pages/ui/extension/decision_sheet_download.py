"""The decision sheet from the what-if page: what is on screen, written out in either language, to sign."""

from functools import partial
from itertools import groupby

import streamlit as st

from pages.documents import decision_sheet
from pages.documents.decision_sheet import Pairs, Part, Sheet
from pages.ui.app.page_frame import View
from pages.ui.extension import request_form
from pages.ui.format import citations, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.loan import search
from pages.ui.widgets import consequences
from policy.engine.verdict_evidence import Verdict
from policy.extensions.extension_decision import Decision, Request

FACTS = (
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
)
SIGNERS = ("officer", "reviewer", "approver")
MIME = "application/pdf"


def offer(view: View, held: dict[str, object], asked: Request, decision: Decision) -> None:
    """A button a language; the sheet is made when it is clicked on."""
    with st.container(horizontal=True):
        for lang in language.LANGUAGES:
            st.download_button(
                say(f"whatif.sheet_{lang}"),
                partial(_pdf, view, held, asked, decision, lang),
                f"extension-{asked.loan_id}-{asked.requested_maturity.isoformat()}-{lang}.pdf",
                MIME,
                on_click="ignore",
                icon=":material/print:",
                key=f"sheet_{lang}",
            )


def _pdf(view: View, held: dict[str, object], asked: Request, decision: Decision, lang: str) -> bytes:
    with language.speaking(lang):
        return decision_sheet.pdf(sheet(view, held, asked, decision))


def sheet(view: View, held: dict[str, object], asked: Request, decision: Decision) -> Sheet:
    """All that the sheet says, in the language that is on."""
    return Sheet(
        lang=language.on(),
        title=say("sheet.title"),
        number=say("sheet.number", loan=asked.loan_id),
        foot=say("sheet.foot", day=numbers.day(view.as_of), version=view.policy.version[:12]),
        loan=_loan(view, held),
        request=_request(asked),
        verdict=decision.verdict,
        said=say(f"decision.{decision.verdict}"),
        why=request_form.blocking(view, decision),
        days=_days(decision),
        lines=_parts(view, request_form.ordered(view, decision)),
        follows=Part(
            say("whatif.consequences"),
            [say(f"col.{name}") for name in consequences.COLUMNS],
            [list(row) for row in consequences.rows(view, asked)],
        ),
        opinion=say("sheet.opinion"),
        signatures=[[say(f"sheet.{signer}"), say("sheet.signed"), say("sheet.date")] for signer in SIGNERS],
        note=say("sheet.note"),
        no_bank=say("sheet.no_bank"),
    )


def _loan(view: View, held: dict[str, object]) -> Pairs:
    named = [(search.label("borrower_name"), str(held["borrower_name"] or numbers.NOTHING))]
    named.append((search.label("contract_no"), str(held["contract_no"] or numbers.NOTHING)))
    return named + [(search.label(name), search.value(view, name, held[name])) for name in FACTS]


def _request(asked: Request) -> Pairs:
    consent = asked.consent or request_form.UNKNOWN
    return [
        (say("whatif.new_maturity"), numbers.day(asked.requested_maturity)),
        (say("whatif.applied"), numbers.day(asked.application_date)),
        (say("whatif.consents"), language.terms("consent").get(consent, consent)),
    ]


def _days(decision: Decision) -> Pairs:
    classes = language.code_labels("term_class")
    return [
        (say("whatif.term_class"), classes.get(decision.term_class or "", numbers.NOTHING)),
        (say("whatif.latest"), numbers.day(decision.latest_permitted)),
        (say("whatif.apply_by"), numbers.day(decision.apply_by)),
    ]


def _parts(view: View, lines: list[Verdict]) -> list[Part]:
    """A table a stage, but for the rules that do not apply."""
    heads = [say(f"col.{name}") for name in ("verdict", "title", "measured", "limit_value", "to_pass", "clause")]
    applied = [line for line in lines if line.verdict != "not_applicable"]
    stages = groupby(applied, key=lambda line: view.policy.rules[line.rule_id].stage)
    return [Part(say(f"stage.{stage}"), heads, [_line(view, line) for line in rows]) for stage, rows in stages]


def _line(view: View, line: Verdict) -> list[str]:
    return [
        say(f"verdict.{line.verdict}"),
        pick(line.title_zh, line.title_en),
        verdict_text.measured(view.policy, line),
        verdict_text.compared(view.policy, line),
        request_form.to_pass(view, line),
        citations.of(view.policy, line.clause_id),
    ]
