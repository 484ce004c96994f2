"""Read DMN decision tables as limit tables."""

import argparse
import csv
import io
from pathlib import Path

from data.command_line import options, output
from data.errors import InputError
from data.messages.catalogue import bilingual
from data.storage import formula_escaping, private_files
from policy.decision_tables.dmn import reading
from policy.model.csv_reader import LIMIT_ROW_COLUMNS

ABOUT = "read the decision tables of a DMN 1.3, 1.4 or 1.5 file as limit tables"
LIMIT_COLUMNS_HEADER = ("table", "column", "role", "type", "unit", "hit_policy", "zh", "en")


def add_arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, help="the DMN file")
    command.add_argument("--out", type=Path, help="folder of policy tables to write to (default: print them)")
    command.add_argument("--replace", action="store_true", help="replace tables of the same name")
    command.add_argument("--clause", help="the clause of rows whose file states none")
    command.add_argument("--evidence", help="the evidence of rows whose file states none")
    command.add_argument(
        "--effective-from", type=options.parse_date, help="the first day in force where the file states none"
    )
    options.add_json_option(command)


def run(arguments: argparse.Namespace) -> int:
    try:
        content = arguments.file.read_bytes()
    except OSError as error:
        raise InputError(
            bilingual("commands.dmn_not_readable", path=arguments.file, why=error.strerror or error)
        ) from error
    given = reading.RowDefaults(arguments.clause, arguments.evidence, arguments.effective_from)
    tables, passed_over = reading.read_tables(content, given)
    files = _build_files(tables, arguments.out, replace=arguments.replace)
    if arguments.out:
        for name, text in files.items():
            path = arguments.out / name
            path.parent.mkdir(parents=True, exist_ok=True)
            private_files.write_output(path, formula_escaping.encode_csv(text))
    _print_tables(arguments, tables, files, passed_over)
    return 0


def _print_tables(
    arguments: argparse.Namespace, tables: list[reading.DmnTable], files: dict[str, str], passed_over: list[str]
) -> None:
    if arguments.json:
        found = [{"table": t.name, "hit_policy": t.hit_policy, "rows": len(t.rows)} for t in tables]
        output.print_json({"tables": found, "passed_over": passed_over, "files": files})
        return
    for table in tables:
        print(f"{table.name}: rows {len(table.rows)}, {table.hit_policy}")
    if passed_over:
        print(f"Passed over: {', '.join(passed_over)}.")
    if arguments.out:
        print(f"Written to {arguments.out}: {', '.join(files)}. Next: python -m policy lint --tables {arguments.out}")
    else:
        for name, text in files.items():
            print(f"--- {name}\n{text}", end="")


def _build_files(tables: list[reading.DmnTable], out: Path | None, *, replace: bool) -> dict[str, str]:
    """The text of each table by its name below the folder. Raises InputError for a table that is there already."""
    files = {}
    for table in tables:
        name = f"limits/{table.name}.csv"
        if out and (out / name).exists() and not replace:
            raise InputError(bilingual("commands.table_exists", path=out / name))
        header = [LIMIT_ROW_COLUMNS[0], *(column.name for column in table.columns), *LIMIT_ROW_COLUMNS[1:]]
        files[name] = _format_csv(header, [[row[column] for column in header] for row in table.rows])
    declared = out / "limit_columns.csv" if out else None
    kept: list[list[str]] = []
    if declared and declared.exists():
        with declared.open(encoding="utf-8-sig", newline="") as file:
            kept = [row for row in list(csv.reader(file))[1:] if row and row[0] not in {t.name for t in tables}]
    rows = [[t.name, c.name, c.role, c.type, c.unit, t.hit_policy, c.zh, c.en] for t in tables for c in t.columns]
    return files | {"limit_columns.csv": _format_csv(LIMIT_COLUMNS_HEADER, [*kept, *rows])}


def _format_csv(header: object, rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])  # type: ignore[list-item]
    return text.getvalue()
