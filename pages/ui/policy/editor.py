"""A limit table edited in place: checked at once, its impact on the book, and the table to download.

Nothing is written to the tables in force: an edit lives in the session, and leaves it as a download.
"""

import io
from functools import partial
from typing import Literal

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from data.storage import formula_escaping as inert_cells
from pages.ui.app import url_state
from pages.ui.app.snapshot_view import SnapshotView
from pages.ui.format import limit_table_text, values
from pages.ui.i18n import language
from pages.ui.i18n.language import by_language, escape_markdown, t
from pages.ui.policy import changes, impact_view, threshold_curve
from pages.ui.widgets import evidence_panel, excel_export, lint_findings, tables
from policy.authoring import sandbox
from policy.model.records import LimitColumn, LimitTable

EDITS_KEY, BASE_KEY = "policy_edits", "policy_base"
READ_ONLY = ("row_id",)


def read_edits(view: SnapshotView) -> dict[str, str]:
    """The tables edited in this session, by file; edits of tables that were replaced since are let go."""
    held = st.session_state.get(EDITS_KEY)
    if held is None or held[0] != view.policy.version:
        held = st.session_state[EDITS_KEY] = (view.policy.version, {})
    return held[1]


def draw_editor(view: SnapshotView) -> None:
    st.markdown(t("policy.edit_intro"))
    names = {table.name: limit_table_text.format_limit_table_name(table) for table in view.policy.limit_tables.values()}
    name = url_state.select_persisted("table", t("policy.table"), names)
    table, changed = view.policy.limit_tables[name], read_edits(view)
    _draw_table_editor(view, table, changed)
    if not changed:
        st.caption(t("policy.edit_hint"))
    else:
        _draw_outcome(view, changed)
    threshold_curve.draw_threshold_curve(view, table)


def _draw_table_editor(view: SnapshotView, table: LimitTable, changed: dict[str, str]) -> None:
    file = f"limits/{table.name}.csv"
    own = f"edit:{table.name}:{view.policy.version}"
    if own not in st.session_state or st.session_state.get(BASE_KEY, ("", ""))[0] != own:
        st.session_state[BASE_KEY] = (own, changed.get(file, view.policy.texts[file]))
    header, rows = sandbox.parse_table(st.session_state[BASE_KEY][1])
    lists = limit_table_text.find_code_lists(view.policy, table)
    texts = {row.row_id: limit_table_text.format_row(table, row, lists)[0] for row in table.rows}
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    words = pl.Series("answers_for", [texts.get(row_id, "") for row_id in frame["row_id"]], dtype=pl.String)
    shown = frame.select("row_id", words, *_order_columns(table, header))
    columns = _build_column_config(table, header, lists)
    edited = st.data_editor(
        shown,
        key=own,
        hide_index=True,
        num_rows="fixed",
        disabled=["answers_for", *READ_ONLY],
        width="stretch",
        column_config=columns,
        height="content" if frame.height < 9 else tables.SHORT_HEIGHT,
        alt=tables.build_alt_text(columns),
    )
    text = sandbox.format_table(
        header, [["" if cell is None else str(cell) for cell in row] for row in edited.select(header).iter_rows()]
    )
    if sandbox.parse_table(text) == sandbox.parse_table(view.policy.texts[file]):
        changed.pop(file, None)
    else:
        changed[file] = text


def _order_columns(table: LimitTable, header: list[str]) -> list[str]:
    """What the table limits first; then keys, dates, source."""
    first = [c.name for role in ("limit", "key") for c in table.columns if c.role == role]
    return [*first, *(name for name in header if name not in first and name not in READ_ONLY)]


