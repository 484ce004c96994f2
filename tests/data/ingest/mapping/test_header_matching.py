"""Headers: which table a file is, which field a column is, and what is refused."""

from datetime import date
from pathlib import Path

import pytest

from data import dictionary
from data.errors import InputError
from data.ingest.files import sheet_reading
from data.ingest.mapping import header_matching, header_vocabulary
from data.ingest.mapping.mapping import SheetMapping
from data.ingest.parsing import file_vocabulary
from data.table_files import read_rows
from tests.data.cli_import import ImportCli


def match_headers(folder: Path, *names: str) -> SheetMapping:
    path = folder / "file.csv"
    path.write_text(",".join(names) + "\n", encoding="utf-8")
    return header_matching.match_sheet(sheet_reading.read_sheets(sheet_reading.load_file(path))[0])


def fields_by_header(mapping: SheetMapping) -> dict[str, str]:
    return {feed.header: feed.name for feed in mapping.column_mappings}


@pytest.mark.parametrize("table", list(dictionary.load_tables()))
@pytest.mark.parametrize("label", ["name", "zh"])
def test_a_table_s_own_names_and_labels_are_that_table(tmp_path: Path, table: str, label: str) -> None:
    fields = dictionary.fields_of_table(table).values()
    mapping = match_headers(tmp_path, *(getattr(field, label) for field in fields))
    assert mapping.table == table
    assert [feed.field for feed in mapping.column_mappings] == [field.name for field in fields]


def test_a_flat_file_may_carry_every_companion_field_under_its_label(tmp_path: Path) -> None:
    loans = [field.zh for field in dictionary.fields_of_table("loans").values()]
    beside = {
        field.zh: f"{table}.{field.name}"
        for table in ("snapshots", "guarantees", "borrowers")
        for field in dictionary.fields_of_table(table).values()
        if file_vocabulary.normalise_text(field.zh) not in header_vocabulary.build_vocabulary("loans")
        and field.name != "snapshot_date"
    }
    mapping = match_headers(tmp_path, *loans, *dict.fromkeys(beside))
    assert mapping.table == "loans"
    found = fields_by_header(mapping)
    assert {header: found[header] for header in beside} == beside
    assert found["状态"] == "loans.status"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("贷款\u3000余额", "loans.balance"),
        ("贷款余额：", "loans.balance"),
        ("贷款余额（万元）", "loans.balance"),
        ("Loan ID", "loans.loan_id"),
        ("BALANCE", "loans.balance"),
        ("XDJJH", "loans.loan_id"),
        ("担保方式", "loans.guarantee_type"),
        ("担保种类", "guarantees.kind"),
        ("担保状态", "guarantees.status"),
        ("行业", "borrowers.industry_code"),
        ("五级分类", "snapshots.classification"),
        ("审批日期", "events.7"),
        ("filing_date", "events.7b"),
        ("investigation_report_date", "events.4r"),
        ("guarantees.status", "guarantees.status"),
        ("利率（%）", "loans.annual_rate_pct"),
    ],
)
def test_what_a_header_of_a_flat_file_means(header: str, field: str) -> None:
    owner, name = header_vocabulary.find_candidates(header, "loans")[0]
    assert f"{owner}.{name}" == field


def test_a_second_date_for_a_taken_field_may_be_a_process_step(tmp_path: Path) -> None:
    for order in (("发放日期", "放款日期"), ("放款日期", "发放日期")):
        found = fields_by_header(match_headers(tmp_path, "借据号", "余额", *order))
        assert (found["发放日期"], found["放款日期"]) == ("loans.disbursed_on", "events.9")


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["借据号", "余额", "贷款余额"], "columns 3 '贷款余额' and 2 '余额' both name balance"),
        (["借据号", "余额", "余额"], "columns 2 '余额' and 3 '余额' both name balance"),
        (["借据号", "贷款金颔"], "unknown column '贷款金颔'. Nearest known to '贷款金颔': principal (贷款金额)"),
        (["loan_id", "balanse"], "Nearest known to 'balanse': balance (balance)"),
        (["余额", "贷款金额"], "no column for loan_id (借据号) (table loans)"),
        (["借据号", "月利息"], "unknown column '月利息'"),
        (["一", "二", "三", "四", "五", "六", "七"], "'一', '二', '三', '四', '五' and 2 more"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, names: list[str], said: str) -> None:
    with pytest.raises(InputError) as error:
        match_headers(tmp_path, *names)
    assert said in str(error.value)
    assert "file.csv" in str(error.value)
    assert "--profile" in str(error.value)


@pytest.mark.parametrize("table", ["fields", "codes", "units", "null_markers", "parsing_defaults", "tables"])
def test_word_tables_say_what_each_row_means_in_both_languages(table: str) -> None:
    assert all(row["zh"].strip() and row["en"].strip() for row in read_rows(f"{table}.csv"))


def test_ignorable_and_blank_columns_are_left_out_and_said_so(cli: ImportCli) -> None:
    notes = cli.import_text("序号,借据号,,余额,备注\n1,L1,,5,x\n").report["assumptions"]
    assert "columns left out: 序号, 备注" in [note["en"] for note in notes]


def test_values_under_no_header_are_refused(cli: ImportCli) -> None:
    outcome = cli.import_text("借据号,,余额\nL1,7,5\n")
    english, chinese = outcome.err.splitlines()
    assert (outcome.status, english) == (1, "loans.csv, column 2: values without a header. Name the column.")
    assert chinese == "loans.csv 第 2 列有值但无表头，请补充列名。"


def test_a_group_s_name_may_end_the_header_under_it(cli: ImportCli) -> None:
    file = cli.write("two.csv", "借据号,日期,,客户名称\n,放款,到期,\nL1,20240131,20270131,张三\n")
    report = cli.import_files(file).report
    con = cli.query("SELECT disbursed_on, current_maturity FROM loans")
    assert con == [(date(2024, 1, 31), date(2027, 1, 31))], report
