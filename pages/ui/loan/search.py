"""Finding a loan by what people know of it, and its facts in words."""

from decimal import Decimal

import polars as pl
import streamlit as st

from data import dictionary
from data.queries import maturities
from data.queries.maturities import Scope
from pages.ui.app import page_frame, queries, record_names, url_state
from pages.ui.app.page_frame import View
from pages.ui.format import values
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
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
SOONEST = 20  # loans offered before any was looked for
MATCHES = {
    "loan_id": "text",
    "contract_no": "text",
    "borrower_name": "text",
    "branch_name": "text",
    "balance": "amount",
    "current_maturity": "date",
}


def offer(view: View, wanted: str) -> None:
    """What the words searched for may mean; picking one puts its number into the address."""
    matches = queries.ask(maturities.found, view.as_of, wanted) if wanted else _next(view)
    if matches.is_empty():
        st.info(say("whatif.none_found" if wanted else "whatif.search_first"))
        return
    st.caption(say("whatif.matches" if wanted else "whatif.next", n=numbers.count(matches.height)))
    row = tables.show(matches, tables.filled(matches, MATCHES), key=f"matches:{wanted}", pick=True, height=tables.TALL)
    if row is not None:
        url_state.put("loan", [matches["loan_id"][row]])
        st.rerun()


def _next(view: View) -> pl.DataFrame:
    """The running loans that mature next, for who has not looked for one yet."""
    return queries.ask(maturities.maturing, view.as_of, Scope(first=view.as_of), SOONEST).with_columns(contract_no=None)


def facts(view: View, loan: dict[str, object], names: tuple[str, ...]) -> None:
    """Some of the loan's facts in words, each under its name."""
    with st.grid(min_column_width=140, gap="small"):
        for name in names:
            page_frame.fact(label(name), value(view, name, loan[name]))


def label(name: str) -> str:
    own = {"borrower_name": "col.borrower_name", "officer_id": "col.manager"}
    return say(own[name]) if name in own else language.field_label("loan", name)


def value(view: View, name: str, held: object) -> str:
    """As people write it; a number that only names something (of a person, an account) stays as it is."""
    field = dictionary.facts("loan").get(name)
    if held is not None and name == "officer_id":
        return record_names.people(view, pl.Series([held])).get(str(held), str(held))
    if held is not None and field is not None and field.type == "text":
        return str(held)
    return values.field_text(view.policy, "loan", name, _text(held))


def _text(held: object) -> str | None:
    if held is None:
        return None
    if isinstance(held, bool):
        return str(held).lower()
    if isinstance(held, list):
        return ", ".join(map(str, held))
    return f"{held.normalize():f}" if isinstance(held, Decimal) else str(held)


def about(view: View, loan: dict[str, object]) -> None:
    """Who and what it is, and the way to what else can be asked of it."""
    st.text(" · ".join(str(loan[name]) for name in ("loan_id", "contract_no", "borrower_name") if loan[name]))
    facts(view, loan, FACTS)
    page_frame.link("extension_what_if", loan=str(loan["loan_id"]))


def everything(view: View, loan: dict[str, object]) -> None:
    """Each fact that rules may read, and those that are not known."""
    names = [name for name in dictionary.facts("loan") if name in loan]
    rows = [(label(name), value(view, name, loan[name])) for name in names if loan[name] is not None]
    tables.show(
        pl.DataFrame(rows, schema=list(evidence_panel.INPUTS), orient="row"), evidence_panel.INPUTS, height=tables.TALL
    )
    unknown = [label(name) for name in names if loan[name] is None]
    if unknown:
        st.caption(say("loan.unknown", n=numbers.count(len(unknown))))
        st.text(pick("、", ", ").join(unknown))
