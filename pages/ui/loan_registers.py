"""The registers of one loan as tables: its process steps, papers, inspections, notices, extensions, states."""

import polars as pl
import streamlit as st

from data import dictionary, one_loan
from pages.ui import access, language, numbers, tables
from pages.ui.frame import View
from pages.ui.language import pick, say

REGISTERS = ("guarantees", "documents", "inspections", "notices", "extensions", "consents", "events")
OWNERS = ("loan_id", "contract_no", "borrower_id")
KINDS = {"money": "amount", "date": "date", "integer": "count"}
STEPS = {"step": "text", "day": "date", "order": "text", "staff": "text", "result": "text"}
STATES = {
    "as_of": "date",
    "balance": "amount",
    "classification": "text",
    "days_past_due": "count",
    "interest_overdue": "amount",
    "provision": "amount",
    "current_maturity": "date",
    "collateral_net_value": "amount",
    "collateral_share": "share",
    "violations": "count",
}
ROW_HEIGHT, MOST_ROWS = 35, 12


def steps(view: View, loan_id: str) -> None:
    """The steps in the order they are due, with the dates that are out of it."""
    found = access.ask(one_loan.steps, view.as_of, loan_id)
    names = {code: pick(zh, en) for code, zh, en in found.select("code", "zh", "en").iter_rows()}
    days = dict(found.select("code", "day").iter_rows())
    said = [_order(code, against, names, days) for code, against in found.select("code", "against").iter_rows()]
    rows = found.with_columns(
        step=pl.Series([f"{code}  {names[code]}" for code in found["code"]], dtype=pl.String),
        order=pl.Series(said, dtype=pl.String),
        staff=pl.col("staff_id"),
    )
    wrong = found["against"].drop_nulls().len()
    if wrong:
        st.warning(say("loan.out_of_order", n=numbers.count(wrong)), icon=":material/swap_vert:")
    elif found["day"].drop_nulls().is_empty():
        st.info(say("loan.no_steps"))
    tables.show(rows, STEPS, height="content")


def _order(code: str, against: str | None, names: dict[str, str], days: dict[str, object]) -> str:
    if days[code] is None:
        return say("loan.no_date")
    if against is None:
        return "✔"
    side = "before" if days[code] < days[against] else "after"
    return f"✘ {say(f'loan.dated_{side}', step=names[against], day=numbers.day(days[against]))}"


def draw(view: View, loan_id: str) -> None:
    """One tab a register, with its number of rows, and one for the states."""
    held = {table: access.ask(one_loan.register, view.as_of, table, loan_id) for table in REGISTERS}
    words = dictionary.tables()
    titles = [f"{pick(words[name].zh, words[name].en)} ({numbers.count(rows.height)})" for name, rows in held.items()]
    states, *tabs = st.tabs([pick(words["snapshots"].zh, words["snapshots"].en), *titles])
    with states:
        _states(loan_id)
    for tab, (table, rows) in zip(tabs, held.items(), strict=True):
        with tab:
            _register(table, rows)


def _states(loan_id: str) -> None:
    rows = access.ask(one_loan.states, loan_id)
    worded = rows.with_columns(pl.col("classification").replace(language.code_labels("classification")))
    tables.show(worded.reverse(), STATES, height="content")


def _register(table: str, rows: pl.DataFrame) -> None:
    """The columns that hold anything, in the dictionary's words."""
    if rows.is_empty():
        st.info(say("loan.register_empty"))
        return
    fields = dictionary.fields(table)
    shown = [name for name in fields if name not in OWNERS and not rows[name].is_null().all()]
    configuration = {
        name: tables.column(name, KINDS.get(fields[name].type, "text"), pick(fields[name].zh, fields[name].en))
        for name in shown
    }
    height = "content" if rows.height <= MOST_ROWS else ROW_HEIGHT * (MOST_ROWS + 1)
    st.dataframe(
        rows.select(_worded(table, name) for name in shown), hide_index=True, column_config=configuration,
        placeholder=numbers.NOTHING, height=height,
    )  # fmt: skip


def _worded(table: str, name: str) -> pl.Expr:
    """Codes by their words, decimals as the grid takes them."""
    field = dictionary.fields(table)[name]
    if field.code_list:
        return pl.col(name).replace(language.code_labels(field.code_list))
    return pl.col(name).cast(pl.Float64) if field.type in ("money", "rate", "number") else pl.col(name)
