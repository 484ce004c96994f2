"""Propose a mapping for a file of any system, and show its first rows as they would load."""

import argparse
from pathlib import Path
from typing import Any

from data.command_line import output
from data.errors import InputError
from data.ingest.profiles import documentation, profiles
from data.ingest.proposals import profile_writing, suggestions
from data.ingest.proposals.suggestions import ColumnProposal, MappingProposal, Preview
from data.messages.catalogue import bilingual
from data.storage import private_files

ABOUT = "propose a mapping for a file, and show its first rows as they would load"


def add_arguments(command: argparse.ArgumentParser) -> None:
    what = command.add_mutually_exclusive_group(required=True)
    what.add_argument("file", type=Path, nargs="?", metavar="FILE")
    what.add_argument("--keys", action="store_true", help="print what a profile may contain, with examples")
    command.add_argument("--out", type=Path, metavar="MAPPING.toml", help="write the mapping there, to edit and to use")
    command.add_argument("--rows", type=int, default=5, metavar="N", help="rows to show as they would load")
    command.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    if arguments.keys:
        print(documentation.render_markdown())
        return 0
    proposal = suggestions.propose_mapping(arguments.file)
    written = profile_writing.render_toml(proposal)
    shown = _preview_rows(arguments.file, written, arguments.rows) if proposal.is_complete else []
    if arguments.out:
        _write_mapping(arguments.out, written)
    output.print_result(
        _build_json(proposal, shown, written),
        _format_text(proposal, shown, written, arguments.out),
        as_json=arguments.json,
    )
    return 0


def _preview_rows(file: Path, written: str, rows: int) -> list[Preview]:
    return suggestions.preview_rows(file, profiles.parse("proposed", written), rows)


def _write_mapping(path: Path, written: str) -> None:
    if path.suffix.lower() != ".toml":
        raise InputError(bilingual("commands.mapping_not_toml", path=path))
    if path.exists():
        raise InputError(bilingual("commands.mapping_exists", path=path))
    private_files.write_output(path, written.encode())


def _build_json(proposal: MappingProposal, shown: list[Preview], written: str) -> dict[str, Any]:
    return {
        "file": proposal.file,
        "complete": proposal.is_complete,
        "sheets": [
            {
                "name": sheet.name,
                "encoding": sheet.encoding,
                "table": sheet.table,
                "header_row": sheet.header_row,
                "as_of": sheet.title_date,
                "problems": sheet.problems,
                "columns": [vars(column) for column in sheet.columns],
            }
            for sheet in proposal.sheets
        ],
        "rows": suggestions.list_first_rows(shown),
        "mapping": written,
    }


def _format_text(proposal: MappingProposal, shown: list[Preview], written: str, out: Path | None) -> str:
    lines: list[str] = []
    for sheet in proposal.sheets:
        lines.append(
            f"{sheet.name} ({sheet.encoding}): table 表 {sheet.table}, header in row 表头行 {sheet.header_row}"
        )
        lines += [_format_column(column) for column in sheet.columns]
        lines += [f"! {problem['en']} {problem['zh']}" for problem in sheet.problems]
    lines += ["", "First rows as they would load 前几行导入结果:"] if shown else []
    for row in suggestions.list_first_rows(shown):
        filled = "; ".join(f"{name}={value}" for name, value in row.items() if name not in ("row", "problems"))
        lines.append(f"row 行 {row['row']}: {filled}")
        lines += [f"  ! {problem['en']} {problem['zh']}" for problem in row["problems"]]
    return "\n".join([*lines, "", f"Written to 已写入 {out}" if out else written])


def _format_column(column: ColumnProposal) -> str:
    sure = f"guess 猜测 {column.score}" if column.how == suggestions.GUESS else column.how
    line = f"  {column.header} -> {column.name or '-'} [{sure}]  {', '.join(map(repr, column.samples[:3]))}"
    return "\n".join([line, *(f"    ! {problem['en']} {problem['zh']}" for problem in column.problems)])
