"""The directions of imports, and the few shapes that keep the project plain."""

import ast
import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "data": {"policy", "pages", "dashboard", "streamlit", "altair"},
    "policy": {"pages", "dashboard", "streamlit", "altair"},
    "pages": {"dashboard", "duckdb"},
}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc"}
SOURCES = [*sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py")), ROOT / "dashboard.py"]


def _imported_packages(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found.add((node.module or "").split(".")[0])
    return found


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_run_one_way(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert not _imported_packages(path) & PACKAGES[package], path


def _build_module_graph() -> dict[str, set[str]]:
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in SOURCES}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        graph[name] = set()
        # Only what is imported when the module is: a command that imports inside a function makes no circle.
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                candidates = {node.module or ""} | {f"{node.module}.{alias.name}" for alias in node.names}
                graph[name] |= candidates & names.keys()
    return graph


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph, done = _build_module_graph(), set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path, name))
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, (*path, name))
            done.add(name)

    for name in graph:
        visit(name, ())


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_stay_small_and_say_what_they_do(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert path.stem not in FORBIDDEN_NAMES
    assert text.count("\n") <= 350
    if text:
        assert ast.get_docstring(ast.parse(text)), "a module says what it is for"


def _string_literals(path: Path) -> list[str]:
    return [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_only_one_module_knows_a_dialect() -> None:
    names = {"duckdb", "spark"}
    for path in SOURCES:
        if path != ROOT / "policy/language/dialects.py":
            assert not names & set(_string_literals(path)), path
            assert "sqlglot.dialects." not in path.read_text(encoding="utf-8").replace(
                "sqlglot.dialects.dialect ", ""
            ), path


def test_pages_hold_no_sql() -> None:
    for path in (ROOT / "pages").rglob("*.py"):
        assert not [text for text in _string_literals(path) if "SELECT " in text or " FROM " in text], path


def test_no_rule_clause_or_threshold_of_a_rule_stands_in_python() -> None:
    rule_ids = {
        row["rule_id"]
        for path in (ROOT / "policy/tables/rules").glob("*.csv")
        for row in csv.DictReader(path.open(encoding="utf-8"))
    }
    with (ROOT / "policy/tables/clauses.csv").open(encoding="utf-8") as file:
        rule_ids |= {row["clause_id"] for row in csv.DictReader(file)}
    for path in SOURCES:
        assert not rule_ids & set(_string_literals(path)), path
