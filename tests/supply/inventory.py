"""The bill of materials (CycloneDX) and the licences of what Loanlight runs on, read from what is installed."""

import csv
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.supply import lock_files

DOCS = lock_files.ROOT / "docs"
SBOM, LICENCES = DOCS / "sbom.cdx.json", DOCS / "licences.csv"
STATED = Path(__file__).with_name("stated_licences.csv")
"""Licences of packages whose metadata name none, as their own licence files have them."""
SPDX_OF_CLASSIFIERS = {
    "License :: OSI Approved :: BSD License": "BSD-3-Clause",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
KEPT = ("bom-ref", "name", "version", "purl", "type", "licenses")


def build_sbom() -> str:
    """The packages of requirements.lock that are installed, as CycloneDX JSON; the same text every time."""
    command = ["-m", "cyclonedx_py", "environment", "--output-reproducible", "--of", "JSON", sys.executable]
    made = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    listed = json.loads(made.stdout)
    wanted = lock_files.read_lock("requirements")
    components = [
        _keep_facts(each) for each in listed["components"] if lock_files.normalize_name(each["name"]) in wanted
    ]
    components.sort(key=lambda each: lock_files.normalize_name(each["name"]))
    bill = {name: listed[name] for name in ("$schema", "bomFormat", "specVersion", "version")}
    return json.dumps(bill | {"components": components}, indent=1, ensure_ascii=False) + "\n"


def _keep_facts(component: dict[str, Any]) -> dict[str, Any]:
    return {name: component[name] for name in KEPT if name in component} | {"licenses": _name_licences(component)}


def _name_licences(component: dict[str, Any]) -> list[dict[str, Any]]:
    stated = read_stated_licences().get(lock_files.normalize_name(component["name"]))
    return [{"expression": stated or find_licence(component)}]


def find_licence(component: dict[str, Any]) -> str:
    """The SPDX expression of a component's licence; '' where its metadata name none."""
    named = [_spdx(entry) for entry in component.get("licenses", [])]
    return next((name for name in named if name), "")


def _spdx(entry: dict[str, Any]) -> str:
    licence = entry.get("license", {})
    name = entry.get("expression") or licence.get("id") or licence.get("name") or ""
    return SPDX_OF_CLASSIFIERS.get(name, name)


def read_stated_licences() -> dict[str, str]:
    with STATED.open(encoding="utf-8", newline="") as file:
        return {row["package"]: row["licence"] for row in csv.DictReader(file)}


def format_licences(bill: str) -> str:
    """The packages with their versions and licences as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["package", "version", "licence"])
    for each in json.loads(bill)["components"]:
        writer.writerow([each["name"], each["version"], each["licenses"][0]["expression"]])
    return out.getvalue()


def write_inventory() -> None:
    bill = build_sbom()
    SBOM.write_text(bill, encoding="utf-8")
    LICENCES.write_text(format_licences(bill), encoding="utf-8")
