"""A limit table edited in place: proof-read at once, its impact on the book, and the table to take away.

Nothing is written to the tables in force: an edit lives in the session, and leaves it as a download.
"""

import io

import polars as pl
import streamlit as st

from data.storage import formula_escaping as inert_cells
from pages.ui.app import url_state
from pages.ui.app.page_frame import View
from pages.ui.format import limit_table_text, values
from pages.ui.i18n import language
from pages.ui.i18n.language import inert, pick, say
from pages.ui.policy import changes, impact_view, threshold_curve
from pages.ui.widgets import evidence_panel, excel_export, lint_findings, tables
from policy.authoring import sandbox
from policy.model.records import LimitColumn, LimitTable

EDITS, BASE = "policy_edits", "policy_base"
FIXED = ("row_id",)


def edits(view: View) -> dict[str, str]:
    """The tables edited in this session, by file; edits of tables that were replaced since are let go."""
    held = st.session_state.get(EDITS)
    if held is None or held[0] != view.policy.version:
        held = st.session_state[EDITS] = (view.policy.version, {})
    return held[1]


def section(view: View) -> None:
    st.markdown(say("policy.edit_intro"))
    names = {table.name: limit_table_text.table_label(table) for table in view.policy.limit_tables.values()}
    name = url_state.kept("table", say("policy.table"), names)
    table, changed = view.policy.limit_tables[name], edits(view)
    _editor(view, table, changed)
    if not changed:
        st.caption(say("policy.edit_hint"))
    else:
        _outcome(view, changed)
    threshold_curve.section(view, table)


def _editor(view: View, table: LimitTable, changed: dict[str, str]) -> None:
    file = f"limits/{table.name}.csv"
    own = f"edit:{table.name}:{view.policy.version}"
    if own not in st.session_state or st.session_state.get(BASE, ("", ""))[0] != own:
        st.session_state[BASE] = (own, changed.get(file, view.policy.texts[file]))
    header, rows = sandbox.rows(st.session_state[BASE][1])
    lists = limit_table_text.code_lists(view.policy, table)
    said = {row.row_id: limit_table_text.row(table, row, lists)[0] for row in table.rows}
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    words = pl.Series("answers_for", [said.get(row_id, "") for row_id in frame["row_id"]], dtype=pl.String)
    shown = frame.select("row_id", words, *_order(table, header))
    columns = _columns(table, header, lists)
    edited = st.data_editor(
        shown,
        key=own,
        hide_index=True,
        num_rows="fixed",
        disabled=["answers_for", *FIXED],
        width="stretch",
        column_config=columns,
        height="content" if frame.height < 9 else tables.LOW,
        alt=tables.alt(columns),
    )
    text = sandbox.written(
        header, [["" if cell is None else str(cell) for cell in row] for row in edited.select(header).iter_rows()]
    )
    if sandbox.rows(text) == sandbox.rows(view.policy.texts[file]):
        changed.pop(file, None)
    else:
        changed[file] = text


def _order(table: LimitTable, header: list[str]) -> list[str]:
    """What the table limits first; then keys, dates, source."""
    first = [c.name for role in ("limit", "key") for c in table.columns if c.role == role]
    return [*first, *(name for name in header if name not in first and name not in FIXED)]


def _columns(table: LimitTable, header: list[str], lists: dict[str, str]) -> dict[str, object]:
    """Words where a cell is one of a list; else the cell as the table has it, under its name."""
    labels = {name: say(f"cell.{name}") for name in header if table.column(name) is None}
    labels |= {c.name: pick(c.zh, c.en) for c in table.columns}
    text = {name: st.column_config.TextColumn(label) for name, label in labels.items()}
    text |= {c.name: _limit_column(table, c, lists.get(c.name, "")) for c in table.columns if c.role == "limit"}
    grades = {row.evidence: evidence_panel.grade(row.evidence) for row in table.rows}
    grades |= {code.replace("_", " "): word for code, word in language.terms("grade").items()}
    text["evidence"] = _one_of(labels["evidence"], grades, "medium")
    return text | {"answers_for": st.column_config.TextColumn(say("col.answers_for"), width="medium")}


def _limit_column(table: LimitTable, column: LimitColumn, code_list: str) -> object:
    """A choice of words for a boolean or a code; a text for amounts, for days and for several codes in one cell."""
    label = pick(column.zh, column.en)
    if column.type == "boolean":
        return _one_of(label, {code: say(f"word.{code}") for code in ("true", "false")})
    words = language.code_labels(code_list) if code_list else {}
    if words and all(row.cells[column.name] in ("", *words) for row in table.rows):
        return _one_of(label, words)
    unit = values.unit_word(column.unit) or language.terms("cell_type").get(column.type, column.type)
    return st.column_config.TextColumn(label, help=say("policy.limit_help", unit=unit))


def _one_of(label: str, words: dict[str, str], width: str | None = None) -> object:
    return st.column_config.SelectboxColumn(
        label, options=list(words), format_func=lambda code: words.get(code, code), width=width
    )


def _outcome(view: View, changed: dict[str, str]) -> None:
    """What was changed, what the proof-reading says, what it does to the book, and the tables to take away."""
    texts = view.policy.texts | changed
    st.subheader(say("policy.changed"), anchor=False)
    changes.table(view.policy, view.policy.texts, texts, "edit_changes")
    problems = [problem for file in changed for problem in sandbox.proof(texts, _name(file))]
    lint_findings.show(problems, say("policy.proof_clean"))
    _take_away(changed)
    if not any(problem.level == "error" for problem in problems):
        impact_view.section(view, texts)
    else:
        st.info(say("policy.mend_first"))


def _name(file: str) -> str:
    return file.removeprefix("limits/").removesuffix(".csv")


def _take_away(changed: dict[str, str]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        for file, text in changed.items():
            short = file.split("/")[-1]
            label, content = say("policy.download_csv", file=inert(short)), text.encode("utf-8-sig")
            st.download_button(label, content, short, "text/csv", on_click="ignore", type="primary", key=f"csv:{file}")
            st.download_button(
                say("policy.download_xlsx", file=inert(short)),
                lambda text=text: _workbook(text),
                short.replace(".csv", ".xlsx"),
                excel_export.MIME,
                on_click="ignore",
                key=f"xlsx:{file}",
            )
        if len(changed) > 1:
            st.download_button(
                say("policy.download_zip"),
                sandbox.zipped(changed),
                "policy-tables.zip",
                "application/zip",
                on_click="ignore",
            )
        st.button(say("policy.discard"), on_click=_discard, key="policy_discard")
    with st.expander(say("policy.how_to_place")):
        st.markdown(say("policy.place_steps"))
        st.code("\n".join(["python -m policy lint", "python -m policy test", "python -m policy check"]), language=None)


def _discard() -> None:
    own = st.session_state.get(BASE, ("", ""))[0]
    for key in (EDITS, BASE, own):
        st.session_state.pop(key, None)


def _workbook(text: str) -> bytes:
    """The table's rows as they are, every cell text."""
    header, rows = sandbox.rows(text)
    buffer = io.BytesIO()
    frame = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String), orient="row")
    inert_cells.frame(frame).write_excel(buffer, autofit=True, freeze_panes=(1, 0))
    return buffer.getvalue()