def _build_column_config(table: LimitTable, header: list[str], lists: dict[str, str]) -> dict[str, ColumnConfig]:
    """Words where a cell is one of a list; else the cell as the table has it, under its name."""
    labels = {name: t(f"cell.{name}") for name in header if table.find_column(name) is None}
    labels |= {c.name: by_language(c.zh, c.en) for c in table.columns}
    text = {name: st.column_config.TextColumn(label) for name, label in labels.items()}
    text |= {c.name: _limit_column_config(table, c, lists.get(c.name, "")) for c in table.columns if c.role == "limit"}
    grades = {row.evidence: evidence_panel.format_grade(row.evidence) for row in table.rows}
    grades |= language.labels_of_kind("grade")
    text["evidence"] = _select_column_config(labels["evidence"], grades, "medium")
    return text | {"answers_for": st.column_config.TextColumn(t("col.answers_for"), width="medium")}


def _limit_column_config(table: LimitTable, column: LimitColumn, code_list: str) -> ColumnConfig:
    """A choice of words for a boolean or a code; a text for amounts, for days and for several codes in one cell."""
    label = by_language(column.zh, column.en)
    if column.type == "boolean":
        return _select_column_config(label, {code: t(f"word.{code}") for code in ("true", "false")})
    words = language.code_labels(code_list) if code_list else {}
    if words and all(row.cells[column.name] in ("", *words) for row in table.rows):
        return _select_column_config(label, words)
    unit = values.format_unit(column.unit) or language.labels_of_kind("cell_type").get(column.type, column.type)
    return st.column_config.TextColumn(label, help=t("policy.limit_help", unit=unit))


def _select_column_config(
    label: str, words: dict[str, str], width: Literal["small", "medium", "large"] | None = None
) -> ColumnConfig:
    return st.column_config.SelectboxColumn(
        label, options=list(words), format_func=lambda code: words.get(str(code), str(code)), width=width
    )


def _draw_outcome(view: SnapshotView, changed: dict[str, str]) -> None:
    """What was changed, what the proof-reading says, what it does to the book, and the tables to take away."""
    texts = view.policy.texts | changed
    st.subheader(t("policy.changed"), anchor=False)
    changes.draw_changes(view.policy, view.policy.texts, texts, "edit_changes")
    problems = [problem for file in changed for problem in sandbox.lint_limit_table(texts, _table_name(file))]
    lint_findings.draw_findings(problems, t("policy.proof_clean"))
    _draw_downloads(changed)
    if not any(problem.level == "error" for problem in problems):
        impact_view.draw_impact(view, texts)
    else:
        st.info(t("policy.correct_first"))


def _table_name(file: str) -> str:
    return file.removeprefix("limits/").removesuffix(".csv")


def _draw_downloads(changed: dict[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for file, text in changed.items():
            short = file.split("/")[-1]
            label, content = t("policy.download_csv", file=escape_markdown(short)), inert_cells.encode_csv(text)
            st.download_button(label, content, short, "text/csv", on_click="ignore", type="primary", key=f"csv:{file}")
            st.download_button(
                t("policy.download_xlsx", file=escape_markdown(short)),
                partial(_build_workbook, text),
                short.replace(".csv", ".xlsx"),
                excel_export.MIME,
                on_click="ignore",
                key=f"xlsx:{file}",
            )
        if len(changed) > 1:
            st.download_button(
                t("policy.download_zip"),
                sandbox.zip_tables(changed),
                "policy-tables.zip",
                "application/zip",
                on_click="ignore",
            )
        st.button(t("policy.discard"), on_click=_discard_edits, key="policy_discard")
    with st.expander(t("policy.how_to_place")):
        st.markdown(t("policy.place_steps"))
        st.code("\n".join(["python -m policy lint", "python -m policy test", "python -m policy check"]), language=None)


def _discard_edits() -> None:
    own = st.session_state.get(BASE_KEY, ("", ""))[0]
    for key in (EDITS_KEY, BASE_KEY, own):
        st.session_state.pop(key, None)


def _build_workbook(text: str) -> bytes:
    """The table's rows as they are, every cell text."""
    header, rows = sandbox.parse_table(text)
    buffer = io.BytesIO()
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    inert_cells.escape_frame(frame).write_excel(buffer, autofit=True, freeze_panes=(1, 0))
    return buffer.getvalue()
