"""Metrics of books that leave something out: currencies, days past due, everything."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from data.__main__ import main as data_main
from data.reference import book_settings
from data.storage import book
from policy.__main__ import main as policy_main
from policy.monitoring import metrics
from policy.monitoring.metrics import MetricValue
from policy.violations import results
from tests.shipped_policy import POLICY

CASES = Path(__file__).with_name("cases")
AS_OF = date(2024, 12, 31)
LoadBook = Callable[..., Path]


@pytest.fixture
def load_book(tmp_path: Path) -> LoadBook:
    """A book of case files or texts, loaded one after the other for the same day."""

    def load(*contents: str) -> Path:
        path = tmp_path / "book.duckdb"
        for number, content in enumerate(contents):
            file = CASES / content if content.endswith(".csv") else tmp_path / f"loans-{number}.csv"
            if file.parent == tmp_path:
                file.write_text(content, encoding="utf-8")
            arguments = ["import", str(file), "--as-of", AS_OF.isoformat(), "--book", str(path)]
            assert data_main([*arguments, *(["--partial"] if number else [])]) == 0
        return path

    return load


def _evaluate(path: Path) -> dict[str, MetricValue]:
    with book.open_for_reading(path) as con:
        return {v.metric_id: v for v in metrics.evaluate_metrics(con, POLICY, AS_OF) if v.subject == "portfolio"}


def test_loans_without_a_currency_are_in_the_home_currency(load_book: LoadBook) -> None:
    found = _evaluate(load_book("currency_blank.csv", "currency_stated.csv"))
    assert (found["LOANS"].value, found["BALANCE"].value) == (10, 20_600_000)
    assert found["NPL"].value == round(Decimal(20_000_000) / 20_600_000, 6) and found["NPL"].status == "red"


def test_the_commonest_currency_is_not_taken_for_the_banks(load_book: LoadBook) -> None:
    rows = "".join(f"U{n},C{n},100,美元\n" for n in range(5)) + "L1,D1,70,人民币\n"
    path = load_book("借据号,客户号,贷款余额（元）,币种\n" + rows)
    assert _evaluate(path)["BALANCE"].value == 70


def test_a_book_in_one_other_currency_is_summed_in_it(load_book: LoadBook, capsys: pytest.CaptureFixture[str]) -> None:
    path = load_book("借据号,客户号,贷款余额（元）,币种\nU1,C1,100,美元\nU2,C2,50,美元\n")
    capsys.readouterr()
    assert policy_main(["metrics", "--book", str(path)]) == 0
    assert "in USD" in capsys.readouterr().out and _evaluate(path)["BALANCE"].value == 150


def test_other_currencies_are_named_with_their_sums(load_book: LoadBook, capsys: pytest.CaptureFixture[str]) -> None:
    path = load_book("借据号,客户号,贷款余额（元）,币种\nU1,C1,100,美元\nL1,C2,50,人民币\n")
    capsys.readouterr()
    assert policy_main(["metrics", "--book", str(path)]) == 0
    printed = capsys.readouterr().out
    assert "in CNY" in printed and "USD 100.00, 1 loans" in printed


def test_blank_days_past_due_do_not_inflate_a_ratio(load_book: LoadBook) -> None:
    found = _evaluate(load_book("blank_days_past_due.csv"))
    overdue = found["OVERDUE"]
    assert overdue.value == round(Decimal(100) / 1900, 6)
    assert (overdue.low, overdue.high, overdue.derived) == (overdue.value, 1, 2)
    assert found["PAR90"].value == 0 and found["PAR90"].high == round(Decimal(1800) / 1900, 6)


LOAN = "借据号,客户号,贷款余额（元）,五级分类,逾期天数,状态,原到期日,现到期日,欠本金额\n"


@pytest.mark.parametrize(
    ("blank", "derived"),
    [
        ("A2,C2,900,正常,,正常,2025-01-01,2025-01-01,", 1),  # before maturity and normal
        ("A2,C2,900,正常,,正常,2024-01-01,2024-01-01,", 0),  # past its maturity
        ("A2,C2,900,正常,,逾期,2025-01-01,2025-01-01,", 0),  # said to be overdue
        ("A2,C2,900,正常,,正常,2025-01-01,2025-01-01,10", 0),  # principal in arrears
        ("A2,C2,900,正常,,,2025-01-01,2025-01-01,", 0),  # nothing says that nothing is in arrears
        ("A2,C2,900,正常,,,2025-01-01,2025-01-01,0", 1),
        ("A2,C2,900,正常,,正常,,,", 0),  # no maturity
    ],
)
def test_only_loans_that_cannot_be_late_are_taken_as_not_past_due(
    load_book: LoadBook, blank: str, derived: int
) -> None:
    path = load_book(
        f"{LOAN}A1,C1,100,关注,40,逾期,2025-01-01,2025-01-01,\n{blank}\nA3,C3,500,正常,0,正常,2025-01-01,2025-01-01,\n"
    )
    overdue = _evaluate(path)["OVERDUE"]
    assert (overdue.derived, overdue.lacking) == (derived, 1 - derived)
    assert overdue.value == round(Decimal(100) / (1500 if derived else 600), 6)
    assert (overdue.low, overdue.high) == (round(Decimal(100) / 1500, 6), round(Decimal(1000) / 1500, 6))


def test_where_nothing_is_known_there_is_no_ratio_and_no_colour(load_book: LoadBook) -> None:
    path = load_book("借据号,贷款余额（元）\nA1,100\nA2,200\n")
    assert policy_main(["check", "--all", "--book", str(path)]) == 0
    ratios = {name: v for name, v in _evaluate(path).items() if name not in ("LOANS", "BALANCE", "BORROWERS")}
    measured = {name: v.value for name, v in ratios.items() if v.value is not None}
    assert measured.keys() <= {"SEGMENTED", "VIOLATIONS-PER-LOAN", "NOT-ASSESSABLE-RATE"}, measured
    assert {v.status for name, v in ratios.items() if v.value is None} == {"none"}
    with book.open_for_reading(path) as con:
        run = results.find_latest_run(con, AS_OF)
        assert run is not None
        passed = con.execute(
            "SELECT DISTINCT rule_id FROM run_counts WHERE run_id = ? AND verdict = 'pass' AND subject = 'portfolio'",
            [run.run_id],
        ).fetchall()
    assert passed == []


def test_beyond_the_share_of_unknowns_there_is_no_ratio(load_book: LoadBook) -> None:
    known = "".join(f"K{n},C{n},100,正常\n" for n in range(5))
    within = _evaluate(
        load_book("借据号,客户号,贷款余额（元）,五级分类\n" + known + "".join(f"B{n},D{n},100,\n" for n in range(5)))
    )
    assert within["NPL"].value == 0 and within["NPL"].high == Decimal("0.5")


def test_one_more_unknown_and_it_is_not_computed(load_book: LoadBook) -> None:
    share = book_settings.load_max_unknown_share()
    known = "".join(f"K{n},C{n},100,正常\n" for n in range(5))
    path = load_book("借据号,客户号,贷款余额（元）,五级分类\n" + known + "".join(f"B{n},D{n},100,\n" for n in range(6)))
    npl = _evaluate(path)["NPL"]
    assert share == Decimal("0.5") and (npl.value, npl.status, npl.reason) == (None, "none", "too_many_unknown")


def test_a_book_of_another_home_currency(
    load_book: LoadBook, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "book.duckdb")
    assert data_main(["home-currency", "usd", "--book", path]) == 0
    load_book("借据号,客户号,贷款余额,币种\nU1,C1,100,\nL1,C2,70,人民币\n")
    assert _evaluate(tmp_path / "book.duckdb")["BALANCE"].value == 100
    capsys.readouterr()
    assert data_main(["home-currency", "CNY", "--book", path]) == 1
    assert "holds loans already" in capsys.readouterr().err
    assert data_main(["home-currency", "XXQ", "--book", path]) == 1
    assert "不在币种代码表中" in capsys.readouterr().err
