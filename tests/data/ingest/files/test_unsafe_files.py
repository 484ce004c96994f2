"""Files that mean harm, and text that means more than it says: refused or read as values, in little memory."""

import ast
import io
import json
import resource
import struct
import subprocess
import sys
import textwrap
import zipfile
from itertools import pairwise
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter

from data.errors import InputError
from data.ingest.files import size_checks
from data.storage import formula_escaping
from tests.data.cli_import import ImportCli

ROOT = Path(__file__).parents[4]
SHEET = "xl/worksheets/sheet1.xml"
MEMORY = 2_500_000_000
"""Address space in bytes that refusing a hostile file may take; the libraries alone reserve about half of it."""


def workbook_bytes(rows: list[list], name: str = "Sheet1") -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write_string(number, column, cell)
    return file.getvalue()


GOOD = [["借据号", "贷款余额"], ["L1", "5"]]


def replace_part(content: bytes, part: str, text: bytes) -> bytes:
    """The workbook with one part replaced or added."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            if member.filename != part:
                new.writestr(member.filename, old.read(member.filename))
        new.writestr(part, text)
    return file.getvalue()


def sheet_xml(*cells: str) -> bytes:
    body = "".join(f'<row><c r="{cell}" t="inlineStr"><is><t>x</t></is></c></row>' for cell in cells)
    return f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{body}</sheetData></worksheet>'.encode()


def understate_size(content: bytes, part: str) -> bytes:
    """The archive says that the part unpacks to 10 bytes."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        member = archive.getinfo(part)
    told, true = struct.pack("<L", 10), struct.pack("<L", member.file_size)
    at = content.rindex(part.encode()) - 46 + 24
    assert content[at : at + 4] == true
    changed = bytearray(content)
    changed[at : at + 4] = told
    return bytes(changed)


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]><sst>&j;</sst>"
)


def hostile_files() -> dict[str, tuple[bytes, str]]:
    good = workbook_bytes(GOOD)
    bomb = replace_part(good, SHEET, b"<worksheet>" + b" " * 400_000_000)
    return {
        "bomb.xlsx": (bomb, "would unpack to more than 300 MB"),
        "liar.xlsx": (understate_size(bomb, SHEET), "would unpack to more than 300 MB"),
        "billion.xlsx": (replace_part(good, SHEET, sheet_xml("A1", "XFD1048576")), "more than 50,000,000 cells"),
        "corner.xlsx": (replace_part(good, SHEET, sheet_xml("ZZ1", "A999999")), "more than 50,000,000 cells"),
        "cell.xlsx": (
            replace_part(good, "xl/sharedStrings.xml", b"<sst><si><t>" + b"x" * 350_000_000),
            "more than 300 MB",
        ),
        "entities.xlsx": (replace_part(good, "docProps/core.xml", ENTITIES), "declares XML entities"),
        "strings.xlsx": (replace_part(good, "xl/sharedStrings.xml", ENTITIES), "declares XML entities"),
        "binary.xlsx": (replace_part(good, "xl/workbook.bin", b""), "in the format XLSB"),
        "open.xlsx": (replace_part(good, "content.xml", b"<x/>"), "in the format ODS"),
        "parts.xlsx": (zip_with_many_parts(), "more than a workbook has"),
        "endless.csv": ("借据号,余额\nL1,".encode() + b"1" * 20_000_000, "longer than 8 MB"),
        "giant.csv": ('借据号,用途\nL1,"'.encode() + b"x" * 100_000_000 + b'"\n', "longer than 8 MB"),
        "wide.csv": (",".join(f"c{n}" for n in range(100_000)).encode() + b"\n1\n", "100,000 columns, more than 4,096"),
    }


def zip_with_many_parts() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(10_001):
            archive.writestr(f"{number}", b"")
    return file.getvalue()


