"""The registers of one loan as tables: its process steps, documents, inspections, notices, extensions, states."""

from datetime import date

import polars as pl
import streamlit as st

from data import dictionary
from data.queries import loan_detail
from pages.ui.app import queries, record_names
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.i18n import language, numbers
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables

REGISTERS = ("guarantees", "documents", "inspections", "notices", "extensions", "consents", "events")
PARENT_KEYS = ("loan_id", "contract_no", "borrower_id")
COLUMN_KINDS = {"money": "amount", "date": "date", "integer": "count", "rate": "number", "number": "number"}
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
STAFF_COLUMN = "staff_id"
INDENT = "   "  # before a step that is a part of the one above it


def draw_steps(view: SnapshotView, loan_id: str) -> None:
    """The steps in the order they are due, with the dates that are out of it."""
    found = queries.cached_query(loan_detail.list_process_steps, view.as_of, loan_id)
    names = {code: by_language(zh, en) for code, zh, en in found.select("code", "zh", "en").iter_rows()}
    days = dict(found.select("code", "day").iter_rows())
    orders = [
        _format_order(code, against, names, days) for code, against in found.select("code", "against").iter_rows()
    ]
    rows = found.with_columns(
        step=pl.Series(
            [f"{code if code.isdecimal() else INDENT}  {names[code]}" for code in found["code"]], dtype=pl.String
        ),
        order=pl.Series(orders, dtype=pl.String),
        staff=pl.col(STAFF_COLUMN).replace(record_names.load_staff_names(view, found[STAFF_COLUMN])),
    )
    wrong = found["against"].drop_nulls().len()
    if wrong:
        st.warning(t("loan.out_of_order", n=numbers.format_count(wrong)), icon=":material/swap_vert:")
    elif found["day"].drop_nulls().is_empty():
        st.info(t("loan.no_steps"))
    tables.draw_table(rows, tables.find_non_empty_columns(rows, STEPS), height="content")


def _format_order(code: str, against: str | None, names: dict[str, str], days: dict[str, date | None]) -> str:
    day = days[code]
    if day is None:
        return t("loan.no_date")
    other = days[against] if against else None
    if against is None or other is None:
        return "✔"
    side = "before" if day < other else "after"
    return f"✘ {t(f'loan.dated_{side}', step=names[against], day=numbers.format_day(other))}"


def draw_registers(view: SnapshotView, loan_id: str) -> None:
    """One tab a register, with its number of rows, and one for the states."""
    held = {
        table: queries.cached_query(loan_detail.list_register_rows, view.as_of, table, loan_id) for table in REGISTERS
    }
    words = dictionary.load_tables()
    titles = [
        f"{by_language(words[name].zh, words[name].en)} ({numbers.format_count(rows.height)})"
        for name, rows in held.items()
    ]
    states, *tabs = st.tabs([by_language(words["snapshots"].zh, words["snapshots"].en), *titles])
    with states:
        _draw_states(view, loan_id)
    for tab, (table, rows) in zip(tabs, held.items(), strict=True):
        with tab:
            _draw_register(view, table, rows)


def _draw_states(view: SnapshotView, loan_id: str) -> None:
    """Its state at each snapshot up to the day looked at, the newest first."""
    rows = queries.cached_query(loan_detail.list_snapshot_states, loan_id).filter(pl.col("as_of") <= view.as_of)
    worded = rows.with_columns(pl.col("classification").replace(language.code_labels("classification")))
    tables.draw_table(worded.reverse(), tables.find_non_empty_columns(rows, STATES), height="content")


def _draw_register(view: SnapshotView, table: str, rows: pl.DataFrame) -> None:
    """The columns that hold anything, in the dictionary's words; the number of the record itself comes last."""
    if rows.is_empty():
        st.info(t("loan.register_empty"))
        return
    fields, key = dictionary.fields_of_table(table), dictionary.load_tables()[table].key
    kinds = {name: COLUMN_KINDS.get(fields[name].type, "text") for name in fields if name not in PARENT_KEYS}
    names = {name: by_language(fields[name].zh, fields[name].en) for name in kinds}
    shown = tables.find_non_empty_columns(rows, kinds)
    ordered = {name: shown[name] for name in sorted(shown, key=lambda name: name in key)}
    worded = rows.select(_label_column(table, name) for name in ordered)
    if STAFF_COLUMN in ordered:
        worded = worded.with_columns(
            pl.col(STAFF_COLUMN).replace(record_names.load_staff_names(view, rows[STAFF_COLUMN]))
        )
    tables.draw_table(worded, ordered, names=names, height=tables.TALL_HEIGHT)


def _label_column(table: str, name: str) -> pl.Expr:
    """Codes by their words, moments as people write them, yes and no."""
    field = dictionary.fields_of_table(table)[name]
    if field.code_list:
        return pl.col(name).replace(language.code_labels(field.code_list))
    if field.type == "timestamp":
        return pl.col(name).dt.to_string("%Y-%m-%d %H:%M")
    if field.type == "boolean":
        return pl.col(name).replace_strict({True: t("word.true"), False: t("word.false")}, return_dtype=pl.String)
    return pl.col(name).cast(pl.Float64) if field.type in ("money", "rate", "number") else pl.col(name)
