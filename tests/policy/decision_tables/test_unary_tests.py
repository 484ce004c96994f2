"""Key cells: every spelling of DMN that is ours, and a refusal that says what to write for every other."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest

from policy.decision_tables import unary_tests
from policy.decision_tables.unary_tests import UnaryTestError, parse
from policy.language import functions

COLUMN = functions.column_reference("x")
TYPES = {"number": "DECIMAL(18,2)", "date": "DATE", "boolean": "BOOLEAN", "text": "VARCHAR"}
CON = duckdb.connect(":memory:")


def _cell_accepts(cell: str, kind: str, value: object) -> bool | None:
    sql = functions.render(parse(cell, kind).sql_condition(COLUMN))
    return CON.execute(f"SELECT {sql} FROM (SELECT CAST(? AS {TYPES[kind]}) AS x)", [value]).fetchall()[0][0]


@pytest.mark.parametrize(
    ("cell", "inside", "outside"),
    [
        ("12", ["12", "12.00"], ["11.99", "12.01"]),
        ("-3.5", ["-3.5"], ["3.5"]),
        ("<= 12", ["12", "-1"], ["12.01"]),
        ("< 12", ["11.99"], ["12"]),
        (">=12", ["12"], ["11.99"]),
        ("> 12", ["12.01"], ["12"]),
        ("[12..60]", ["12", "60"], ["11.99", "60.01"]),
        ("(12..60]", ["12.01", "60"], ["12", "60.01"]),
        ("]12..60]", ["12.01", "60"], ["12"]),
        ("[12..60)", ["12", "59.99"], ["60"]),
        ("[12..60[", ["12", "59.99"], ["60"]),
        ("]12..60[", ["12.01", "59.99"], ["12", "60"]),
        ("( 12 .. 60 )", ["12.01"], ["12", "60"]),
        ("[-5..-1]", ["-5", "-1"], ["0"]),
        ("1, 3, > 8", ["1", "3", "8.01"], ["2", "8"]),
        ("< 0, [5..6)", ["-1", "5"], ["0", "6"]),
        ("not(5)", ["4.99", "5.01"], ["5"]),
        ("not([2..7))", ["1.99", "7"], ["2", "6.99"]),
        ("not(< 3, > 7)", ["3", "7"], ["2.99", "7.01"]),
        ("1, 234", ["1", "234"], ["1234"]),
    ],
)
def test_numbers(cell: str, inside: list[str], outside: list[str]) -> None:
    assert [_cell_accepts(cell, "number", value) for value in inside] == [True] * len(inside)
    assert [_cell_accepts(cell, "number", value) for value in outside] == [False] * len(outside)
    assert _cell_accepts(cell, "number", None) is None


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


@pytest.mark.parametrize(
    ("cell", "kind", "inside", "outside"),
    [
        ("mortgage, pledge", "text", ["mortgage", "pledge"], ["credit", "mortgage, pledge"]),
        ("not(mortgage, pledge)", "text", ["credit"], ["mortgage", "pledge"]),
        ('"a, b", c', "text", ["a, b", "c"], ["a", "b"]),
        ('"-"', "text", ["-"], ["x"]),
        ('"null"', "text", ["null"], ["x"]),
        ('"not(a)"', "text", ["not(a)"], ["a", "b"]),
        ('"say \\"hi\\" \\\\"', "text", ['say "hi" \\'], ["say"]),
        ("养殖业, 种植业", "text", ["养殖业"], ["业"]),
        ("true", "boolean", [True], [False]),
        ("not(true)", "boolean", [False], [True]),
        ("true, false", "boolean", [True, False], []),
    ],
)
def test_names_and_booleans(cell: str, kind: str, inside: list[object], outside: list[object]) -> None:
    assert [_cell_accepts(cell, kind, value) for value in inside] == [True] * len(inside)
    assert [_cell_accepts(cell, kind, value) for value in outside] == [False] * len(outside)
    assert _cell_accepts(cell, kind, None) is None


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("cell", ["-", "", " - "])
def test_a_dash_takes_anything_the_unknown_too(cell: str, kind: str) -> None:
    assert parse(cell, kind).accepts_all and _cell_accepts(cell, kind, None) is True


@pytest.mark.parametrize(
    ("cell", "kind", "says", "fix"),
    [
        ("12 months", "number", "'12 months' is not a number", "Write digits"),
        ("70%", "number", "'70%' is not a number", "Write 0.7 for 70%"),
        ("1,000", "number", "'1,000' reads as several numbers", "Write 1000;"),
        ("<= 1,000,000", "number", "reads as several numbers", "Write 1000000;"),
        ("1e3", "number", "is not a number", ""),
        ("1_000", "number", "is not a number", ""),
        ("０.5", "number", "is not a number", ""),
        ("nan", "number", "is not a number", ""),
        ("[60..12]", "number", "contains no value", "smaller bound first"),
        ("(5..5)", "number", "contains no value", ""),
        ("12..60", "number", "is not a range", "Write [12..60]"),
        ("= 5", "number", "'=' is not allowed in a key cell", "Write the value itself"),
        ("!= 5", "number", "'!=' is not allowed", "not(value)"),
        ("1,,2", "number", "has an empty part", ""),
        ("not()", "number", "has an empty part", ""),
        ("not(< 5, >= 5)", "number", "accepts no value at all", ""),
        ("not(5), 6", "number", "a negation inside a list", "encloses the whole cell"),
        ("5, -", "number", "must be alone", ""),
        ("null", "number", "'null' is not a value", "not_assessable"),
        ("not(null)", "text", "'null' is not a value", "`is null`"),
        ("floor(3)", "number", "calls a function", "values, comparisons, ranges"),
        ("5，6", "number", "full-width '，'", "Write ','"),
        ("（1..2]", "number", "full-width", ""),
        ("2024-02-30", "date", "is not a date", "Write 2024-07-01"),
        ("20240701", "date", "is not a date", ""),
        ("2024/07/01", "date", "is not a date", ""),
        ('date("x")', "date", "is not a date", ""),
        ("yes", "boolean", "is not a boolean", "Write true or false"),
        ('"true"', "boolean", "is not a boolean", ""),
        ("not(true, false)", "boolean", "accepts no value", ""),
        ("< mortgage", "text", "have no order", "Name the codes"),
        ("[a..b]", "text", "have no order", ""),
        ("a, a", "text", "'a' occurs twice", ""),
        ('"a', "text", "never closed", ""),
        ('a"b', "text", "", ""),
        ('"a" b', "text", "is not a quoted text", ""),
        ("a)", "text", "Unbalanced bracket", ""),
        ("not(a", "text", "Unbalanced bracket", ""),
        ("x", "list", "a list cannot be a key", "number, date, boolean, text"),
        ("x", "timestamp", "a timestamp cannot be a key", ""),
        ("a" * 30_000, "text", "longer than", "Split the row"),
    ],
)
def test_every_refusal_says_what_is_wrong_and_what_to_write(cell: str, kind: str, says: str, fix: str) -> None:
    with pytest.raises(UnaryTestError) as refused:
        parse(cell, kind)
    assert says in str(refused.value) and fix in refused.value.fix


def test_values_are_exact() -> None:
    assert parse("0.1", "number").intervals[0].low == Decimal("0.1")
    assert unary_tests.format_name("a, b") == '"a, b"' and unary_tests.format_name("plain") == "plain"
