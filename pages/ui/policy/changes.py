"""Differences between two versions of the policy in words: what was added or removed, and which cells changed."""

import polars as pl
import streamlit as st

from pages.ui.format import expression_text, limit_table_text
from pages.ui.i18n import language
from pages.ui.i18n.language import by_language, t
from pages.ui.widgets import tables
from policy.authoring import version_diff
from policy.authoring.version_diff import RowChange
from policy.model.records import LimitTable, Policy

CHANGES = {"what": "text", "where": "text", "row_name": "text", "sentence": "text", "moves": "text"}
TITLE_COLUMNS = ("zh", "en", "title_zh", "title_en")
EXPRESSION_COLUMNS = ("scope", "measure", "limit")


def draw_changes(policy: Policy, before: dict[str, str], after: dict[str, str], key: str) -> list[RowChange]:
    """Every change as a line of words; the changes, for whoever asks more."""
    found = version_diff.find_changes(before, after)
    if found:
        rows = [
            {
                "what": t(f"policy.change_{one.change}"),
                "where": _format_place(policy, one),
                "row_name": _format_row(one),
                "sentence": format_change(policy, one),
                "moves": t("word.false" if one.is_verdict_neutral else "policy.possibly"),
            }
            for one in found
        ]
        tables.draw_table(pl.DataFrame(rows), CHANGES, key=key, height=tables.TALL_HEIGHT)
    else:
        st.info(t("policy.no_change"))
    return found


def _find_limit_table(policy: Policy, change: RowChange) -> LimitTable | None:
    name = change.key[0].removeprefix("limits/").removesuffix(".csv") if change.table == "limits" else ""
    return policy.limit_tables.get(name)


def _format_place(policy: Policy, change: RowChange) -> str:
    file = change.key[0] if change.table == "limits" else change.table
    return limit_table_text.format_table_name(policy, file.removesuffix(".csv"))


def _format_row(change: RowChange) -> str:
    title = by_language(change.title_zh, change.title_en)
    own = " ".join(change.key[1:] if change.table == "limits" else change.key[:1])
    return f"{own} {title}".strip()


def format_change(policy: Policy, change: RowChange) -> str:
    """Each changed cell as `label: before → after`; a row that came or went by what it says."""
    if change.change != "changed":
        side = 1 if change.change == "added" else 0
        limits = _find_limit_table(policy, change)
        known = [c.name for c in limits.columns] if limits else [*EXPRESSION_COLUMNS, "verdict", "effective_from"]
        judged = change.table in ("rules", "examples") or limits
        named = known if judged else [column for column in change.cells if column not in (*TITLE_COLUMNS, "file")]
        cells = {column: change.cells[column] for column in named if column in change.cells}
        return t("expression.semicolon").join(
            f"{_column_label(policy, change, column)} {_format_value(policy, change, column, pair[side])}"
            for column, pair in cells.items()
            if pair[side]
        )
    return t("expression.semicolon").join(
        t(
            "policy.cell_changed",
            label=_column_label(policy, change, column),
            before=_format_value(policy, change, column, pair[0]),
            after=_format_value(policy, change, column, pair[1]),
        )
        for column, pair in change.cells.items()
    )


def _column_label(policy: Policy, change: RowChange, column: str) -> str:
    limits = _find_limit_table(policy, change)
    own = limits.find_column(column) if limits else None
    return by_language(own.zh, own.en) if own else language.labels_of_kind("cell").get(column, column)


def _format_value(policy: Policy, change: RowChange, column: str, text: str) -> str:
    limits = _find_limit_table(policy, change)
    own = limits.find_column(column) if limits else None
    if limits and own:
        return limit_table_text.format_cell(own, text, limit_table_text.find_code_lists(policy, limits).get(column, ""))
    rule = policy.rules.get(change.key[0]) if change.table == "rules" else None
    if rule and column in EXPRESSION_COLUMNS and text:
        return expression_text.format_expression(policy, rule.subject, text, rule.unit)
    labels = language.labels_of_kind(column) if column in ("severity", "family", "stage", "verdict") else {}
    return labels.get(text, text) or t("policy.blank")
