"""The expression language is closed: what is not in it never reaches the engine."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import dictionary
from data.language.expressions import ExpressionError, NameResolver, TypedExpression, typed_fact
from data.language.functions import render
from data.language.type_checking import compile_measure, compile_text
from tests.cases import Row, params_of_file

COLUMNS = {name: typed_fact(field) for name, field in dictionary.facts_of_subject("loan").items()}
NAMES = NameResolver(COLUMNS, lambda _table, _column: None, ["ratios"])

CASES = Path(__file__).parent / "cases"
OVERSIZED = [
    "(" * 900 + "1" + ")" * 900,
    "not " * 400 + "true",
    "balance" + " + balance" * 400 + " > 0",
    "balance > 0" + " " * 3000,
]


@pytest.mark.parametrize("case", params_of_file(CASES / "refused_expressions.csv"))
def test_what_is_not_in_the_language_is_refused(case: Row) -> None:
    with pytest.raises(ExpressionError):
        compile_text(case["expression"], NAMES)


@pytest.mark.parametrize("text", OVERSIZED)
def test_an_oversized_expression_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        compile_text(text, NAMES)


@pytest.mark.parametrize("case", params_of_file(CASES / "expression_errors.csv"))
def test_errors_say_what_is_wrong_and_what_is_near(case: Row) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_text(case["expression"], NAMES)
    assert case["message"] in str(refused.value)


def test_units_of_a_division_must_agree() -> None:
    assert compile_measure("balance / principal", NAMES).unit == "ratio"
    with pytest.raises(ExpressionError, match="divides yuan by months"):
        compile_measure("balance / original_term_months", NAMES)


def test_text_of_a_user_comes_out_quoted() -> None:
    typed = compile_text("purpose = 'it''s; drop table loans --'", NAMES)
    assert render(typed.sql) == "(\"purpose\") = ('it''s; drop table loans --')"
    assert isinstance(typed, TypedExpression) and typed.inputs == ("purpose",)


PIECES = [
    "balance",
    "principal",
    "(",
    ")",
    "and",
    "or",
    "not",
    ">",
    "<=",
    "=",
    "'x'",
    "1",
    "0.5",
    "select",
    "from",
    "read_csv",
    ",",
    "in",
    "is",
    "null",
    ";",
    "--",
    "/*",
    "*/",
    "::",
    "cast",
    "add_months",
    "disbursed_on",
    "DATE '2024-01-01'",
    "*",
    "/",
    "x",
    "$1",
    "@",
]


@given(st.lists(st.sampled_from(PIECES), max_size=14).map(" ".join))
def test_whatever_is_written_is_refused_or_safe(text: str) -> None:
    """No crash; and what is accepted holds no statement, no file function and no foreign name."""
    try:
        sql = render(compile_text(text, NAMES).sql)
    except ExpressionError:
        return
    assert not any(word in sql.lower() for word in ("select", "read_csv", ";", "--", "/*", "$", "@"))