def test_hostile_files_are_refused_in_little_memory(cli: ImportCli) -> None:
    files = hostile_files()
    for name, (content, _) in files.items():
        cli.write(name, content)
    script = textwrap.dedent(f"""
        import json, resource, sys
        from pathlib import Path
        import data.ingest.pipeline
        from data.__main__ import main
        resource.setrlimit(resource.RLIMIT_AS, ({MEMORY}, {MEMORY}))
        for name in {list(files)!r}:
            status = main(["import", str(Path({str(cli.folder)!r}) / name), "--as-of", "2024-03-31",
                           "--book", {str(cli.book)!r}])
            print("@", status, name, file=sys.stderr)
    """)
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"POLARS_MAX_THREADS": "2", "PATH": "/usr/bin", "OMP_NUM_THREADS": "1"},
    )
    assert ended.returncode == 0 and "Traceback" not in ended.stderr, ended.stderr[-2000:]
    said = {part.split("@ ")[1].split(" ")[1].strip(): part for part in _split_by_file(ended.stderr)}
    for name, (_, message) in files.items():
        assert f"@ 1 {name}" in said[name] and message in said[name], said[name]
    assert not cli.book.exists()


def _split_by_file(text: str) -> list[str]:
    """What was said of each file, with its closing line."""
    blocks, lines = [], []
    for line in text.splitlines():
        lines.append(line)
        if line.startswith("@ "):
            blocks.append("\n".join(lines))
            lines = []
    return blocks


