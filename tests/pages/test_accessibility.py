"""For who cannot see it: every chart is told with its figures, every table by its columns, on every page."""

import ast
from pathlib import Path

import pytest

from pages.ui.app import page_frame

PAGES = Path(__file__).parents[2] / "pages"
SCENES = [(page, {}) for page in (*page_frame.PAGES, *page_frame.HIDDEN_PAGES) if page != "import_files"]
SCENES += [
    ("violations", {"show": "trend"}),
    ("policy_tables", {"view": "dates"}),
    ("extension_what_if", {"loan": "L1", "to": "2027-05-05", "applied": "2026-10-31"}),
    ("loan", {"loan": "L1"}),
]
DRAWING_METHODS = {
    "vega_lite_chart",
    "altair_chart",
    "line_chart",
    "bar_chart",
    "area_chart",
    "scatter_chart",
    "plotly_chart",
    "pyplot",
    "graphviz_chart",
}


@pytest.mark.parametrize(("name", "choices"), SCENES)
def test_charts_and_tables_are_told_in_words(seven_loan_book, open_page, name, choices):
    app = open_page(name, "en", quiet=False, **choices)
    assert not app.exception
    for chart in app.get("vega_lite_chart"):
        assert any(letter.isdigit() for letter in chart.proto.alt), chart.proto.spec
    for table in app.get("dataframe"):
        assert table.proto.alt.startswith("Table: ")


def _called_methods(file: Path) -> set[str]:
    calls = [node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)]
    return {called.attr for called in calls if isinstance(called, ast.Attribute)}


def test_charts_are_drawn_in_one_place():
    assert [file.name for file in PAGES.rglob("*.py") if _called_methods(file) & DRAWING_METHODS] == ["drawing.py"]
