"""A proposed mapping as a TOML file to edit: each line says how sure it is."""

import json

from data.ingest.mapping.suggestions import GUESS, IGNORED, NONE, Column, Proposal, SheetProposal

HEAD = """# Proposed from {file}. Look at the lines marked guess, correct them, and load with
# 由 {file} 推测而来：请核对标有 guess（猜测）的行，改好后导入：
#   python -m data import {file} --as-of DATE --profile THIS_FILE.toml
title = {title}
"""


def text(proposal: Proposal) -> str:
    """The mapping file; usable at once where the proposal is complete."""
    head = HEAD.format(file=" ".join(proposal.file.split()), title=_quoted(f"proposed from {proposal.file}"))
    return "\n".join([head, *(_sheet(sheet) for sheet in _distinct(proposal.sheets))])


def _distinct(sheets: list[SheetProposal]) -> list[SheetProposal]:
    """Sheets with the same headers are read by one entry."""
    found = {(sheet.table, tuple(column.header for column in sheet.columns)): sheet for sheet in sheets[::-1]}
    return [sheet for sheet in sheets if sheet in found.values()]


def _sheet(sheet: SheetProposal) -> str:
    mapped = [column for column in sheet.columns if column.field]
    left_out = [column.header for column in sheet.columns if column.how in (IGNORED, NONE)]
    lines = ["[[files]]", f"name = {_quoted(sheet.name)}", f"table = {_quoted(sheet.table)}"]
    lines += ["headers = [", *(f"    {_quoted(column.header)}," for column in mapped), "]"]
    lines += [f"# {problem['en']} {problem['zh']}" for problem in sheet.problems]
    if left_out:
        lines += ["# Columns left out; name a field below to load one. 未导入的列：", "ignore = ["]
        lines += [*(f"    {_quoted(header)}," for header in left_out), "]"]
    lines += ["", "[files.fields]", *(_field(column, sheet.table) for column in mapped)]
    for column in mapped:
        if column.unknown_codes:
            lines += ["", f"[files.codes.{_key(column, sheet.table)}]"]
            lines += [f'# {_quoted(code)} = "…"  # not in the code list 不在代码表内' for code in column.unknown_codes]
    return "\n".join(lines) + "\n"


def _field(column: Column, table: str) -> str:
    source = _quoted(column.header)
    if column.unit:
        source = f"{{ column = {source}, unit = {_quoted(column.unit)} }}"
    sure = f"guess 猜测 {column.score}" if column.how == GUESS else column.how
    return f"{_key(column, table)} = {source}  # {sure}"


def _key(column: Column, table: str) -> str:
    return column.field or "" if column.table == table else f'"{column.name}"'


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