def test_a_file_too_large_to_read_is_refused_before_it_is_read(cli: ImportCli) -> None:
    path = cli.folder / "huge.csv"
    with path.open("wb") as file:
        file.truncate(5_000_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = cli.import_files(path)
    assert outcome.status == 1 and "more than 1,024 MB" in outcome.err
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize("quote", ['"', "'"])
def test_references_are_read_in_either_quotes(quote: str) -> None:
    sheet = sheet_xml("A1", "XFD1048576").replace(b'"', quote.encode())
    with pytest.raises(InputError, match="more than 50,000,000 cells"):
        size_checks.unpack_workbook("x.xlsx", replace_part(workbook_bytes(GOOD), SHEET, sheet))


def test_an_ordinary_workbook_and_file_pass() -> None:
    size_checks.unpack_workbook("x.xlsx", workbook_bytes(GOOD * 1000))
    size_checks.check_text("x.csv", b"a,b\n" * 5_000_000)


def test_formulas_macros_and_links_are_values(cli: ImportCli) -> None:
    book = openpyxl.Workbook()
    for row in [
        ["借据号", "贷款余额", "用途"],
        ["L1", 5, "=1+1"],
        ["L2", 6, '=HYPERLINK("http://x/")'],
        ["L3", 7, "[1]Sheet!A1"],
    ]:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    content = replace_part(file.getvalue(), "xl/vbaProject.bin", b"\x00macro")
    content = replace_part(content, "xl/externalLinks/externalLink1.xml", b"<externalLink/>")
    outcome = cli.import_files(cli.write("loans.xlsx", content))
    assert outcome.status == 0, outcome.err
    assert cli.query("SELECT loan_id, balance, purpose FROM loans ORDER BY 1") == [
        ("L1", 5, None),
        ("L2", 6, None),
        ("L3", 7, "[1]Sheet!A1"),
    ]


ATTACKS = [
    "x'; DROP TABLE loans; --",
    '"; DROP TABLE loans; --',
    "x') UNION SELECT * FROM read_csv('/etc/passwd') --",
    "${getvariable('as_of')}",
    "{0}",
    "%s",
    "\\",
    "💥",
    "a'b\"c",
]


def test_sql_in_names_headers_and_values_is_text(cli: ImportCli) -> None:
    content = workbook_bytes(
        [["借据号", "贷款余额", "客户号", "客户名称", "机构号"], *[[text, "5", text, text, text] for text in ATTACKS]],
        "a'; DROP TABLE x--",
    )
    name = "x'; DROP TABLE loans; --.xlsx"
    outcome = cli.import_files(cli.write(name, content))
    assert outcome.status == 0, outcome.err
    assert [row[0] for row in cli.query("SELECT loan_id FROM facts_loan ORDER BY 1")] == sorted(ATTACKS)
    assert cli.query("SELECT DISTINCT source_file FROM loans") == [(f"{name}[a'; DROP TABLE x--]",)]
    header = cli.import_text("借据号,余额,x'; DROP TABLE loans; --\nL1,1,2\n")
    assert header.status == 1 and "unknown column" in header.err
    for command in (
        ["quality"],
        ["snapshots"],
        ["quarantine"],
        ["verify"],
        ["changes", "--from", "2024-03-31", "--to", "2024-03-31"],
    ):
        assert cli.run(*command, "--book", cli.book, "--json").status == 0
    assert cli.run("quality", "--book", cli.book, "--batch", ATTACKS[0]).status == 0
    assert cli.run("changes", "--from", "x-'; DROP TABLE loans", "--to", "2024-03-31", "--book", cli.book).status == 1
    assert cli.query("SELECT count(*) FROM loans") == [(len(ATTACKS),)]


RISKY_CELLS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"]


def test_text_that_a_spreadsheet_would_run_is_inert() -> None:
    frame = pl.DataFrame({"=a": [*RISKY_CELLS, "-5", "正常", "a=b", "", None], "n": range(-1, 10)})
    safe = formula_escaping.escape_frame(frame)
    assert safe.columns == ["'=a", "n"]
    assert safe["'=a"].to_list() == [*(f"'{text}" for text in RISKY_CELLS), "'-5", "正常", "a=b", "", None]
    assert safe["n"].to_list() == list(range(-1, 10))
    assert formula_escaping.render_csv(frame).startswith("﻿".encode())


NOT_FOR_SPREADSHEETS = {
    ROOT / "data/storage/formula_escaping.py",
    ROOT / "policy/commands/authoring/lint.py",
    ROOT / "policy/commands/authoring/import_dmn.py",
    ROOT / "policy/authoring/sandbox.py",
    ROOT / "policy/model/old_names.py",
}
"""These write rows of policy tables, which must read back as they are written (`-` and `<= 12` are cells of them)."""


def test_every_csv_and_workbook_is_written_by_way_of_the_inert_text() -> None:
    """Whoever writes a CSV or XLSX takes it from data.storage.formula_escaping."""
    writers = ("write_csv", "write_excel", "csv.writer", "DictWriter", "xlsxwriter.Workbook")
    for package in ("data", "policy", "pages"):
        for path in {*(ROOT / package).rglob("*.py")} - NOT_FOR_SPREADSHEETS:
            text = path.read_text(encoding="utf-8").replace("csv_writer.write_csv", "")  # itself such a module
            assert "formula_escaping" in text or not any(word in text for word in writers), path


def test_no_value_is_put_into_sql_as_text() -> None:
    """An f-string that is SQL holds names and our own fragments; values are bound: no quotes around a placeholder."""
    found = []
    for package in ("data", "policy"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr) and _is_sql(node):
                    found += [
                        f"{path}:{node.lineno}" for part in _quoted_values(node) if part not in TRUSTED_EXPRESSIONS
                    ]
    assert found == []


TRUSTED_EXPRESSIONS = {
    "table",
    "name",
    "own.name",
    "subject",
    "TABLE",
    "start.isoformat()",
    "day.isoformat()",
    "since.isoformat()",
    "as_of.isoformat()",
}
"""Names of our own tables and columns, and dates as dates write themselves."""


def _is_sql(node: ast.JoinedStr) -> bool:
    text = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
    return any(word in text for word in ("SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WHERE "))


def _quoted_values(node: ast.JoinedStr) -> list[str]:
    """What stands between single quotes in a piece of SQL."""
    parts = node.values
    return [
        ast.unparse(part.value)
        for before, part in pairwise(parts)
        if isinstance(part, ast.FormattedValue) and isinstance(before, ast.Constant) and before.value.endswith("'")
    ]


def test_exports_of_the_command_line_are_inert(cli: ImportCli) -> None:
    cli.import_text("借据号,贷款余额,贷款金额,客户号\n=L1,200,100,=C1\n")
    for command in (["quality"], ["changes", "--from", "2024-03-31", "--to", "2024-03-31"]):
        out = cli.folder / f"{command[0]}.csv"
        assert cli.run(*command, "--out", out, "--book", cli.book).status == 0
        rows = pl.read_csv(out, infer_schema=False)
        cells = [cell for column in rows.get_columns() for cell in column.drop_nulls()]
        assert "'=L1" in cells and not any(cell.startswith(("=", "+", "@")) for cell in cells)
    assert json.loads(cli.run("quality", "--book", cli.book, "--json").out)["findings"]
