"""Differences between two versions of the policy in words: what was added, removed, and which cell says what now."""

import polars as pl
import streamlit as st

from pages.ui.format import expression_text, limit_table_text
from pages.ui.i18n import language
from pages.ui.i18n.language import pick, say
from pages.ui.widgets import tables
from policy.authoring import version_diff
from policy.authoring.version_diff import Change
from policy.model.records import LimitTable, Policy

CHANGES = {"what": "text", "where": "text", "row_name": "text", "sentence": "text", "moves": "text"}
TITLED = ("zh", "en", "title_zh", "title_en")
EXPRESSIONS = ("scope", "measure", "limit")


def table(policy: Policy, before: dict[str, str], after: dict[str, str], key: str) -> list[Change]:
    """Every change as a line of words; the changes, for whoever asks more."""
    found = version_diff.changes(before, after)
    if found:
        rows = [
            {
                "what": say(f"policy.change_{one.change}"),
                "where": _where(policy, one),
                "row_name": _row(one),
                "sentence": sentence(policy, one),
                "moves": say("word.false" if one.is_silent else "policy.may_move"),
            }
            for one in found
        ]
        tables.show(pl.DataFrame(rows), CHANGES, key=key, height=tables.TALL)
    else:
        st.info(say("policy.no_change"))
    return found


def _limit_table(policy: Policy, change: Change) -> LimitTable | None:
    name = change.key[0].removeprefix("limits/").removesuffix(".csv") if change.table == "limits" else ""
    return policy.limit_tables.get(name)


def _where(policy: Policy, change: Change) -> str:
    file = change.key[0] if change.table == "limits" else change.table
    return limit_table_text.place(policy, file.removesuffix(".csv"))


def _row(change: Change) -> str:
    title = pick(change.title_zh, change.title_en)
    own = " ".join(change.key[1:] if change.table == "limits" else change.key[:1])
    return f"{own} {title}".strip()


def sentence(policy: Policy, change: Change) -> str:
    """Each changed cell as `label: before → after`; a row that came or went by what it says."""
    if change.change != "changed":
        side = 1 if change.change == "added" else 0
        limits = _limit_table(policy, change)
        known = [c.name for c in limits.columns] if limits else [*EXPRESSIONS, "verdict", "effective_from"]
        judged = change.table in ("rules", "examples") or limits
        named = known if judged else [column for column in change.cells if column not in (*TITLED, "file")]
        cells = {column: change.cells[column] for column in named if column in change.cells}
        return say("words.semicolon").join(
            f"{_label(policy, change, column)} {_value(policy, change, column, pair[side])}"
            for column, pair in cells.items()
            if pair[side]
        )
    return say("words.semicolon").join(
        say(
            "policy.cell_changed",
            label=_label(policy, change, column),
            before=_value(policy, change, column, pair[0]),
            after=_value(policy, change, column, pair[1]),
        )
        for column, pair in change.cells.items()
    )


def _label(policy: Policy, change: Change, column: str) -> str:
    limits = _limit_table(policy, change)
    own = limits.column(column) if limits else None
    return pick(own.zh, own.en) if own else language.terms("cell").get(column, column)


def _value(policy: Policy, change: Change, column: str, text: str) -> str:
    limits = _limit_table(policy, change)
    own = limits.column(column) if limits else None
    if limits and own:
        return limit_table_text.cell(own, text, limit_table_text.code_lists(policy, limits).get(column, ""))
    rule = policy.rules.get(change.key[0]) if change.table == "rules" else None
    if rule and column in EXPRESSIONS and text:
        return expression_text.expression(policy, rule.subject, text, rule.unit)
    labels = language.terms(column) if column in ("severity", "family", "stage", "verdict") else {}
    return labels.get(text, text) or say("policy.blank")
