"""The list of violations as a workbook: a cover that says what it is, and every row, on as many sheets as it takes."""

import io

import polars as pl
import xlsxwriter
from xlsxwriter.workbook import Workbook

from data import inert
from pages.ui.language import say

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS_A_SHEET = 1_048_575  # what a sheet holds under its header row
HEADER = {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F5FA8", "border": 1, "border_color": "#D5DAE1",
          "text_wrap": True, "valign": "vcenter"}  # fmt: skip
WIDTHS = {"title": 300, "borrower_name": 180, "measured": 120, "limit_value": 120, "remedy": 320, "clause": 220}
NUMBERS = {"balance": "#,##0.00"}


def make(title: str, cover: dict[str, str], rows: pl.DataFrame) -> bytes:
    """XLSX of `rows`, the columns named in the language that is on, after a cover of label and value."""
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, inert.WORKBOOK) as workbook:
        _cover(workbook, title, cover)
        for number, start in enumerate(range(0, max(rows.height, 1), ROWS_A_SHEET), start=1):
            _sheet(
                workbook,
                f"{title} {number}" if rows.height > ROWS_A_SHEET else title,
                rows[start : start + ROWS_A_SHEET],
            )
    return buffer.getvalue()


def _cover(workbook: Workbook, title: str, cover: dict[str, str]) -> None:
    sheet = workbook.add_worksheet(say("workbook.cover"))
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


def _sheet(workbook: Workbook, name: str, rows: pl.DataFrame) -> None:
    sheet = workbook.add_worksheet(name)
    labels = {column: say(f"col.{column}") for column in rows.columns}
    rows.rename(labels).write_excel(
        workbook, sheet, header_format=HEADER, freeze_panes=(1, 0), autofilter=True,
        column_formats={labels[column]: form for column, form in NUMBERS.items() if column in labels},
        column_widths={label: WIDTHS.get(column, 110) for column, label in labels.items()},
    )  # fmt: skip
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
