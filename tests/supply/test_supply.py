"""What is installed is what the lock files name; its bill of materials and its licences are up to date."""

import csv
import json
import re
from importlib import metadata
from pathlib import Path

import pytest

from tests.supply import inventory, lock_files

ALLOWED = Path(__file__).with_name("allowed_licences.csv")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@pytest.mark.parametrize("name", lock_files.SETS)
def test_every_requirement_is_locked_at_its_version(name: str) -> None:
    locked = lock_files.read_lock(name)
    wanted = lock_files.read_requirements(name) | lock_files.read_requirements(lock_files.SETS[0])
    assert wanted and {package: locked.get(package) for package in wanted} == wanted, "run make lock"


@pytest.mark.parametrize("name", lock_files.SETS)
def test_every_locked_package_has_hashes_and_no_address(name: str) -> None:
    entries = lock_files.list_entries(name)
    assert entries
    assert [entry.split()[0] for entry in entries if not HASH.search(entry)] == []
    assert [entry for entry in entries if "://" in entry or entry.startswith("-")] == []


@pytest.mark.parametrize("name", lock_files.SETS[1:])
def test_what_runs_is_the_same_in_every_set(name: str) -> None:
    runs, all_of_set = lock_files.read_lock("requirements"), lock_files.read_lock(name)
    assert {package: all_of_set.get(package) for package in runs} == runs


def test_what_is_installed_is_what_is_locked() -> None:
    locked = lock_files.read_lock("requirements-test")
    installed = {lock_files.normalize_name(each.metadata["Name"]): each.version for each in metadata.distributions()}
    differing = {
        name: (version, installed[name]) for name, version in locked.items() if installed.get(name, version) != version
    }
    assert differing == {}


def test_the_bill_of_materials_is_that_of_what_is_installed() -> None:
    bill = inventory.build_sbom()
    assert inventory.SBOM.read_text(encoding="utf-8") == bill, "run make sbom"
    assert inventory.LICENCES.read_text(encoding="utf-8") == inventory.format_licences(bill), "run make sbom"
    listed = {lock_files.normalize_name(each["name"]): each["version"] for each in json.loads(bill)["components"]}
    assert listed.items() <= lock_files.read_lock("requirements").items() and len(listed) > 40


def test_every_licence_is_allowed() -> None:
    with ALLOWED.open(encoding="utf-8", newline="") as file:
        allowed = {row["licence"] for row in csv.DictReader(file)}
    with inventory.LICENCES.open(encoding="utf-8", newline="") as file:
        licences = {row["package"]: row["licence"] for row in csv.DictReader(file)}
    named = {package: set(re.split(r" AND | OR ", licence.strip("()"))) for package, licence in licences.items()}
    assert {package: names - allowed for package, names in named.items() if not names <= allowed} == {}
