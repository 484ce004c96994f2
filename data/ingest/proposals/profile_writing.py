"""A proposed mapping as a TOML file to edit: each line says how sure it is."""

import json

from data.ingest.proposals.suggestions import GUESS, IGNORED, NONE, ColumnProposal, MappingProposal, SheetProposal

HEAD = """# Proposed from {file}. Look at the lines marked guess, correct them, and load with
# 由 {file} 推测而来：请核对标有 guess（猜测）的行，改好后导入：
#   python -m data import {file} --as-of DATE --profile THIS_FILE.toml
title = {title}
"""


def render_toml(proposal: MappingProposal) -> str:
    """The mapping file; usable at once where the proposal is complete."""
    head = HEAD.format(file=" ".join(proposal.file.split()), title=_quote_string(f"proposed from {proposal.file}"))
    return "\n".join([head, *(_render_sheet(sheet) for sheet in _drop_duplicate_sheets(proposal.sheets))])


def _drop_duplicate_sheets(sheets: list[SheetProposal]) -> list[SheetProposal]:
    """Sheets with the same headers are read by one entry."""
    found = {(sheet.table, tuple(column.header for column in sheet.columns)): sheet for sheet in sheets[::-1]}
    return [sheet for sheet in sheets if sheet in found.values()]


def _render_sheet(sheet: SheetProposal) -> str:
    mapped = [column for column in sheet.columns if column.field]
    left_out = [column.header for column in sheet.columns if column.how in (IGNORED, NONE)]
    lines = ["[[files]]", f"name = {_quote_string(sheet.name)}", f"table = {_quote_string(sheet.table)}"]
    lines += ["headers = [", *(f"    {_quote_string(column.header)}," for column in mapped), "]"]
    lines += [f"# {problem['en']} {problem['zh']}" for problem in sheet.problems]
    if left_out:
        lines += ["# Columns left out; name a field below to load one. 未导入的列：", "ignore = ["]
        lines += [*(f"    {_quote_string(header)}," for header in left_out), "]"]
    lines += ["", "[files.fields]", *(_render_field(column, sheet.table) for column in mapped)]
    for column in mapped:
        if column.unknown_codes:
            lines += ["", f"[files.codes.{_format_key(column, sheet.table)}]"]
            lines += [
                f'# {_quote_string(code)} = "…"  # not in the code list 不在代码表内' for code in column.unknown_codes
            ]
    return "\n".join(lines) + "\n"


def _render_field(column: ColumnProposal, table: str) -> str:
    source = _quote_string(column.header)
    if column.unit:
        source = f"{{ column = {source}, unit = {_quote_string(column.unit)} }}"
    sure = f"guess 猜测 {column.score}" if column.how == GUESS else column.how
    return f"{_format_key(column, table)} = {source}  # {sure}"


def _format_key(column: ColumnProposal, table: str) -> str:
    return column.field or "" if column.table == table else f'"{column.name}"'


def _quote_string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
