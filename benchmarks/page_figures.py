"""Prints every figure of every page of the checkout in the current folder, as JSON: page → numbers in their order.

Run by benchmarks.same_figures in each of two checkouts, so it uses nothing of the project but its pages.
"""

import json
import re
import sys
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
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
# What names a version of the policy or a run, in the words of either build.
VERSION = re.compile(r"\b(?=[0-9a-f]*[a-f])[0-9a-f]{8,64}\b|\d{8}-[0-9a-f]{8}\S*|· policy version [^·]*")
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
PRECISION = 6
TEXTS = ("markdown", "caption", "subheader", "header", "title", "info", "warning", "success", "error")


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
    found = NUMBER.findall(VERSION.sub("", str(value)))
    return [str(round(float(number.replace(",", "")), PRECISION)) for number in found]


def figures_of_table(content: bytes) -> list[str]:
    """Every number of a table that is sent to the browser as Arrow."""
    table = pa.ipc.open_stream(content).read_all()
    return [number for column in table.columns for number in numbers_of(column.to_pylist())]


def figures_of_chart(proto: Any) -> list[str]:
    """The distinct numbers of the rows of a chart, wherever they are carried; dates are left out.

    A build may send the rows inside the specification or beside them as Arrow, with dates as texts or as times.
    """
    contents = [proto.data.data] if proto.HasField("data") else []
    contents += [dataset.data.data for dataset in proto.datasets]
    rows = [pa.ipc.open_stream(content).read_all().to_pylist() for content in contents if content]
    values = [
        value
        for row in (*chain.from_iterable(rows), *_rows_of(json.loads(proto.spec or "{}")))
        for value in row.values()
    ]
    numbers = [value for value in values if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)]
    return sorted({number for value in numbers for number in numbers_of(value)})


def _rows_of(spec: Any) -> list[dict[str, Any]]:
    """Rows within a chart's specification: under `values`, or in its named `datasets`."""
    if isinstance(spec, list):
        return [row for part in spec for row in _rows_of(part)]
    if not isinstance(spec, dict):
        return []
    lists = [spec.get("values"), *(spec["datasets"].values() if isinstance(spec.get("datasets"), dict) else ())]
    own = [row for rows in lists if isinstance(rows, list) for row in rows if isinstance(row, dict)]
    return own + [row for key, part in spec.items() if key not in ("values", "datasets") for row in _rows_of(part)]


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
        proto, kind = element.proto, element.type
        if kind == "metric":
            found += numbers_of([proto.body, proto.delta])
        elif kind == "dataframe":
            found += figures_of_table(proto.arrow_data.data)
        elif kind == "vega_lite_chart":
            found += figures_of_chart(proto)
        elif kind in TEXTS:
            found += numbers_of(proto.body)
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps({f"{name} {choices or ''}": figures_of_page(name, choices) for name, choices in PAGES}))
