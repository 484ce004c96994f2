"""Profiles for the shapes of real files: a folder each with the profile, the files, and the rows that must come out.

expected.csv has a row a loan, its columns named table.field; the columns notes and quarantine list the notes that the
report must have and the reasons for rows kept back.
"""

import csv
from pathlib import Path
from typing import Any

import pytest

from data import dictionary
from data.messages.catalogue import load_catalogue
from tests.data.ingest.parsed_import import ImportParser, ParsedImport

CASES = Path(__file__).parent / "cases"


def _read_rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "expected.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


KEYS = {"loans": "loan_id", "snapshots": "loan_id", "guarantees": "loan_id", "borrowers": "borrower_id"}


def _list_loaded_rows(found: ParsedImport, names: list[str]) -> list[dict[str, Any]]:
    """A row a loan, with the fields of its other tables beside it."""
    rows = []
    for loan in found.stage.tables["loans"].iter_rows(named=True):
        held = {
            table: next((row for row in frame.iter_rows(named=True) if row[KEYS[table]] == loan[KEYS[table]]), {})
            for table, frame in found.stage.tables.items()
        }
        values = {name: held.get(name.split(".")[0], {}).get(name.split(".")[1]) for name in names}
        rows.append({name: "" if value is None else str(value) for name, value in values.items()})
    return rows


@pytest.mark.parametrize("folder", sorted(CASES.iterdir()), ids=lambda folder: folder.name)
def test_a_profile_reads_its_files(folder: Path, tmp_path: Path) -> None:
    expected = _read_rows(folder)
    names = [name for name in expected[0] if name not in ("notes", "quarantine")]
    assert all(name.split(".")[1] in dictionary.fields_of_table(name.split(".")[0]) for name in names)
    files = sorted(path for path in folder.iterdir() if path.suffix == ".csv" and path.name != "expected.csv")
    found = ImportParser(tmp_path).parse_files(*files, profile=str(folder / "profile.toml"))
    assert _list_loaded_rows(found, names) == [{name: row[name] for name in names} for row in expected]
    for message in filter(None, (row["notes"] for row in expected)):
        assert message in found.note_ids
    reasons = [reason for _, reason in found.quarantined_rows]
    wanted = [row["quarantine"] for row in expected if row["quarantine"]]
    tails = [load_catalogue()[key]["en"].rpartition("}")[2] for key in wanted]
    assert len(reasons) == len(wanted)
    assert all(any(reason.endswith(tail) for reason in reasons) for tail in tails)
