"""The search for a loan by number, contract or name, and the summary of its facts."""

from decimal import Decimal

import polars as pl
import streamlit as st

from data import dictionary
from data.queries import maturities
from data.queries.maturities import MaturityScope
from pages.ui.app import page_frame, queries, record_names, snapshot_view, url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import values
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import evidence_panel, tables

FACTS = (
    "borrower_name",
    "branch_name",
    "officer_id",
    "product_code",
    "guarantee_type",
    "principal",
    "balance",
    "annual_rate_pct",
    "disbursed_on",
    "original_maturity",
    "current_maturity",
    "extension_count",
    "classification",
    "days_past_due",
    "interest_overdue",
    "status",
)
MAX_OFFERED = 20  # loans offered before any was looked for
MATCHES = {
    "loan_id": "text",
    "contract_no": "text",
    "borrower_name": "text",
    "branch_name": "text",
    "balance": "amount",
    "current_maturity": "date",
}


def draw_matches(view: SnapshotView, search_text: str) -> None:
    """What the words searched for may mean; picking one puts its number into the address."""
    matches = (
        queries.cached_query(maturities.search_loans, view.as_of, search_text)
        if search_text
        else _load_next_maturities(view)
    )
    if matches.is_empty():
        st.info(t("whatif.none_found" if search_text else "whatif.search_first"))
        return
    st.caption(t("whatif.matches" if search_text else "whatif.next", n=numbers.format_count(matches.height)))
    row = tables.draw_table(
        matches,
        tables.find_non_empty_columns(matches, MATCHES),
        key=f"matches:{search_text}",
        selectable=True,
        height=tables.TALL_HEIGHT,
    )
    if row is not None:
        url_state.set_param("loan", [matches["loan_id"][row]])
        st.rerun()


def _load_next_maturities(view: SnapshotView) -> pl.DataFrame:
    """The running loans that mature next, for who has not looked for one yet."""
    return queries.cached_query(
        maturities.list_maturing_loans, view.as_of, MaturityScope(first=view.as_of), MAX_OFFERED
    ).with_columns(contract_no=None)


def draw_facts(view: SnapshotView, loan: dict[str, object], names: tuple[str, ...]) -> None:
    """Some of the loan's facts in words, each under its name."""
    with st.grid(min_column_width=140, gap="small"):
        for name in names:
            page_frame.draw_labelled_value(fact_label(name), format_fact(view, name, loan[name]))


def fact_label(name: str) -> str:
    own = {"borrower_name": "col.borrower_name", "officer_id": "col.manager"}
    return t(own[name]) if name in own else language.field_label("loan", name)


def format_fact(view: SnapshotView, name: str, raw: object) -> str:
    """As people write it; a number that only names something (of a person, an account) stays as it is."""
    field = dictionary.facts_of_subject("loan").get(name)
    if raw is not None and name == "officer_id":
        return record_names.load_staff_names(view, pl.Series([raw])).get(str(raw), str(raw))
    if raw is not None and field is not None and field.type == "text":
        return str(raw)
    return values.format_field_value(view.policy, "loan", name, _to_text(raw))


def _to_text(held: object) -> str | None:
    if held is None:
        return None
    if isinstance(held, bool):
        return str(held).lower()
    if isinstance(held, list):
        return ", ".join(map(str, held))
    return f"{held.normalize():f}" if isinstance(held, Decimal) else str(held)


def draw_summary(view: SnapshotView, loan: dict[str, object]) -> None:
    """Who and what it is, and the way to what else can be asked of it."""
    st.text(" · ".join(str(loan[name]) for name in ("loan_id", "contract_no", "borrower_name") if loan[name]))
    draw_facts(view, loan, FACTS)
    snapshot_view.draw_page_link("extension_what_if", loan=str(loan["loan_id"]))


def draw_all_facts(view: SnapshotView, loan: dict[str, object]) -> None:
    """Each fact that rules may read, and those that are not known."""
    names = [name for name in dictionary.facts_of_subject("loan") if name in loan]
    rows = [(fact_label(name), format_fact(view, name, loan[name])) for name in names if loan[name] is not None]
    tables.draw_table(
        pl.DataFrame(rows, schema=list(evidence_panel.INPUT_COLUMNS), orient="row"),
        evidence_panel.INPUT_COLUMNS,
        height=tables.TALL_HEIGHT,
    )
    unknown = [fact_label(name) for name in names if loan[name] is None]
    if unknown:
        st.caption(t("loan.unknown", n=numbers.format_count(len(unknown))))
        st.text(by_language("、", ", ").join(unknown))
