"""Findings of the proof-reading of the policy tables: where, what is wrong, what to do."""

import polars as pl
import streamlit as st

from pages.ui.i18n.language import say, told
from pages.ui.widgets import tables
from policy.model.records import Problem

PROBLEMS = {
    "level": "text",
    "table": "text",
    "table_row": "count",
    "table_column": "text",
    "problem": "text",
    "what_to_do": "text",
}


def show(problems: list[Problem], clean: str) -> None:
    """The findings, or the word for none."""
    if not problems:
        st.success(clean, icon=":material/check_circle:")
        return
    errors = sum(problem.level == "error" for problem in problems)
    said = say("policy.found", errors=errors, warnings=len(problems) - errors)
    (st.error if errors else st.warning)(said)
    rows = [
        {
            "level": say(f"policy.level_{one.level}"),
            "table": one.table,
            "table_row": one.row,
            "table_column": one.column,
            "problem": told(one.message),
            "what_to_do": told(one.fix),
        }
        for one in problems
    ]
    tables.show(pl.DataFrame(rows), PROBLEMS, height=tables.LOW)
