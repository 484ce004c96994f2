"""Guarantee contracts and their collateral come in one file or in two, in any order, and again each month."""

from collections.abc import Iterator
from datetime import date
from itertools import permutations
from pathlib import Path

import duckdb
import pytest

from data.history import guarantees, supersession, versions
from data.history.supersession import ArrivingBatch
from data.ingest import foreign_keys, pipeline, staging
from data.ingest.files import sheet_reading
from data.ingest.profiles import profiles
from tests.data.cli_import import SNAPSHOT_DATE, ImportCli

JAN, FEB, MAR = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)
CONTRACTS = {  # EAST 601
    "G1": {"BDBHTH": "HT1", "DBHTLX": "一般", "DBLX": "抵押", "DBJE": "100"},
    "G2": {"BDBHTH": "HT2", "DBHTLX": "最高额", "DBLX": "抵押", "DBJE": "500"},
    "G3": {"BDBHTH": "HT3", "DBHTLX": "一般", "DBLX": "保证", "DBJE": "300"},
}
COLLATERAL = {"Y1": "G1", "Y2": "G2", "Y3": "G2"}  # EAST 603: it names neither contract nor loan


def east_csv(table: str, rows: list[dict[str, str]]) -> str:
    codes = next(spec.column_names for spec in profiles.load("east5").files if spec.name == table)
    return "".join(",".join(row) + "\n" for row in [codes, *([row.get(code, "") for code in codes] for row in rows)])


def guarantee_contracts_csv(*numbers: str) -> str:
    return east_csv("BNWYWDBHTB", [CONTRACTS[n] | {"DBHTH": n, "DBHTZT": "有效"} for n in numbers or CONTRACTS])


def collateral_csv(value: int, *names: str) -> str:
    house = {"YPLX": "3.1居住用房地产", "YXRDJZ": str(value), "DBHTZT": "有效"}
    return east_csv("DZYW", [house | {"DBHTH": COLLATERAL[name], "YPBH": name} for name in names or COLLATERAL])


