"""The rooms and their order, the size of modules and functions, and the few shapes that keep the project plain."""

import ast
import csv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "data": {"policy", "pages", "dashboard", "streamlit", "altair"},
    "policy": {"pages", "dashboard", "streamlit", "altair"},
    "pages": {"dashboard", "duckdb", "altair", "pandas"},
}
# A room imports only from rooms above it in this list; rooms of one line do not import each other.
LAYERS = (
    ("data.messages",),
    ("data",),
    ("data.language", "data.reference"),
    ("data.storage",),
    ("data.ingest.questions",),
    ("data.ingest.parsing",),
    ("data.ingest.formats",),
    ("data.ingest.files",),
    ("data.ingest.mapping",),
    ("data.ingest.conversion",),
    ("data.ingest.profiles",),
    ("data.ingest.plans",),
    ("data.ingest.proposals",),
    ("data.history",),
    ("data.facts", "data.quality"),
    ("data.ingest", "data.queries", "data.demo", "data.command_line"),
    ("data.commands",),
    ("policy.model",),
    ("policy.decision_tables",),
    ("policy.decision_tables.dmn", "policy.engine"),
    ("policy.extensions",),
    ("policy.monitoring",),
    ("policy.runs",),
    ("policy.authoring", "policy.spark", "policy.violations"),
    ("policy.checks",),
    ("policy.commands",),
    ("policy.commands.authoring", "policy.commands.history", "policy.commands.judging"),
    ("policy",),
    ("pages.ui.i18n",),
    ("pages.ui.charts", "pages.ui.format", "pages.ui.app", "pages.documents"),
    ("pages.ui.widgets",),
    (
        "pages.ui.health",
        "pages.ui.imports",
        "pages.ui.loan",
        "pages.ui.maturities",
        "pages.ui.people",
        "pages.ui.policy",
        "pages.ui.violations",
    ),
    ("pages.ui.extension",),
    ("pages", "pages.ui"),
)
RANKS = {room: rank for rank, layer in enumerate(LAYERS) for room in layer}
MAIN_RANK = len(LAYERS)  # a command line, data/__main__.py, sees all rooms of its package
MAX_MODULE_LINES, MAX_FUNCTION_LINES, MAX_MODULES_PER_ROOM = 250, 40, 15
# What is still to be put right; nothing may be added.
UPWARD_IMPORTS = {("snapshot_check", "lint")}
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc"}
SOURCES = [*sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py")), ROOT / "dashboard.py"]
MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in SOURCES}
ROOMS = sorted({path.parent for path in SOURCES} - {ROOT})


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


def _room_of(path: Path) -> str:
    return ".".join(path.parent.relative_to(ROOT).parts)


def _list_imported_modules(tree: ast.AST) -> set[str]:
    """The modules of ours that the tree imports, inside functions too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= (names & MODULES.keys()) or ({str(node.module)} & MODULES.keys())
    return found


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_imports_only_from_rooms_above_it(room: Path) -> None:
    """Imports inside functions count, so that rooms have no circle at run time either."""
    for path in room.glob("*.py"):
        rank = MAIN_RANK if path.stem == "__main__" else RANKS[_room_of(path)]
        for name in sorted(_list_imported_modules(ast.parse(path.read_text(encoding="utf-8")))):
            other = MODULES[name]
            if other.parent != room and (path.stem, other.stem) not in UPWARD_IMPORTS:
                assert RANKS[_room_of(other)] < rank, f"{path.relative_to(ROOT)} imports {name}"


@pytest.mark.parametrize("room", ROOMS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_room_is_small_and_says_what_belongs_there(room: Path) -> None:
    assert ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))), room
    assert len(list(room.glob("*.py"))) <= MAX_MODULES_PER_ROOM


def _build_module_graph() -> dict[str, set[str]]:
    """Only what is imported when the module is: a command that imports inside a function makes no circle."""
    graph = {}
    for name, path in MODULES.items():
        body = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom)]
        graph[name] = set().union(*map(_list_imported_modules, body))
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
def test_modules_and_functions_stay_small_and_say_what_they_do(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert path.stem not in FORBIDDEN_NAMES
    assert text.count("\n") <= MAX_MODULE_LINES, text.count("\n")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says what it is for"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name}: {lines} lines"


def _string_literals(path: Path) -> list[str]:
    return [
        node.value
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def test_only_one_module_knows_a_dialect() -> None:
    names = {"duckdb", "spark"}
    for path in SOURCES:
        if path != ROOT / "data/language/dialects.py":
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
