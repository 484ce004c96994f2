"""Cells as exported files write them, each form with what it means."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data import dictionary
from data.ingest.parsing import cell_parsing, file_vocabulary
from data.ingest.parsing.cell_parsing import ParseOptions

BAD = "bad"


def parse_value(table: str, field: str, cell: str, **reading: Any) -> Any:
    """The value of one cell, or BAD."""
    parsed = cell_parsing.parse_cells(
        pl.Series([cell, None], dtype=pl.String), dictionary.fields_of_table(table)[field], ParseOptions(**reading)
    )
    assert parsed.values.to_list()[1] is None
    assert parsed.bad.to_list()[1] is False
    return BAD if parsed.bad[0] else parsed.values[0]


@pytest.mark.parametrize(
    "cell",
    [
        "2024-01-31",
        "2024-1-31",
        "2024/1/31",
        "2024.01.31",
        "20240131",
        "2024年1月31日",
        "2024 年 01 月 31 日",
        "2024-01-31 00:00:00",
        "2024-01-31T08:15:00.000",
        "2024/01/31 9:05",
        "'2024-01-31",
        "  2024-01-31\u3000",
        "２０２４－０１－３１",
    ],
)
def test_every_form_of_a_date(cell: str) -> None:
    assert parse_value("loans", "disbursed_on", cell) == date(2024, 1, 31)


@pytest.mark.parametrize(
    "cell",
    ["24-1-31", "01/31/2024", "31.01.2024", "2024-01", "民国113年1月31日", "农历腊月廿一", "40131", "99999", "x"],
)
def test_a_date_that_is_not_certain_is_refused(cell: str) -> None:
    assert parse_value("loans", "disbursed_on", cell) == BAD


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


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        ("/", "disbursed_on"),
        ("-", "principal"),
        ("—", "principal"),
        ("无", "status"),
        ("长期", "current_maturity"),
        ("0", "closed_date"),
        ("#REF!", "purpose"),
        ("待治理", "industry_code"),
        ("LPR+50BP", "annual_rate_pct"),
        ("null", "loan_id"),
        ("00000000", "closed_date"),
    ],
)
def test_words_for_nothing_are_empty(cell: str, field: str) -> None:
    assert parse_value("loans", field, cell) is None


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


@pytest.mark.parametrize(
    ("cell", "amount"),
    [
        ("1234567.89", "1234567.89"),
        ("1,234,567.89", "1234567.89"),
        ("￥500,000", "500000"),
        ("¥ 1", "1"),
        ("50万", "500000"),
        ("50万元", "500000"),
        ("0.5亿", "50000000"),
        ("500元", "500"),
        ("(1,000.00)", "-1000"),
        ("（1000）", "-1000"),
        ("-0.01", "-0.01"),
        ("+5", "5"),
        ("1.5E+06", "1500000"),
        ("１２３．４", "123.4"),
        ("RMB 12", "12"),
        ("0", "0"),
        ("9999999999999.99", "9999999999999.99"),
        ("1.005", "1.01"),
        ("1.225", "1.23"),
        ("-1.225", "-1.23"),
        ("1.2249999", "1.22"),
    ],
)
def test_every_form_of_an_amount(cell: str, amount: str) -> None:
    assert parse_value("loans", "balance", cell) == Decimal(amount)


@pytest.mark.parametrize(
    "cell",
    [
        "abc",
        "1,23",
        "12x",
        "--5",
        "5-",
        "1.2.3",
        "¥",
        "万",
        "10000000000000000",
        "1e400",
        "NaN",
        "inf",
        "1_000",
        "0x10",
        "=1+1",
        "9999999999999999.995",
        "10000000000000.01",
    ],
)
def test_no_amount(cell: str) -> None:
    assert parse_value("loans", "balance", cell) == BAD


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


@pytest.mark.parametrize(
    ("cell", "rate"),
    [
        ("4.35", "4.35"),
        ("4.35%", "4.35"),
        ("4.35％", "4.35"),
        ("3.625‰", "4.35"),
        (" 8.50000‰", "10.2"),
        ("0.0435", "4.35"),
        ("0.5", "0.5"),
        ("月利率3.625‰", "4.35"),
        ("月利率：0.3625%", "4.35"),
        ("日利率万分之1.5", "5.4"),
        ("年利率 4.35%", "4.35"),
        ("月利率3.625", BAD),
        ("-0.5", "-0.5"),
        ("1000", BAD),
        ("日万分之一", BAD),
    ],
)
def test_rates_are_percent_a_year(cell: str, rate: str) -> None:
    assert parse_value("loans", "annual_rate_pct", cell) == (BAD if rate == BAD else Decimal(rate))


@pytest.mark.parametrize(
    ("cell", "number"), [("3", 3), ("3.0", 3), ("３", 3), ("2次", 2), ("1.5", BAD), ("x", BAD), ("9" * 11, BAD)]
)
def test_whole_numbers(cell: str, number: object) -> None:
    assert parse_value("loans", "extension_count", cell) == number


@pytest.mark.parametrize(
    ("cell", "flag"),
    [("是", True), ("Y", True), ("1", True), ("true", True), ("否", False), ("n", False), ("0", False), ("2", BAD)],
)
def test_yes_and_no(cell: str, flag: object) -> None:
    assert parse_value("borrowers", "hist_bad_flag", cell) == flag


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("正常", "normal"),
        ("normal", "normal"),
        ("Normal", "normal"),
        ("1", "normal"),
        ("FQ01", "normal"),
        ("正常类", "normal"),
        ("1-正常", "normal"),
        ("FQ09:正常", "normal"),
        ("正常(1)", "normal"),
        ("2-正常", BAD),
        ("1-正常贷款", BAD),
        ("良好", BAD),
    ],
)
def test_codes_of_a_closed_list(cell: str, code: str) -> None:
    assert parse_value("snapshots", "classification", cell) == code


@pytest.mark.parametrize(("cell", "code"), [("流动资金贷款", "working_capital"), ("惠农e贷", "惠农e贷")])
def test_an_open_list_keeps_a_bank_s_own_codes(cell: str, code: str) -> None:
    assert parse_value("loans", "product_code", cell) == code


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("C", "C"),
        ("制造业", "C"),
        ("C-制造业", "C"),
        ("农林牧渔业", "A"),
        ("房地产业", "K"),
        ("Real estate", "K"),
        ("C13", "C13"),
        ("13", "C13"),
        ("C13 农副食品加工业", "C13"),
        ("C1310", "C1310"),
        ("c1310", "C1310"),
        ("1310", "C1310"),
        ("0111", "A0111"),
        ("Ｃ1310-谷物磨制", "C1310"),
        ("其他行业", "其他行业"),
    ],
)
def test_sectors_of_gb_t_4754_down_to_the_small_class(cell: str, code: str) -> None:
    assert parse_value("loans", "industry_code", cell) == code
    assert dictionary.has_code("industry", code) == (cell != "其他行业")


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("0215", "0215"),
        ("01260120001203330801", "01260120001203330801"),
        ("１２３", "123"),
        ("'0012", "0012"),
        ("A\u200b1", "A1"),
        ("1.26E+19", BAD),
        ("1.260120001203331E+19", BAD),
        ("1E5", "1E5"),
    ],
)
def test_ids_stay_text_and_lost_digits_are_refused(cell: str, text: str) -> None:
    assert parse_value("loans", "loan_id", cell) == text


@pytest.mark.parametrize("cell", ["张三（经营部）", "=cmd|' /C calc'!A0", "𠮷野家", "a\nb"])
def test_names_and_purposes_are_kept_as_they_are(cell: str) -> None:
    assert parse_value("loans", "purpose", f" {cell} ") == cell


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2024-01-31 10:11:12", datetime(2024, 1, 31, 10, 11, 12)),
        ("2024/1/31 9:05", datetime(2024, 1, 31, 9, 5)),
        ("20240131", datetime(2024, 1, 31)),
        ("2024-01-31 25:00", BAD),
    ],
)
def test_times(cell: str, moment: object) -> None:
    assert parse_value("events", "event_ts", cell) == moment


def test_no_header_word_means_two_fields_of_one_table() -> None:
    for table in dictionary.load_tables():
        meanings: dict[str, set[str]] = {}
        for field in dictionary.fields_of_table(table).values():
            for text in (field.name, field.zh, field.en, *field.aliases):
                meanings.setdefault(file_vocabulary.normalise_text(text), set()).add(field.name)
        assert {word: names for word, names in meanings.items() if len(names) > 1} == {}
