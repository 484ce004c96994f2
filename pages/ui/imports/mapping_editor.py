"""The proposed mapping of one sheet as a table to correct: which field each column of the file feeds."""

import polars as pl
import streamlit as st

from data import dictionary
from data.ingest.mapping import suggestions
from data.ingest.mapping.mapping import COMPANIONS, EVENTS, target
from data.ingest.mapping.suggestions import SheetProposal
from data.ingest.parsing import file_vocabulary
from pages.ui.i18n.language import inert, pick, say
from pages.ui.widgets import tables

NOTHING = ""


def table_label(table: str) -> str:
    meant = dictionary.tables()[table]
    return pick(meant.zh, meant.en)


def _fields(table: str) -> dict[str, str]:
    """table.field → its name in the language that is on, for every field that a column of such a file may feed."""
    names = {
        f"{owner}.{field}": f"{pick(meant.zh, meant.en)} · {table_label(owner)}"
        for owner in (table, *COMPANIONS.get(table, ()))
        for field, meant in dictionary.fields(owner).items()
    }
    steps = dictionary.codes("step") if table in COMPANIONS else {}
    names |= {
        f"{EVENTS}.{step}": f"{pick(*(getattr(target(EVENTS, step), lang) for lang in ('zh', 'en')))} · "
        f"{table_label(EVENTS)}"
        for step in steps
    }
    return {NOTHING: say("import.left_out")} | names


def chosen_tables(mark: str) -> dict[str, str]:
    """Sheet → the table that somebody said it is, for one upload."""
    return dict(st.session_state.setdefault(f"tables:{mark}", {}))


def _table(sheet: SheetProposal, mark: str, number: int) -> None:
    """Which table the sheet is; another choice proposes its columns anew."""
    name, choice = st.columns([2, 1], vertical_alignment="bottom")
    name.markdown(say("import.sheet", name=inert(sheet.name), encoding=sheet.encoding))
    labels = {table: table_label(table) for table in dictionary.tables()}
    names = list(labels)
    key = f"table:{mark}:{number}"
    chosen = choice.selectbox(say("import.table"), names, names.index(sheet.table), labels.__getitem__, key=key)
    if chosen != sheet.table:
        st.session_state[f"tables:{mark}"][sheet.name] = chosen
        st.rerun()


def draw(sheet: SheetProposal, mark: str, number: int) -> bool:
    """Show the columns of the sheet, and put the corrections into it; whether there were any."""
    _table(sheet, mark, number)
    labels = _fields(sheet.table)
    rows = pl.DataFrame(
        [
            {
                "header": column.header,
                "samples": "  ·  ".join(map(str, column.samples[:3])),
                "field": column.name,
                "unit": column.unit,
                "how": say(f"how.{column.how}"),
                "problems": "  ".join(pick(problem["zh"], problem["en"]) for problem in column.problems),
            }
            for column in sheet.columns
        ],
        infer_schema_length=None,
    )
    columns = _configuration(labels)
    edited = st.data_editor(
        rows,
        key=f"mapping:{mark}:{number}:{hash(tuple(labels.values()))}",
        hide_index=True,
        placeholder="",
        height="auto",
        disabled=["header", "samples", "how", "problems"],
        column_config=columns,
        alt=tables.alt(columns),
    )
    for problem in sheet.problems:
        st.warning(inert(pick(problem["zh"], problem["en"])))
    return _correct(sheet, edited) or sheet.name in chosen_tables(mark)


def _configuration(labels: dict[str, str]) -> dict[str, object]:
    units = [NOTHING, *dict.fromkeys((*file_vocabulary.units("money"), *file_vocabulary.units("rate")))]
    return {
        "header": st.column_config.TextColumn(say("import.header"), width="medium"),
        "samples": st.column_config.TextColumn(say("import.samples"), width="medium"),
        "field": st.column_config.SelectboxColumn(
            say("import.field"), options=list(labels), format_func=labels.__getitem__, width="medium"
        ),
        "unit": st.column_config.SelectboxColumn(say("import.unit"), options=units, width="small"),
        "how": st.column_config.TextColumn(say("import.how"), width=110),
        "problems": st.column_config.TextColumn(say("import.look_at"), width="large"),
    }


def _correct(sheet: SheetProposal, edited: pl.DataFrame) -> bool:
    changed = False
    for column, row in zip(sheet.columns, edited.iter_rows(named=True), strict=True):
        name, unit = row["field"] or NOTHING, row["unit"] or NOTHING
        if (name, unit) == (column.name, column.unit):
            continue
        changed = True
        owner, _, field = name.rpartition(".")
        column.table, column.field, column.unit = owner or None, field or None, unit
        column.how = suggestions.EXACT if field else suggestions.NONE
    if changed:
        have = {column.field for column in sheet.columns if column.table == sheet.table}
        sheet.problems = (
            [] if all(have.intersection(group) for group in file_vocabulary.required(sheet.table)) else sheet.problems
        )
    return changed
