"""Tables as a workbook: a cover that says what it is, and every row, on as many sheets as it takes."""

import io

import polars as pl
import xlsxwriter
from xlsxwriter.workbook import Workbook

from data.storage import formula_escaping
from pages.ui.i18n.language import t

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS_PER_SHEET = 1_048_575  # what a sheet holds under its header row
HEADER_FORMAT = {
    "bold": True,
    "font_color": "#FFFFFF",
    "bg_color": "#1F5FA8",
    "border": 1,
    "border_color": "#D5DAE1",
    "text_wrap": True,
    "valign": "vcenter",
}
COLUMN_WIDTHS = {
    "title": 300,
    "borrower_name": 180,
    "measured": 120,
    "limit_value": 120,
    "remedy": 320,
    "clause": 220,
    "name": 300,
    "finding": 360,
}
NUMBER_FORMATS = {
    "balance": "#,##0.00",
    "amount": "#,##0.00",
    "weight": "#,##0.0",
    "share": "0.00%",
    "violations": "#,##0",
    "loans": "#,##0",
    "subjects": "#,##0",
    "rows": "#,##0",
    "checked": "#,##0",
}


def write_table(title: str, cover: dict[str, str], rows: pl.DataFrame) -> bytes:
    """XLSX of `rows`, the columns named in the language that is on, after a cover of label and value."""
    return write_tables(title, cover, {title: rows})


def write_tables(title: str, cover: dict[str, str], sheets: dict[str, pl.DataFrame]) -> bytes:
    """XLSX of some tables, a sheet each; one that a sheet cannot hold goes on over more, and the cover says so."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, formula_escaping.XLSXWRITER_OPTIONS) as workbook:
        listed = {name: _format_extent(rows) for name, rows in sheets.items()} if len(sheets) > 1 else {}
        _write_cover(workbook, title, cover | listed)
        for name, rows in sheets.items():
            for number, start in enumerate(range(0, max(rows.height, 1), MAX_ROWS_PER_SHEET), start=1):
                part = f"{name} {number}" if rows.height > MAX_ROWS_PER_SHEET else name
                _write_sheet(workbook, part, rows[start : start + MAX_ROWS_PER_SHEET])
    return buffer.getvalue()


def _format_extent(rows: pl.DataFrame) -> str:
    """How many rows a table has, and over how many sheets they go on."""
    parts = -(-rows.height // MAX_ROWS_PER_SHEET)
    return t("workbook.extent" if parts <= 1 else "workbook.extent_split", n=f"{rows.height:,}", parts=parts)


def _write_cover(workbook: Workbook, title: str, cover: dict[str, str]) -> None:
    sheet = workbook.add_worksheet(t("workbook.cover"))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 90)
    sheet.write_string(0, 0, title, workbook.add_format({"bold": True, "font_size": 18, "font_color": "#1F5FA8"}))
    label = workbook.add_format(
        {"bold": True, "bg_color": "#F3F5F8", "border": 1, "border_color": "#D5DAE1", "valign": "top"}
    )
    value = workbook.add_format({"border": 1, "border_color": "#D5DAE1", "text_wrap": True, "valign": "top"})
    for row, (name, text) in enumerate(cover.items(), start=2):
        sheet.write_string(row, 0, name, label)
        sheet.write_string(row, 1, text, value)


def _write_sheet(workbook: Workbook, name: str, rows: pl.DataFrame) -> None:
    sheet = workbook.add_worksheet(name)
    labels = {column: t(f"col.{column}") for column in rows.columns}
    rows.rename(labels).write_excel(
        workbook,
        sheet,
        header_format=HEADER_FORMAT,
        freeze_panes=(1, 0),
        autofilter=True,
        column_formats={labels[column]: form for column, form in NUMBER_FORMATS.items() if column in labels},
        column_widths={label: COLUMN_WIDTHS.get(column, 110) for column, label in labels.items()},
    )
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
