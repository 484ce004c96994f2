"""Key cells: every spelling of DMN that is ours, and a refusal that says what to write for every other."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from data.language import functions
from policy.decision_tables import unary_tests
from policy.decision_tables.unary_tests import UnaryTestError, parse
from tests.cases import Row, params_of_file, split_values

CASES = Path(__file__).parent / "cases"
COLUMN = functions.column_reference("x")
TYPES = {"number": "DECIMAL(18,2)", "date": "DATE", "boolean": "BOOLEAN", "text": "VARCHAR"}
CON = duckdb.connect(":memory:")


def _cell_accepts(cell: str, kind: str, value: object) -> bool | None:
    sql = functions.render(parse(cell, kind).sql_condition(COLUMN))
    return CON.execute(f"SELECT {sql} FROM (SELECT CAST(? AS {TYPES[kind]}) AS x)", [value]).fetchall()[0][0]


@pytest.mark.parametrize("case", params_of_file(CASES / "accepted_values.csv"))
def test_values_that_a_cell_accepts_and_rejects(case: Row) -> None:
    cell, kind = case["cell"], case["type"]
    for column, answer in (("accepted", True), ("rejected", False)):
        for value in split_values(case[column]):
            assert _cell_accepts(cell, kind, value) is answer, (column, value)
    assert _cell_accepts(cell, kind, None) is None


@pytest.mark.parametrize("day", ["2024-07-01", 'date("2024-07-01")', '@"2024-07-01"', 'date( "2024-07-01" )'])
def test_dates(day: str) -> None:
    for cell, answers in {
        day: (False, True, False),
        f"< {day}": (True, False, False),
        f"> {day}": (False, False, True),
        f"[{day}..2024-07-02]": (False, True, True),
        f"]{day}..2024-07-02]": (False, False, True),
        f"not({day})": (True, False, True),
    }.items():
        assert (
            tuple(
                _cell_accepts(cell, "date", value) for value in (date(2024, 6, 30), date(2024, 7, 1), date(2024, 7, 2))
            )
            == answers
        ), cell


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("cell", ["-", "", " - "])
def test_a_dash_takes_anything_the_unknown_too(cell: str, kind: str) -> None:
    assert parse(cell, kind).accepts_all and _cell_accepts(cell, kind, None) is True


@pytest.mark.parametrize("case", params_of_file(CASES / "refused_cells.csv"))
def test_every_refusal_says_what_is_wrong_and_what_to_write(case: Row) -> None:
    with pytest.raises(UnaryTestError) as refused:
        parse(case["cell"], case["type"])
    assert case["message"] in str(refused.value) and case["fix"] in refused.value.fix


def test_an_oversized_cell_is_refused() -> None:
    with pytest.raises(UnaryTestError, match="longer than") as refused:
        parse("a" * 30_000, "text")
    assert "Split the row" in refused.value.fix


def test_values_are_exact() -> None:
    assert parse("0.1", "number").intervals[0].low == Decimal("0.1")
    assert unary_tests.format_name("a, b") == '"a, b"' and unary_tests.format_name("plain") == "plain"
