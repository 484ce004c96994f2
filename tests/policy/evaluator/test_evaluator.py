"""The independent evaluator against values worked out by hand, so that it is not merely in step with the engine."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from tests.policy import policy_builder
from tests.policy.evaluator import semantics, syntax, unary_tests
from tests.policy.evaluator.judge import Judgement, PolicyTables, SubjectRules


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2023, 1, 31), 1, date(2023, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 3, 31), -1, date(2024, 2, 29)),
        (date(2024, 12, 31), 2, date(2025, 2, 28)),
        (date(2024, 1, 15), -13, date(2022, 12, 15)),
    ],
)
def test_months_are_clipped_at_the_month_end(day: date, months: int, later: date) -> None:
    assert semantics.add_months(day, months) == later


def test_terms_are_whole_months_or_days_rounded_down() -> None:
    assert semantics.add_term(date(2022, 6, 10), date(2025, 6, 10), Decimal("0.5")) == date(2026, 12, 10)
    assert semantics.add_term(date(2024, 1, 1), date(2024, 1, 12), Decimal("0.5")) == date(2024, 1, 17)
    assert semantics.add_term(date(2024, 1, 15), date(2024, 4, 15), Decimal("0.5")) == date(2024, 5, 30)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Decimal("100.50"), "100.5"),
        (Decimal("100.00"), "100"),
        (Decimal("0.00"), "0"),
        (Decimal("-0.10"), "-0.1"),
        (Fraction(2, 3), "0.666667"),
        (Fraction(1, 2_000_000), "0.000001"),
        (Fraction(-1, 3), "-0.333333"),
        (Fraction(7, 10), "0.7"),
        (True, "true"),
        (date(2024, 2, 29), "2024-02-29"),
        (None, None),
        (100, "100"),
    ],
)
def test_values_as_shown(value: object, shown: str | None) -> None:
    assert semantics.format_value(value) == shown


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a or b and not c", ("or", ("field", "a"), ("and", ("field", "b"), ("not", ("field", "c"))))),
        ("a < b = c", ("compare", "=", ("compare", "<", ("field", "a"), ("field", "b")), ("field", "c"))),
        ("a not in ('x')", ("not", ("in", ("field", "a"), ("literal", "x")))),
        ("-a * 2 + 1", ("+", ("*", ("negative", ("field", "a")), ("literal", Decimal(2))), ("literal", Decimal(1)))),
        ("t.c is not null", ("not", ("is_null", ("limit", "t", "c")))),
    ],
)
def test_what_binds_tighter(text: str, node: object) -> None:
    assert syntax.parse(text) == node


@pytest.mark.parametrize(
    ("cell", "kind", "accepted", "refused"),
    [
        ("(12..60]", "number", ["12.01", "60"], ["12", "60.01"]),
        ("]12..60[", "number", ["13"], ["12", "60"]),
        ("not(<= 0, > 5)", "number", ["0.01", "5"], ["0", "6"]),
    ],
)
def test_unary_tests(cell: str, kind: str, accepted: list[str], refused: list[str]) -> None:
    test = unary_tests.parse_cell(cell, kind)
    assert all(test(Decimal(text)) is True for text in accepted)
    assert all(test(Decimal(text)) is False for text in refused)
    assert test(None) is None


def test_a_verdict_by_hand() -> None:
    rows = [{"guarantee_type": "mortgage", "most": "0.7"}]
    declared = [("guarantee_type", "key", "code", ""), ("most", "limit", "rate", "ratio")]
    rule = {"scope": "balance > 0", "measure": "balance / principal", "limit": "caps.most"}
    subject = SubjectRules(
        PolicyTables(policy_builder.policy_texts([rule], {"caps": ("unique", declared, rows)})), "loan"
    )

    def said(**facts: object) -> Judgement:
        known = {
            "as_of": date(2024, 1, 1),
            "balance": Decimal(70),
            "principal": Decimal(100),
            "guarantee_type": "mortgage",
        }
        return subject.judge("R", known | facts, {})

    assert said() == Judgement("pass", None, None, "0.7", "0.7")
    assert said(balance=Decimal("70.01")) == Judgement("violation", None, None, "0.7001", "0.7")
    assert said(balance=Decimal(0)).verdict == "not_applicable"
    assert said(balance=None)[:3] == ("not_assessable", "missing_field", "balance")
    assert said(principal=Decimal(0))[:2] == ("not_assessable", "zero_divisor")
    assert said(guarantee_type="credit")[:2] == ("not_assessable", "no_limit_row")
    assert said(guarantee_type=None)[:3] == ("not_assessable", "missing_field", "guarantee_type")
    assert said(as_of=date(1999, 12, 31))[:2] == ("not_assessable", "no_rule_in_force")
