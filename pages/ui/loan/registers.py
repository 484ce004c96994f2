"""The registers of one loan as tables: its process steps, papers, inspections, notices, extensions, states."""

import polars as pl
import streamlit as st

from data import dictionary
from data.queries import loan_detail
from pages.ui.app import queries, record_names
from pages.ui.app.page_frame import View
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import tables

REGISTERS = ("guarantees", "documents", "inspections", "notices", "extensions", "consents", "events")
OWNERS = ("loan_id", "contract_no", "borrower_id")
KINDS = {"money": "amount", "date": "date", "integer": "count", "rate": "number", "number": "number"}
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
OF_STAFF = "staff_id"
INDENT = "   "  # before a step that is a part of the one above it


def steps(view: View, loan_id: str) -> None:
    """The steps in the order they are due, with the dates that are out of it."""
    found = queries.ask(loan_detail.steps, view.as_of, loan_id)
    names = {code: pick(zh, en) for code, zh, en in found.select("code", "zh", "en").iter_rows()}
    days = dict(found.select("code", "day").iter_rows())
    said = [_order(code, against, names, days) for code, against in found.select("code", "against").iter_rows()]
    rows = found.with_columns(
        step=pl.Series(
            [f"{code if code.isdecimal() else INDENT}  {names[code]}" for code in found["code"]], dtype=pl.String
        ),
        order=pl.Series(said, dtype=pl.String),
        staff=pl.col(OF_STAFF).replace(record_names.people(view, found[OF_STAFF])),
    )
    wrong = found["against"].drop_nulls().len()
    if wrong:
        st.warning(say("loan.out_of_order", n=numbers.count(wrong)), icon=":material/swap_vert:")
    elif found["day"].drop_nulls().is_empty():
        st.info(say("loan.no_steps"))
    tables.show(rows, tables.filled(rows, STEPS), height="content")


def _order(code: str, against: str | None, names: dict[str, str], days: dict[str, object]) -> str:
    if days[code] is None:
        return say("loan.no_date")
    if against is None:
        return "✔"
    side = "before" if days[code] < days[against] else "after"
    return f"✘ {say(f'loan.dated_{side}', step=names[against], day=numbers.day(days[against]))}"


def draw(view: View, loan_id: str) -> None:
    """One tab a register, with its number of rows, and one for the states."""
    held = {table: queries.ask(loan_detail.register, view.as_of, table, loan_id) for table in REGISTERS}
    words = dictionary.tables()
    titles = [f"{pick(words[name].zh, words[name].en)} ({numbers.count(rows.height)})" for name, rows in held.items()]
    states, *tabs = st.tabs([pick(words["snapshots"].zh, words["snapshots"].en), *titles])
    with states:
        _states(view, loan_id)
    for tab, (table, rows) in zip(tabs, held.items(), strict=True):
        with tab:
            _register(view, table, rows)


def _states(view: View, loan_id: str) -> None:
    """Its state at each snapshot up to the day looked at, the newest first."""
    rows = queries.ask(loan_detail.states, loan_id).filter(pl.col("as_of") <= view.as_of)
    worded = rows.with_columns(pl.col("classification").replace(language.code_labels("classification")))
    tables.show(worded.reverse(), tables.filled(rows, STATES), height="content")


def _register(view: View, table: str, rows: pl.DataFrame) -> None:
    """The columns that hold anything, in the dictionary's words; the number of the record itself comes last."""
    if rows.is_empty():
        st.info(say("loan.register_empty"))
        return
    fields, key = dictionary.fields(table), dictionary.tables()[table].key
    kinds = {name: KINDS.get(fields[name].type, "text") for name in fields if name not in OWNERS}
    names = {name: pick(fields[name].zh, fields[name].en) for name in kinds}
    shown = tables.filled(rows, kinds)
    ordered = {name: shown[name] for name in sorted(shown, key=lambda name: name in key)}
    worded = rows.select(_worded(table, name) for name in ordered)
    if OF_STAFF in ordered:
        worded = worded.with_columns(pl.col(OF_STAFF).replace(record_names.people(view, rows[OF_STAFF])))
    tables.show(worded, ordered, names=names, height=tables.TALL)


def _worded(table: str, name: str) -> pl.Expr:
    """Codes by their words, moments as people write them, yes and no."""
    field = dictionary.fields(table)[name]
    if field.code_list:
        return pl.col(name).replace(language.code_labels(field.code_list))
    if field.type == "timestamp":
        return pl.col(name).dt.to_string("%Y-%m-%d %H:%M")
    if field.type == "boolean":
        return pl.col(name).replace_strict({True: say("word.true"), False: say("word.false")}, return_dtype=pl.String)
    return pl.col(name).cast(pl.Float64) if field.type in ("money", "rate", "number") else pl.col(name)
