"""The list behind the violations page: what is on screen, and how the rows are worded on screen and in the workbook."""

import polars as pl
import streamlit as st

from pages.ui.app import queries, record_names, url_state
from pages.ui.app.page_frame import View
from pages.ui.format import values, verdict_text
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.violations.filters import Chosen
from pages.ui.widgets import evidence_panel, tables
from policy.violations import violation_list

COLUMNS = {
    "severity": "text",
    "title": "text",
    "borrower_name": "text",
    "measured": "text",
    "limit_value": "text",
    "days_open": "count",
    "state": "text",
    "balance": "amount",
    "branch": "text",
    "manager": "text",
    "subject": "text",
    "subject_id": "text",
    "rule_id": "text",
}
IN_WORKBOOK = (
    "severity",
    "rule_id",
    "title",
    "subject",
    "subject_id",
    "loan_id",
    "borrower_id",
    "borrower_name",
    "branch_id",
    "branch_name",
    "officer_id",
    "balance",
    "measured",
    "limit_value",
    "unit",
    "state",
    "first_seen",
    "opened_on",
    "days_open",
    "times_reopened",
    "clause",
    "remedy",
)


def worded(view: View, rows: pl.DataFrame) -> pl.DataFrame:
    """Add what the policy says of each row's rule: severity, title, clause, unit, remedy, all in words."""
    about = [
        (
            r.rule_id,
            evidence_panel.severity(r.severity),
            pick(r.title_zh, r.title_en),
            r.clause_id.replace("|", ", "),
            values.unit_word(r.unit),
            pick(r.remedy_zh, r.remedy_en),
        )
        for r in view.policy.rules.values()
    ]
    schema = dict.fromkeys(["rule_id", "severity", "title", "clause", "unit", "remedy"], pl.String)
    terms = {name: language.terms(kind) for name, kind in (("subject", "subject"), ("state", "life"))}
    return rows.join(
        pl.DataFrame(about, schema=schema, orient="row"), on="rule_id", how="left", maintain_order="left"
    ).with_columns(pl.col(name).replace(words) for name, words in terms.items() if name in rows.columns)


def page(view: View, chosen: Chosen, order: str, number: int) -> pl.DataFrame:
    """One page of the list, from 1."""
    offset = (number - 1) * tables.PAGE
    sieve = chosen.sieve
    if order == violation_list.GRAVE:
        sieve, offset = violation_list.window(sieve, chosen.by_rule, tables.PAGE, offset)
    rows = queries.ask(violation_list.listed, chosen.span, sieve, order, tables.PAGE, offset)
    told = record_names.places(view, worded(view, rows))
    return told.with_columns(
        numbers.texts(
            told.select(pl.struct("rule_id", name)).to_series(),
            lambda row, name=name: verdict_text.result(view.policy, row["rule_id"], row[name]),
        ).alias(name)
        for name in ("measured", "limit_value")
    )


def everything(view: View, chosen: Chosen) -> pl.DataFrame:
    """All rows the filters leave, for the workbook."""
    rows = queries.ask(violation_list.listed, chosen.span, chosen.sieve)
    for name in ("measured", "limit_value"):
        rows = verdict_text.coded(view.policy, rows, name)
    return worded(view, rows).select(IN_WORKBOOK)


def pages(chosen: Chosen) -> int:
    return max(1, -(-chosen.violations // tables.PAGE))


def by_severity(chosen: Chosen) -> str:
    return " · ".join(f"{evidence_panel.severity(code)} {numbers.count(n)}" for code, n in chosen.by_severity)


def draw(view: View, chosen: Chosen) -> None:
    """A page of the list; the row picked goes into the address."""
    orders = {order: say(f"order.{order}") for order in violation_list.ORDERS}
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        order = url_state.switch("order", say("violations.order"), orders, next(iter(orders)))
        number = st.pagination(pages(chosen), key=f"page:{hash((chosen, order))}") if pages(chosen) > 1 else 1
    rows = page(view, chosen, order, number)
    key = f"list:{hash((chosen, order, number, view.as_of))}"
    row = tables.show(rows, COLUMNS, key=key, pick=True, height=tables.TALL)
    if row is not None:
        url_state.put("violation", [rows["violation_id"][row]])