class ImportedBook:
    """A book that files come to, as an import takes them in, without what is derived of them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, folder: Path) -> None:
        self.con, self.folder, self.batches = con, folder, 0

    def import_files(self, day: date, profile: str | None = "east5", **files: str) -> list[str]:
        """Loads the files (name -> text) in one batch; what it notes of the rows that came before."""
        self.batches += 1
        paths = [self.folder / f"{name}-{day}.csv" for name in files]
        for path, text in zip(paths, files.values(), strict=True):
            path.write_text(text, encoding="utf-8")
        parts, _ = pipeline.read_sources(
            sheet_reading.load_files(paths), day, profiles.load(profile) if profile else None
        )
        tables, batch = staging.stage_sheets(parts, day).tables, f"batch {self.batches}"
        for table, rows in tables.items():
            versions.store_rows(self.con, table, rows, day, batch)
        notes = supersession.close_superseded_rows(
            self.con, ArrivingBatch(batch, day, tuple(tables), ())
        ) + foreign_keys.resolve_references(self.con, batch)
        return [entry["en"] for entry in notes]

    def list_security(self, day: date) -> list[tuple]:
        """What stands behind loans and loan contracts on the day: owner, kind, amount, collateral and its value."""
        rows = guarantees.joined_rows_sql(self.con, f"DATE '{day}'")
        return self.con.execute(
            f"SELECT coalesce(loan_id, contract_no), kind, amount, collateral_id, appraised_value FROM ({rows}) "
            "WHERE coalesce(loan_id, contract_no) IS NOT NULL ORDER BY ALL"
        ).fetchall()


@pytest.fixture
def book(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> Iterator[ImportedBook]:
    con.execute("BEGIN")
    yield ImportedBook(con, tmp_path)
    con.execute("ROLLBACK")


FULL_SECURITY = [
    ("HT1", "mortgage", 100, "Y1", 9),
    ("HT2", "mortgage", 500, "Y2", 9),
    ("HT2", "mortgage", 500, "Y3", 9),
    ("HT3", "guarantee", 300, None, None),
]


@pytest.mark.parametrize("order", [["601", "603"], ["603", "601"]])
def test_contracts_and_collateral_meet_in_any_order(book: ImportedBook, order: list[str]) -> None:
    files = {"601": guarantee_contracts_csv(), "603": collateral_csv(9)}
    for name in order:
        book.import_files(JAN, **{name: files[name]})
    assert book.list_security(JAN) == FULL_SECURITY


def test_a_late_register_of_an_earlier_month_meets_the_other_too(book: ImportedBook) -> None:
    for day, files in (
        (FEB, {"603": collateral_csv(7)}),
        (FEB, {"601": guarantee_contracts_csv()}),
        (JAN, {"603": collateral_csv(9)}),
        (JAN, {"601": guarantee_contracts_csv()}),
    ):
        book.import_files(day, **files)
    assert book.list_security(JAN) == FULL_SECURITY
    assert book.list_security(FEB) == [(*row[:4], row[4] and 7) for row in FULL_SECURITY]


def test_each_register_goes_on_by_itself(book: ImportedBook) -> None:
    book.import_files(JAN, **{"601": guarantee_contracts_csv()})
    book.import_files(JAN, **{"603": collateral_csv(9)})
    book.import_files(FEB, **{"603": collateral_csv(7)})
    book.import_files(FEB, **{"601": guarantee_contracts_csv()})
    assert book.list_security(FEB) == [(*row[:4], row[4] and 7) for row in FULL_SECURITY]
    book.import_files(MAR, **{"601": guarantee_contracts_csv("G2", "G3")})
    assert book.list_security(MAR) == [(*row[:4], row[4] and 7) for row in FULL_SECURITY[1:]]
    book.import_files(MAR, **{"603": collateral_csv(5, "Y1", "Y3")})
    assert book.list_security(MAR) == [("HT2", "mortgage", 500, "Y3", 5), FULL_SECURITY[3]]
    book.import_files(MAR, **{"603": collateral_csv(5, "Y1")})
    assert book.list_security(MAR) == [("HT2", "mortgage", 500, None, None), FULL_SECURITY[3]]
    assert book.list_security(JAN) == FULL_SECURITY


def test_both_registers_in_one_import_each_month(book: ImportedBook) -> None:
    book.import_files(JAN, **{"601": guarantee_contracts_csv(), "603": collateral_csv(9)})
    book.import_files(FEB, **{"601": guarantee_contracts_csv(), "603": collateral_csv(7, "Y1")})
    assert book.list_security(JAN) == FULL_SECURITY
    assert book.list_security(FEB) == [
        ("HT1", "mortgage", 100, "Y1", 7),
        ("HT2", "mortgage", 500, None, None),
        FULL_SECURITY[3],
    ]


def test_a_contract_over_several_loan_contracts_has_its_collateral_once_each(book: ImportedBook) -> None:
    both = east_csv("BNWYWDBHTB", [CONTRACTS["G2"] | {"DBHTH": "G2", "BDBHTH": number} for number in ("HT2", "HT3")])
    book.import_files(JAN, **{"603": collateral_csv(9, "Y2")})
    book.import_files(JAN, **{"601": both})
    assert [row[:4] for row in book.list_security(JAN)] == [(f"HT{n}", "mortgage", 500, "Y2") for n in (2, 3)]
    rows = guarantees.joined_rows_sql(book.con, f"DATE '{JAN}'")
    keys = book.con.execute(f"SELECT guarantee_id FROM ({rows})").fetchall()
    assert sorted(keys) == [("G2/Y2",), ("G2/Y2/HT3",)]


HEAD = "担保合同号,借据号,押品编号,评估价值,担保种类,担保金额\n"


def test_a_second_collateral_of_a_number_does_not_count_the_first_again(book: ImportedBook) -> None:
    book.import_files(JAN, None, g=f"{HEAD}G1,L1,Y1,100,抵押,80\n")
    book.import_files(FEB, None, g=f"{HEAD}G1,L1,Y1,100,抵押,80\nG1,L1,Y2,50,抵押,80\n")
    book.import_files(MAR, None, g=f"{HEAD}G1,L1,Y2,60,抵押,80\n")
    assert [[row[4] for row in book.list_security(day)] for day in (JAN, FEB, MAR)] == [[100], [100, 50], [60]]


def test_a_number_over_loans_of_two_branches_keeps_the_other_s(book: ImportedBook) -> None:
    book.import_files(JAN, None, a=f"{HEAD}G1,L1,Y1,100,抵押,80\n")
    book.import_files(JAN, None, b=f"{HEAD}G1,L2,Y2,50,抵押,80\nG1,L2,Y3,40,抵押,80\n")
    assert [(row[0], row[4]) for row in book.list_security(JAN)] == [("L1", 100), ("L2", 50), ("L2", 40)]


def test_a_file_of_valuations_by_number_brings_a_guarantee_up_to_date(book: ImportedBook) -> None:
    full = f"{HEAD}G1,L1,Y1,{{}},抵押,80\nG4,L2,Y4,{{}},抵押,30\n"
    book.import_files(JAN, None, g=full.format(100, 40))
    book.import_files(FEB, None, v="担保合同号,押品编号,评估价值\nG1,Y1,120\n", w="担保合同号,评估价值\nG4,44\n")
    assert book.list_security(FEB) == [("L1", "mortgage", 80, "Y1", 120), ("L2", "mortgage", 30, "Y4", 44)]
    book.import_files(MAR, None, g=full.format(110, 41))
    assert [[row[4] for row in book.list_security(day)] for day in (JAN, FEB, MAR)] == [[100, 40], [120, 44], [110, 41]]


@pytest.mark.parametrize("order", [*permutations(["loans", "601"])])
def test_collateral_without_its_contract_is_kept_and_reported_until_that_comes(
    cli: ImportCli, order: list[str]
) -> None:
    first = cli.import_files(cli.write("603.csv", collateral_csv(9)), profile="east5").report
    assert {entry["check_id"]: entry["rows"] for entry in first["findings"]} == {"guarantee_unowned": 3}
    files = {
        "601": (guarantee_contracts_csv(), "east5"),
        "loans": ("借据号,合同号,余额\nL1,HT1,1\nL2,HT2,2\nL3,HT3,3\n", None),
    }
    reports = {}
    for name in order:
        text, profile = files[name]
        reports[name] = cli.import_files(cli.write(f"{name}.csv", text), profile=profile).report
    said = {entry["en"] for entry in reports["601"]["assumptions"]}
    assert "guarantees: 3 rows of earlier imports now have a matching guarantee_no" in said
    assert cli.query(
        "SELECT loan_id, kind, amount, collateral_id, appraised_value FROM facts_collateral WHERE as_of = ? ORDER BY 1, 4",
        date.fromisoformat(SNAPSHOT_DATE),
    ) == [(row[0].replace("HT", "L"), *row[1:]) for row in FULL_SECURITY]
