"""The decision sheet from the what-if page: what is on screen, written out in either language, to sign."""

from functools import partial
from itertools import groupby

import streamlit as st

from pages.documents import decision_sheet
from pages.documents.decision_sheet import DecisionSheet, LabelledValues, SheetTable
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.extension import request_form
from pages.ui.format import citations, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.loan import search
from pages.ui.widgets import consequences
from policy.engine.verdict_evidence import Verdict
from policy.extensions.extension_decision import Decision, Request

LOAN_FACTS = (
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


def draw_download_buttons(view: SnapshotView, loan: dict[str, object], request: Request, decision: Decision) -> None:
    """A button a language; the sheet is made when it is clicked on."""
    with st.container(horizontal=True):
        for lang in language.LANGUAGES:
            st.download_button(
                t(f"whatif.sheet_{lang}"),
                partial(_render_pdf, view, loan, request, decision, lang),
                f"extension-{request.loan_id}-{request.requested_maturity.isoformat()}-{lang}.pdf",
                MIME,
                on_click="ignore",
                icon=":material/print:",
                key=f"sheet_{lang}",
            )


def _render_pdf(view: SnapshotView, loan: dict[str, object], request: Request, decision: Decision, lang: str) -> bytes:
    with language.use_language(lang):
        return decision_sheet.render_sheet(build_sheet(view, loan, request, decision))


def build_sheet(view: SnapshotView, loan: dict[str, object], request: Request, decision: Decision) -> DecisionSheet:
    """All that the sheet says, in the language that is on."""
    return DecisionSheet(
        lang=language.current_language(),
        title=t("sheet.title"),
        number=t("sheet.number", loan=request.loan_id),
        foot=t("sheet.foot", day=numbers.format_day(view.as_of), version=view.policy.version[:12]),
        loan=_build_loan_facts(view, loan),
        request=_build_request_facts(request),
        verdict=decision.verdict,
        said=t(f"decision.{decision.verdict}"),
        why=request_form.list_blocking_rules(view, decision),
        days=_build_deadline_facts(decision),
        lines=_build_stage_tables(view, request_form.sort_lines(view, decision)),
        follows=SheetTable(
            t("whatif.consequences"),
            [t(f"col.{name}") for name in consequences.COLUMNS],
            [list(row) for row in consequences.build_rows(view, request)],
        ),
        opinion=t("sheet.opinion"),
        signatures=[[t(f"sheet.{signer}"), t("sheet.signed"), t("sheet.date")] for signer in SIGNERS],
        note=t("sheet.note"),
        no_bank=t("sheet.no_bank"),
    )


def _build_loan_facts(view: SnapshotView, loan: dict[str, object]) -> LabelledValues:
    named = [(search.fact_label("borrower_name"), str(loan["borrower_name"] or numbers.NOTHING))]
    named.append((search.fact_label("contract_no"), str(loan["contract_no"] or numbers.NOTHING)))
    return named + [(search.fact_label(name), search.format_fact(view, name, loan[name])) for name in LOAN_FACTS]


def _build_request_facts(request: Request) -> LabelledValues:
    consent = request.consent or request_form.UNKNOWN_CONSENT
    return [
        (t("whatif.new_maturity"), numbers.format_day(request.requested_maturity)),
        (t("whatif.applied"), numbers.format_day(request.application_date)),
        (t("whatif.consents"), language.labels_of_kind("consent").get(consent, consent)),
    ]


def _build_deadline_facts(decision: Decision) -> LabelledValues:
    classes = language.code_labels("term_class")
    return [
        (t("whatif.term_class"), classes.get(decision.term_class or "", numbers.NOTHING)),
        (t("whatif.latest"), numbers.format_day(decision.latest_permitted)),
        (t("whatif.apply_by"), numbers.format_day(decision.apply_by)),
    ]


def _build_stage_tables(view: SnapshotView, lines: list[Verdict]) -> list[SheetTable]:
    """A table a stage, but for the rules that do not apply."""
    heads = [t(f"col.{name}") for name in ("verdict", "title", "measured", "limit_value", "to_pass", "clause")]
    applied = [line for line in lines if line.verdict != "not_applicable"]
    stages = groupby(applied, key=lambda line: view.policy.rules[line.rule_id].stage)
    return [
        SheetTable(language.label_of("stage", stage), heads, [_build_line_cells(view, line) for line in rows])
        for stage, rows in stages
    ]


def _build_line_cells(view: SnapshotView, line: Verdict) -> list[str]:
    return [
        t(f"verdict.{line.verdict}"),
        by_language(line.title_zh, line.title_en),
        verdict_text.format_measured_value(view.policy, line),
        verdict_text.format_limit(view.policy, line),
        request_form.describe_distance(view, line),
        citations.cite_clauses(view.policy, line.clause_id),
    ]
