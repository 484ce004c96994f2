"""The suggested mapping of one sheet as an editable table: which field each column of the file feeds."""

import polars as pl
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from data import dictionary
from data.ingest.mapping.mapping import COMPANIONS, EVENTS, find_target_field
from data.ingest.parsing import file_vocabulary
from data.ingest.proposals import suggestions
from data.ingest.proposals.suggestions import SheetProposal
from pages.ui.i18n import language
from pages.ui.i18n.language import by_language, escape_markdown, t
from pages.ui.widgets import tables

BLANK = ""


def _label_step(step: str) -> str:
    field = find_target_field(EVENTS, step)
    return by_language(field.zh, field.en)


def _list_field_labels(table: str) -> dict[str, str]:
    """table.field → its name in the language that is on, for every field that a column of such a file may feed."""
    names = {
        f"{owner}.{field}": f"{by_language(meant.zh, meant.en)} · {language.table_label(owner)}"
        for owner in (table, *COMPANIONS.get(table, ()))
        for field, meant in dictionary.fields_of_table(owner).items()
    }
    steps = dictionary.codes_of_list("step") if table in COMPANIONS else {}
    names |= {f"{EVENTS}.{step}": f"{_label_step(step)} · {language.table_label(EVENTS)}" for step in steps}
    return {BLANK: t("import.skip")} | names


def read_chosen_tables(mark: str) -> dict[str, str]:
    """Sheet → the table chosen for it, for one upload."""
    return dict(st.session_state.setdefault(f"tables:{mark}", {}))


def _draw_table_choice(sheet: SheetProposal, mark: str, number: int) -> None:
    """Which table the sheet is; another choice proposes its columns anew."""
    name, choice = st.columns([2, 1], vertical_alignment="bottom")
    name.markdown(t("import.sheet", name=escape_markdown(sheet.name), encoding=sheet.encoding))
    labels = {table: language.table_label(table) for table in dictionary.load_tables()}
    names = list(labels)
    key = f"table:{mark}:{number}"
    chosen = choice.selectbox(t("import.table"), names, names.index(sheet.table), labels.__getitem__, key=key)
    if chosen != sheet.table:
        st.session_state[f"tables:{mark}"][sheet.name] = chosen
        st.rerun()


def draw_sheet(sheet: SheetProposal, mark: str, number: int) -> bool:
    """Show the columns of the sheet, and put the corrections into it; whether there were any."""
    _draw_table_choice(sheet, mark, number)
    labels = _list_field_labels(sheet.table)
    rows = pl.DataFrame(
        [
            {
                "header": column.header,
                "samples": "  ·  ".join(map(str, column.samples[:3])),
                "field": column.name,
                "unit": column.unit,
                "how": t(f"how.{column.how}"),
                "problems": "  ".join(by_language(problem["zh"], problem["en"]) for problem in column.problems),
            }
            for column in sheet.columns
        ],
        infer_schema_length=None,
    )
    columns = _build_column_config(labels)
    edited = st.data_editor(
        rows,
        key=f"mapping:{mark}:{number}:{hash(tuple(labels.values()))}",
        hide_index=True,
        placeholder="",
        height="auto",
        disabled=["header", "samples", "how", "problems"],
        column_config=columns,
        alt=tables.build_alt_text(columns),
    )
    for problem in sheet.problems:
        st.warning(escape_markdown(by_language(problem["zh"], problem["en"])))
    return _apply_corrections(sheet, edited) or sheet.name in read_chosen_tables(mark)


def _build_column_config(labels: dict[str, str]) -> dict[str, ColumnConfig]:
    units = [BLANK, *dict.fromkeys((*file_vocabulary.load_units("money"), *file_vocabulary.load_units("rate")))]
    return {
        "header": st.column_config.TextColumn(t("import.header"), width="medium"),
        "samples": st.column_config.TextColumn(t("import.samples"), width="medium"),
        "field": st.column_config.SelectboxColumn(
            t("import.field"), options=list(labels), format_func=lambda code: labels[str(code)], width="medium"
        ),
        "unit": st.column_config.SelectboxColumn(t("import.unit"), options=units, width="small"),
        "how": st.column_config.TextColumn(t("import.how"), width=110),
        "problems": st.column_config.TextColumn(t("import.to_check"), width="large"),
    }


def _apply_corrections(sheet: SheetProposal, edited: pl.DataFrame) -> bool:
    changed = False
    for column, row in zip(sheet.columns, edited.iter_rows(named=True), strict=True):
        name, unit = row["field"] or BLANK, row["unit"] or BLANK
        if (name, unit) == (column.name, column.unit):
            continue
        changed = True
        owner, _, field = name.rpartition(".")
        column.table, column.field, column.unit = owner or None, field or None, unit
        column.how = suggestions.EXACT if field else suggestions.NONE
    if changed:
        have = {column.field for column in sheet.columns if column.table == sheet.table}
        sheet.problems = (
            []
            if all(have.intersection(group) for group in file_vocabulary.load_required_fields(sheet.table))
            else sheet.problems
        )
    return changed
