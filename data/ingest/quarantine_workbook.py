"""The quarantine as a workbook: rows as imported, each with its reason; it can be imported once corrected."""

import io
from typing import Any

import polars as pl
import xlsxwriter

from data.storage import formula_escaping

REASON_COLUMNS = ("隔离原因 Reason", "隔离字段 Field", "来源文件 File", "来源行号 Row")
"""Columns in front of a row's own: reason and source. An import leaves them out (header rows of non_data_rows.csv)."""
SHEET_NAME = 31
WIDE, NARROW = 360, 110


def render_xlsx(rows: list[dict[str, Any]]) -> bytes:
    """XLSX of quarantined rows (quarantine.rows), a sheet for each table and set of headers."""
    sheets: dict[tuple[str, tuple[str, ...]], list[dict[str, Any]]] = {}
    for row in rows:
        sheets.setdefault((row["table"], tuple(row["content"])), []).append(row)
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, formula_escaping.XLSXWRITER_OPTIONS) as workbook:
        heading = {"bold": True, "text_wrap": True, "bg_color": "#F3F5F8", "border": 1}
        for number, ((table, headers), own) in enumerate(sheets.items(), start=1):
            sheet = workbook.add_worksheet(f"{number} {table}"[:SHEET_NAME])
            _build_frame(own, headers).write_excel(
                workbook,
                sheet,
                header_format=heading,
                freeze_panes=(1, 0),
                autofilter=True,
                column_widths={
                    name: WIDE if name == REASON_COLUMNS[0] else NARROW for name in (*REASON_COLUMNS, *headers)
                },
            )
    return buffer.getvalue()


def _build_frame(rows: list[dict[str, Any]], headers: tuple[str, ...]) -> pl.DataFrame:
    place = [(f"{row['reason_zh']} {row['reason']}", row["field"], row["file"], str(row["row"])) for row in rows]
    columns = {name: pl.Series([cells[i] for cells in place], dtype=pl.String) for i, name in enumerate(REASON_COLUMNS)}
    return pl.DataFrame(columns | {h: pl.Series([row["content"][h] for row in rows], dtype=pl.String) for h in headers})
