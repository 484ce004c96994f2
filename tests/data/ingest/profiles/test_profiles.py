"""Profiles: the two data sets nobody here wrote, small extracts of their shape, and mistakes in a profile."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.errors import InputError
from data.ingest.profiles import profiles
from tests.data.cli_import import ImportCli

REAL = Path(__file__).parents[5] / "shared" / "realdata"
needs_real_data = pytest.mark.skipif(not REAL.is_dir(), reason=f"no real data at {REAL}")

IBRD = """End of Period,Loan Number,Region,Country Code,Country,Borrower,Guarantor Country Code,Guarantor,Loan Type,\
Loan Status,Interest Rate,Currency of Commitment,Original Principal Amount,Borrower's Obligation,Last Repayment Date,\
Agreement Signing Date,Board Approval Date,Closed Date (Most Recent),Project Name
05/31/2023 12:00:00 AM,IBRD1,SOUTH ASIA,IN,India,"MOF, Delhi",IN,India,FSL,Repaying,4.25,,1000.5,900.25,\
05/01/2030 12:00:00 AM,05/09/2010 12:00:00 AM,05/08/2010 12:00:00 AM,12/31/2012 12:00:00 AM,Roads
05/31/2023 12:00:00 AM,IBRD2,SOUTH ASIA,IN,India,,,,FSL,Fully Repaid,,,10,-0.01,05/01/1977 12:00:00 AM,,,,
05/31/2023 12:00:00 AM,IBRD3,SOUTH ASIA,IN,India,,,,FSL,Repossessed,,,10,5,05/01/1977 12:00:00 AM,,,,
"""
BERKA = {
    "loan": '"loan_id";"account_id";"date";"amount";"duration";"payments";"status"\n'
    '5314;1787;930705;96396;12;8033.00;"B"\n5316;1801;980131;165960;1;4610.00;"D"\n',
    "account": '"account_id";"district_id";"frequency";"date"\n1787;30;"M";930322\n1801;46;"M";930213\n',
    "disp": '"disp_id";"client_id";"account_id";"type"\n2166;2166;1787;"OWNER"\n2181;2181;1801;"OWNER"\n'
    '2182;2182;1801;"DISPONENT"\n',
    "client": '"client_id";"birth_number";"district_id"\n2166;"475722";30\n2181;"685724";46\n',
    "district": 'A1;A2;A3;A12;A16\n30;"Sokolov";"west";?;1\n46;"Nachod";"east";1.1;2\n',
}


def test_ibrd_extract(cli: ImportCli) -> None:
    outcome = cli.import_files(cli.write("s.csv", IBRD), as_of="2023-05-31", profile="ibrd")
    assert outcome.loans | {"ignored": 0} == {
        "rows_in": 3,
        "loaded": 2,
        "quarantined": 1,
        "ignored": 0,
        "balance_in": 905.24,
        "balance_loaded": 900.24,
    }
    assert cli.list_quarantine()[0]["value"] == "Repossessed"
    assert cli.query(
        "SELECT loan_id, borrower_id, branch_id, balance, currency, annual_rate_pct, disbursed_on, original_maturity, "
        "current_maturity, guarantee_type, status FROM loans ORDER BY 1"
    ) == [
        (
            "IBRD1",
            "IN/MOF, Delhi",
            "SOUTH ASIA",
            Decimal("900.25"),
            "USD",
            Decimal("4.25"),
            None,
            None,
            date(2030, 5, 1),
            "guarantee",
            "normal",
        ),
        ("IBRD2", "IN", "SOUTH ASIA", Decimal("-0.01"), "USD", None, None, None, date(1977, 5, 1), None, "settled"),
    ]
    assert cli.query("SELECT loan_id, kind, provider_id, provider_name FROM guarantees") == [
        ("IBRD1", "guarantee", "IN", "India")
    ]
    assert cli.query("SELECT step_code, event_date FROM events ORDER BY 1") == [
        ("7", date(2010, 5, 8)),
        ("8", date(2010, 5, 9)),
    ]


def test_ibrd_for_another_date_than_the_file_s_own(cli: ImportCli) -> None:
    outcome = cli.import_files(cli.write("s.csv", IBRD), as_of="2023-06-30", profile="ibrd")
    assert outcome.status == 1
    assert "'2023-05-31' is not the as-of date 2023-06-30" in outcome.err


def test_berka_extract(cli: ImportCli) -> None:
    files = [cli.write(f"{name}.csv", content) for name, content in BERKA.items()]
    outcome = cli.import_files(*files, as_of="1998-12-31", profile="berka")
    assert outcome.report["lookups"] == {"account.csv": 2, "disp.csv": 3, "client.csv": 2, "district.csv": 2}
    assert (outcome.loans["loaded"], outcome.loans["balance_in"]) == (2, None)
    assert cli.query(
        "SELECT loan_id, borrower_id, branch_name, principal, balance, disbursed_on, original_maturity, "
        "current_maturity, status FROM loans ORDER BY 1"
    ) == [
        (
            "5314",
            "2166",
            "Sokolov",
            Decimal("96396"),
            None,
            date(1993, 7, 5),
            date(1994, 7, 5),
            date(1994, 7, 5),
            "ended_unpaid",
        ),
        (
            "5316",
            "2181",
            "Nachod",
            Decimal("165960"),
            None,
            date(1998, 1, 31),
            date(1998, 2, 28),
            date(1998, 2, 28),
            "overdue",
        ),
    ]
    assert cli.query("SELECT borrower_id, borrower_type, region_code FROM borrowers ORDER BY 1") == [
        ("2166", "P", "30"),
        ("2181", "P", "46"),
    ]


def test_berka_loans_without_their_lookups_say_what_is_missing(cli: ImportCli) -> None:
    outcome = cli.import_files(cli.write("loan.csv", BERKA["loan"]), as_of="1998-12-31", profile="berka")
    assert cli.query("SELECT count(*), count(borrower_id), count(branch_id) FROM loans") == [(2, 0, 0)]
    missing = [note["en"] for note in outcome.report["assumptions"] if note["id"] == "note_missing_lookup"]
    assert [text.split("'")[1] for text in missing] == ["account", "disp", "client", "district"]


def test_a_lookup_that_is_not_one_to_one_is_refused(cli: ImportCli) -> None:
    twice = BERKA["disp"].replace("DISPONENT", "OWNER")
    outcome = cli.import_files(
        cli.write("loan.csv", BERKA["loan"]), cli.write("disp.csv", twice), as_of="1998-12-31", profile="berka"
    )
    assert outcome.status == 1
    assert "disp.csv: account_id '1801' occurs more than once" in outcome.err


@pytest.mark.parametrize(
    ("name", "said"), [("disp", "none of the files feeds a table"), ("other", "matches no file of profile berka")]
)
def test_files_that_a_profile_cannot_use(cli: ImportCli, name: str, said: str) -> None:
    outcome = cli.import_files(cli.write("f.csv", BERKA.get(name, "x;y\n1;2\n")), as_of="1998-12-31", profile="berka")
    assert outcome.status == 1
    assert said in outcome.err


@needs_real_data
def test_the_whole_ibrd_statement(cli: ImportCli) -> None:
    outcome = cli.import_files(REAL / "ibrd_statement_of_loans_2023-05-31.csv", as_of="2023-05-31", profile="ibrd")
    assert outcome.loans == {
        "rows_in": 9012,
        "loaded": 9012,
        "quarantined": 0,
        "ignored": 0,
        "balance_in": 241443444980.16,
        "balance_loaded": 241443444980.16,
    }
    assert cli.query("SELECT sum(balance) FROM loans") == [(Decimal("241443444980.16"),)]
    assert cli.query("SELECT count(*) FROM guarantees") == [(8732,)]


@needs_real_data
def test_the_whole_berka_set(cli: ImportCli) -> None:
    outcome = cli.import_files(*sorted((REAL / "berka").glob("*.csv")), as_of="1998-12-31", profile="berka")
    assert outcome.report["lookups"] == {"account.csv": 4500, "client.csv": 5369, "disp.csv": 5369, "district.csv": 77}
    assert cli.query(
        "SELECT count(*), sum(principal), count(*) FILTER (attr = 'running'), count(*) FILTER (code = 'overdue'), "
        "count(DISTINCT borrower_id), count(branch_name) "
        "FROM loans JOIN codes ON code = status AND list = 'loan_status'"
    ) == [(682, Decimal("103261740"), 448, 45, 682, 682)]


PROFILE = """
[[files]]
name = "loans"
table = "loans"
headers = ["ID", "Saldo"]
{extra}
[files.fields]
loan_id = "ID"
{fields}
"""


def write_profile(folder: Path, extra: str = "", fields: str = "") -> profiles.Profile:
    (folder / "own.toml").write_text(PROFILE.format(extra=extra, fields=fields), encoding="utf-8")
    return profiles.load("own", folder)


@pytest.mark.parametrize(
    ("extra", "fields", "said"),
    [
        ("", "saldo = 'Saldo'", "unknown field 'saldo' for table loans"),
        ("", "'events.99' = 'Saldo'", "unknown field 'events.99'"),
        ("", "balance = { colum = 'Saldo' }", "field balance has unknown 'colum'"),
        ("", "balance = { column = 'Saldo', constant = '1' }", "needs exactly one of column, constant"),
        ("", "balance = { column = 'Saldo', unit = '斤' }", "unknown unit '斤'. Units: "),
        ("", "current_maturity = { add_months = ['a'] }", "add_months takes a date column and a months column"),
        ("frequency = 1", "", "a file has unknown 'frequency'"),
        ("lookups = [{ name = 'x', on = 'y' }]", "", "a lookup lacks 'key'"),
        ("codes = { status = { A = 'fine' } }", "status = 'S'", "unknown code 'fine'. Codes: normal"),
        ("[", "", "not valid TOML"),
    ],
)
def test_mistakes_in_a_profile_are_told(tmp_path: Path, extra: str, fields: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        write_profile(tmp_path, extra, fields)
    assert said in str(error.value)
    assert "own.toml" in str(error.value)


def test_a_profile_without_its_table_s_key_is_refused(tmp_path: Path) -> None:
    text = '[[files]]\nname = "x"\ntable = "notices"\nheaders = ["A"]\n[files.fields]\nloan_id = "A"\n'
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="table notices needs kind"):
        profiles.load("own", tmp_path)


@pytest.fixture
def own_profiles(cli: ImportCli, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(profiles, "FOLDER", cli.folder)
    return cli.folder


def test_a_small_profile_of_one_s_own(cli: ImportCli, own_profiles: Path) -> None:
    write_profile(
        own_profiles,
        'keep = { Kind = ["K"] }\nignore = ["Junk"]\ndate_format = "%d.%m.%Y"\nblanks = []'.replace(
            "\nblanks = []", ""
        ),
        "balance = { column = 'Saldo', unit = '万元' }\ndisbursed_on = 'From'\nproduct_code = 'Kind'",
    )
    rows = "ID;Saldo;From;Kind;Junk;客户号\n1;1,000;31.01.2024;K;x;C1\n2;5;01.02.2024;Z;x;C2\n3;5;2024-02-01;K;x;C3\n"
    outcome = cli.import_files(cli.write("f.csv", rows), profile="own")
    assert outcome.loans == {
        "rows_in": 3,
        "loaded": 1,
        "quarantined": 1,
        "ignored": 1,
        "balance_in": 10050000.0,
        "balance_loaded": 10000000.0,
    }
    assert cli.query("SELECT balance, disbursed_on, borrower_id FROM loans") == [
        (Decimal("10000000.00"), date(2024, 1, 31), "C1")
    ]


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("ID;Saldo;Strange", "unknown column 'Strange'"),
        ("ID;Saldo;Saldo", "reads column 'Saldo', which the file has twice"),
        ("ID;Saldo;余额", "'Saldo' and '余额' both name balance"),
    ],
)
def test_columns_that_a_profile_does_not_settle(cli: ImportCli, own_profiles: Path, header: str, said: str) -> None:
    write_profile(own_profiles, "", "balance = 'Saldo'")
    outcome = cli.import_files(cli.write("f.csv", f"{header}\n1;2;3\n"), profile="own")
    assert outcome.status == 1
    assert said in outcome.err


def test_a_column_that_the_profile_reads_but_the_file_lacks(cli: ImportCli, own_profiles: Path) -> None:
    write_profile(own_profiles, "", "balance = 'Saldo'\npurpose = 'Zweck'")
    outcome = cli.import_files(cli.write("f.csv", "ID;Saldo\n1;2\n"), profile="own")
    assert (outcome.status, "reads column 'Zweck', which the file does not have" in outcome.err) == (1, True)


@pytest.mark.parametrize(
    ("extra", "fields", "said"),
    [
        ("lookups = [{ name = 'x', on = ['A', 'B'], key = 'K' }]", "", "matches 2 columns of this file with 1"),
        ("duplicates = { keep = 'sum' }", "", "'keep' must be one of first, last, highest, lowest, not 'sum'"),
        ("duplicates = { keep = 'highest' }", "", "highest and lowest need `by`"),
        ("duplicates = { keep = 'last', by = 'loan_id' }", "", "first and last take none"),
        ("duplicates = { keep = 'highest', by = 'loan_id' }", "", "which is no number or date that this file maps"),
        ("many_days = true", "", "no column gives the day"),
        ("", "disbursed_on = { column = 'Saldo', format = '%b-%y' }", "has no day of the month"),
        ("", "disbursed_on = { column = 'Saldo', day_numbers = 'lotus' }", "neither a way of counting days"),
        ("day_numbers = 'sas'\nday = 'last'", "disbursed_on = 'Saldo'", "day_numbers cannot stand beside"),
        ("", "balance = { column = 'Saldo', bound = 'lower' }", "no ranges are given under buckets"),
        ("buckets = { balance = { a = [1, 2] } }", "balance = 'Saldo'", "which is not a whole number"),
        (
            "buckets = { extension_count = { a = [2, 1] } }",
            "extension_count = 'Saldo'",
            "must be [lowest, highest] or, open above, [lowest]",
        ),
        ("codes = { status = { A = 'normal' } }", "", "codes names 'status', which is not a field"),
        ("", "balance = 'Saldo'\n'loans.balance' = 'Saldo'", "'loans.balance' is given twice"),
        ("", "balance = { compute = 'principle * 2' }\nprincipal = 'Saldo'", "near it: principal"),
        ("", "balance = { compute = 'principal + 1' }\nprincipal = { compute = 'balance' }", "in a circle"),
        ("", "disbursed_on = { compute = 'balance' }\nbalance = 'Saldo'", "is a number, and the field takes a date"),
        (
            "",
            "extension_count = { compute = 'balance' }\nbalance = 'Saldo'",
            "The result is in yuan, and the field takes count",
        ),
        ("", "principal = { compute = 'least(balance / 2, 1)' }\nbalance = 'Saldo'", "division may only"),
    ],
)
def test_contradictions_in_a_profile_are_told(tmp_path: Path, extra: str, fields: str, said: str) -> None:
    with pytest.raises(InputError) as error:
        write_profile(tmp_path, extra, fields)
    assert said in str(error.value)
    assert error.value.args[0].zh != str(error.value)


def test_a_profile_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(PROFILE.format(extra='title = "贷款"', fields="").encode("gb18030"))
    with pytest.raises(InputError, match="not saved as UTF-8"):
        profiles.load("own", tmp_path)


def test_a_byte_order_mark_before_a_profile_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(PROFILE.format(extra="", fields="").encode("utf-8-sig"))
    assert profiles.load("own", tmp_path).files
