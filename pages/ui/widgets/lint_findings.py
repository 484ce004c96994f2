"""Findings of the proof-reading of the policy tables: where, what is wrong, what to do."""

import polars as pl
import streamlit as st

from pages.ui.i18n.language import localize_message, t
from pages.ui.widgets import tables
from policy.model.problem import Problem

COLUMNS = {
    "level": "text",
    "table": "text",
    "table_row": "count",
    "table_column": "text",
    "problem": "text",
    "what_to_do": "text",
}


def draw_findings(problems: list[Problem], no_findings_text: str) -> None:
    """The findings, or the word for none."""
    if not problems:
        st.success(no_findings_text, icon=":material/check_circle:")
        return
    errors = sum(problem.level == "error" for problem in problems)
    said = t("policy.finding_counts", errors=errors, warnings=len(problems) - errors)
    (st.error if errors else st.warning)(said)
    rows = [
        {
            "level": t(f"policy.level_{one.level}"),
            "table": one.table,
            "table_row": one.row,
            "table_column": one.column,
            "problem": localize_message(one.message),
            "what_to_do": localize_message(one.fix),
        }
        for one in problems
    ]
    tables.draw_table(pl.DataFrame(rows), COLUMNS, height=tables.SHORT_HEIGHT)
