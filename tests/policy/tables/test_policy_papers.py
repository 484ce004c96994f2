"""Lists of papers and contents in the policy tables: their codes are known, and what lacks is named."""

from typing import Any

import duckdb
import pytest

from data import dictionary
from data.language import functions
from tests.shipped_policy import POLICY

# Limit table -> (code list of its items, columns that hold lists).
LIST_TABLES = {
    "archive_papers": ("doc_type", None),
    "purpose_papers": ("doc_type", None),
    "provider_documents": ("doc_type", None),
    "document_contents": ("content", None),
    "inspection_contents": ("inspection_item", None),
    "receipt_times": ("notice_party", ("alone", "secured")),
}


@pytest.mark.parametrize("table", LIST_TABLES)
def test_every_item_of_a_list_is_a_code(table: str) -> None:
    code_list, only = LIST_TABLES[table]
    limits = POLICY.limit_tables[table]
    columns = only or [column.name for column in limits.columns if column.role == "limit"]
    cells = {row.cells[column] for row in limits.rows for column in columns}
    items = {item for cell in cells - {"none"} for wish in cell.split(", ") for item in wish.split("/")}
    assert items <= set(dictionary.codes_of_list(code_list))
    assert "" not in cells


def test_every_list_that_a_rule_asks_for_is_checked_here() -> None:
    asked = {
        part.split(".")[0].split()[-1]
        for rule in POLICY.versions
        for part in rule.measure.split("lacking(")[1:]
        for part in [part.split(")")[0]]
    }
    assert asked == set(LIST_TABLES)


@pytest.mark.parametrize(
    ("held", "wanted", "lacks"),
    [
        (["a", "b"], "a, b", ""),
        (["b"], "a, b, c", "a, c"),
        (["c"], "a, b/c", "a"),
        (["x"], "b/c", "b/c"),
        ([], "a", "a"),
        ([None], "a", "a"),
        ([None, "a"], "a", ""),
        (None, "a", None),
        (["a"], None, None),
        (["ab"], "a", "a"),
        (["a"], "", ""),
    ],
)
def test_lacking(held: Any, wanted: str | None, lacks: str | None) -> None:
    tree = functions.apply_function("lacking", [functions.column_reference("l"), functions.column_reference("w")])
    con = duckdb.connect()
    con.execute("CREATE TABLE given (l VARCHAR[], w VARCHAR)")
    con.execute("INSERT INTO given VALUES (?, ?)", [held, wanted])
    assert con.execute(f"SELECT {functions.render(tree)} FROM given").fetchall() == [(lacks,)]


def test_every_clause_of_article_five_has_a_rule() -> None:
    cited = {clause for rule in POLICY.versions for clause in rule.clauses}
    own = ("S5.", "GP1996.", "CIVIL.", "CLASS2023.", "OVERCAP2013", "M2010.", "M2024.", "COLL2017")
    assert [clause for clause in POLICY.clauses if clause.startswith(own) and clause not in cited] == []


def test_what_only_a_person_can_judge_is_judged_by_attestation() -> None:
    for clause in (c for c in POLICY.clauses.values() if c.mechanical == "C" and c.clause_id.startswith("S5.")):
        rules = [rule for rule in POLICY.versions if clause.clause_id in rule.clauses]
        assert any(f"has(attested_kept, '{clause.clause_id}')" in rule.measure for rule in rules), clause.clause_id
