"""Cells as exported files write them, each form with what it means."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data import dictionary
from data.ingest.parsing import cell_parsing, file_vocabulary
from data.ingest.parsing.cell_parsing import ParseOptions
from tests.cases import Row, params_of_file

BAD, UNKNOWN = "bad", "unknown"
CELLS = Path(__file__).parent / "cases" / "cells.csv"


def parse_value(table: str, field: str, cell: str, **reading: Any) -> Any:
    """The value of one cell, or BAD."""
    parsed = cell_parsing.parse_cells(
        pl.Series([cell, None], dtype=pl.String), dictionary.fields_of_table(table)[field], ParseOptions(**reading)
    )
    assert parsed.values.to_list()[1] is None
    assert parsed.bad.to_list()[1] is False
    return BAD if parsed.bad[0] else parsed.values[0]


def write_value(value: object) -> str:
    """A parsed value as the column `value` of the cases writes it: numbers without trailing zeros."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


@pytest.mark.parametrize("case", params_of_file(CELLS))
def test_every_form_of_a_cell(case: Row) -> None:
    """Dates, amounts in yuan, rates in percent a year, codes, sectors of GB/T 4754, numbers, texts and times."""
    assert write_value(parse_value(*case["field"].split("."), case["cell"])) == case["value"]


@pytest.mark.parametrize("case", params_of_file(CELLS, field="loans.industry_code"))
def test_every_sector_but_a_word_of_the_bank_is_of_the_standard(case: Row) -> None:
    assert dictionary.has_code("industry", case["value"]) == (case["value"] not in (UNKNOWN, "其他行业"))


@pytest.mark.parametrize("cell", ["20240230", "2024-13-01", "2024年2月30日"])
def test_a_date_that_is_no_day_of_the_calendar_is_empty_and_noted(cell: str) -> None:
    parsed = cell_parsing.parse_cells(
        pl.Series(["2024-01-31", cell]), dictionary.fields_of_table("loans")["disbursed_on"], ParseOptions()
    )
    assert parsed.values.to_list() == [date(2024, 1, 31), None]
    assert not parsed.bad.any()
    assert parsed.notes == (("note_impossible_date", 1, cell, 1),)


@pytest.mark.parametrize("cell", ["99991231", "2999-12-31", "2099/12/31", "00010101", "19000101"])
def test_placeholder_dates_are_empty_and_noted(cell: str) -> None:
    parsed = cell_parsing.parse_cells(
        pl.Series([cell]), dictionary.fields_of_table("loans")["current_maturity"], ParseOptions()
    )
    assert parsed.values.to_list() == [None]
    assert not parsed.bad.any()
    assert parsed.notes == (("note_sentinel", 1, cell, 0),)


def test_day_numbers_of_a_text_file_only_where_they_can_be_nothing_else() -> None:
    target = dictionary.fields_of_table("loans")["disbursed_on"]
    parsed = cell_parsing.parse_cells(pl.Series(["45322", "", "2024-02-01", "x"]), target, ParseOptions())
    assert parsed.values.to_list() == [date(2024, 1, 31), None, date(2024, 2, 1), None]
    assert parsed.bad.to_list() == [False, False, False, True]
    assert parsed.notes == (("note_serial_dates", 1, "45322", 0),)
    doubtful = cell_parsing.parse_cells(pl.Series(["40131", "31231"]), target, ParseOptions())
    assert doubtful.bad.all()


def test_day_numbers_of_a_workbook() -> None:
    day_zero = date(1899, 12, 30)
    assert parse_value("loans", "disbursed_on", "45322", date_serials=day_zero) == date(2024, 1, 31)
    assert parse_value("loans", "disbursed_on", "43860", date_serials=date(1904, 1, 1)) == date(2024, 1, 31)
    assert parse_value("loans", "disbursed_on", "20240131", date_serials=day_zero) == date(2024, 1, 31)


def test_a_profile_s_format_is_the_only_one_read() -> None:
    assert parse_value("loans", "disbursed_on", "930705", format="%y%m%d") == date(1993, 7, 5)
    assert parse_value("loans", "disbursed_on", "05/31/2023 12:00:00 AM", format="%m/%d/%Y %I:%M:%S %p") == date(
        2023, 5, 31
    )
    assert parse_value("loans", "disbursed_on", "2023-05-31", format="%m/%d/%Y") == BAD


def test_more_than_two_decimals_are_rounded_half_up_and_noted() -> None:
    parsed = cell_parsing.parse_cells(
        pl.Series(["1.005", "2.50"]), dictionary.fields_of_table("loans")["balance"], ParseOptions()
    )
    assert parsed.values.to_list() == [Decimal("1.01"), Decimal("2.50")]
    assert parsed.notes == (("note_rounded", 1, "1.005", 0),)


@pytest.mark.parametrize(
    ("cell", "amount"), [("1.5", "15000"), ("1,000", "10000000"), ("50元", "50"), ("2万元", "20000")]
)
def test_a_cell_s_own_unit_beats_the_column_s(cell: str, amount: str) -> None:
    assert parse_value("loans", "balance", cell, factor=Decimal(10000)) == Decimal(amount)


def test_no_header_word_means_two_fields_of_one_table() -> None:
    for table in dictionary.load_tables():
        meanings: dict[str, set[str]] = {}
        for field in dictionary.fields_of_table(table).values():
            for text in (field.name, field.zh, field.en, *field.aliases):
                meanings.setdefault(file_vocabulary.normalise_text(text), set()).add(field.name)
        assert {word: names for word, names in meanings.items() if len(names) > 1} == {}
