"""Prints every figure of every page of the checkout in the current folder, as JSON: page → numbers in their order.

Run by benchmarks.same_figures in each of two checkouts, so it uses nothing of the project but its pages.
"""

import json
import re
import sys
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from streamlit.testing.v1 import AppTest

PAGES = (
    ("portfolio_health", {}),
    ("violations", {}),
    ("violations", {"show": "by"}),
    ("violations", {"show": "trend"}),
    ("violations", {"show": "unjudged"}),
    ("violations", {"show": "quality"}),
    ("upcoming_maturities", {}),
    ("upcoming_maturities", {"show": "duties"}),
    ("extension_what_if", {}),
    ("loan", {}),
    ("account_managers", {}),
    ("training", {}),
    ("training", {"show": "effect"}),
    ("early_warning", {}),
    ("connected_parties", {}),
    ("policy_tables", {}),
    ("policy_tables", {"view": "dates"}),
    ("import_files", {}),
)
HASH = re.compile(r"\b(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}\b|\d{8}-[0-9a-f]{8}\S*")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
PRECISION = 6


def numbers_of(value: Any) -> list[str]:
    """The numbers in a value of a page, as texts without separators; hashes and ids of runs are left out."""
    if isinstance(value, bool) or value is None:
        return [str(value)]
    if isinstance(value, (int, float, Decimal)):
        return [str(round(float(value), PRECISION))]
    if isinstance(value, (date, datetime)):
        return [value.isoformat()]
    if isinstance(value, (list, tuple)):
        return [number for part in value for number in numbers_of(part)]
    if isinstance(value, dict):
        return [number for part in value.values() for number in numbers_of(part)]
    return [number.replace(",", "") for number in NUMBER.findall(HASH.sub("", str(value)))]


def figures_of_table(content: bytes) -> list[str]:
    table = pa.ipc.open_stream(content).read_all()
    return [number for column in table.columns for number in numbers_of(column.to_pylist())]


def figures_of_page(name: str, choices: dict[str, str]) -> list[str]:
    """Numbers of texts, metrics, tables and charts of one page in English. Raises RuntimeError for an exception."""
    app = AppTest.from_file(str(Path("dashboard.py").resolve()), default_timeout=600)
    app.query_params["lang"] = "en"
    app.switch_page(f"pages/{name}.py")
    for choice, value in choices.items():
        app.query_params[choice] = value
    app.run()
    if app.exception:
        raise RuntimeError(f"{name}: {app.exception[0].value}")
    found: list[str] = []
    for element in app.main:
        proto = element.proto
        kind = element.type
        if kind == "metric":
            found += numbers_of([proto.body, proto.delta])
        elif kind == "arrow_data_frame":
            found += figures_of_table(proto.data)
        elif kind in ("arrow_vega_lite_chart", "vega_lite_chart"):
            found += figures_of_chart(proto)
        elif kind in ("markdown", "caption", "subheader", "header", "title", "info", "warning", "success"):
            found += numbers_of(proto.body)
    return found


def figures_of_chart(proto: Any) -> list[str]:
    tables = [*([proto.data.data] if proto.HasField("data") else []), *(data.data.data for data in proto.datasets)]
    return [number for content in tables if content for number in figures_of_table(content)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps({f"{name} {choices or ''}": figures_of_page(name, choices) for name, choices in PAGES}))
