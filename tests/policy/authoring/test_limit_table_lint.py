"""What lint says of limit tables: hit policies, values that cannot be meant, what nothing reads, gaps of a book."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pytest

from data.storage import book
from policy.__main__ import main
from policy.authoring import examples, lint, uncovered_exposure, unreached_rows
from policy.commands import printing
from policy.engine import verdict_evidence
from policy.model.records import Policy
from tests.policy import policy_builder, sample_books

TERMS_RULE = {"measure": "days_past_due", "limit": "terms.days", "unit": "days", "act_date": ""}
MONTHS_COLUMNS = [("original_term_months", "key", "integer", "months"), ("days", "limit", "integer", "days")]


def _policy_texts(
    *rows: dict[str, str], hit_policy: str = "unique", columns: list = MONTHS_COLUMNS, rule: dict[str, str] = TERMS_RULE
) -> dict[str, str]:
    return policy_builder.policy_texts([rule], {"terms": (hit_policy, columns, list(rows))})


def _lint_messages(texts: dict[str, str], level: str = "") -> list[str]:
    return [f"{p} {p.fix}" for p in lint.lint_tables(texts)[1] if not level or p.level == level]


@pytest.mark.parametrize(
    "hit_policy", ["first", "any", "priority", "rule order", "output order", "collect sum", "Unique", ""]
)
def test_other_hit_policies_are_refused_by_name(hit_policy: str) -> None:
    found = _lint_messages(_policy_texts({"original_term_months": "-", "days": "1"}, hit_policy=hit_policy), "error")
    assert any(
        f"hit policy '{hit_policy}' of terms is not supported. Use unique" in said
        and "limit_columns.csv, row 2" in said
        for said in found
    )


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("12 months", "limits/terms.csv, row 2, column original_term_months: '12 months' is not a number."),
        ("12.5", "'12.5' is not a whole number. original_term_months takes whole numbers only."),
        ("1,000", "reads as several numbers. Write 1000"),
        ("null", "what is unknown is never judged. A record whose key is unknown is not_assessable"),
    ],
)
def test_a_key_cell_is_refused_with_table_row_column_value_and_what_to_do(key: str, says: str) -> None:
    assert any(
        says in said for said in _lint_messages(_policy_texts({"original_term_months": key, "days": "1"}), "error")
    )


def test_an_unknown_code_names_the_nearest() -> None:
    columns = [("guarantee_type", "key", "code", ""), ("days", "limit", "integer", "days")]
    found = _lint_messages(_policy_texts({"guarantee_type": "mortgag", "days": "1"}, columns=columns), "error")
    assert any(
        "row 2, column guarantee_type: 'mortgag' is not a code of guarantee_type; near it: mortgage" in said
        for said in found
    )


def test_a_type_that_is_none_is_said_not_crashed_on() -> None:
    for column in (("original_term_months", "key", "list", ""), ("original_term_months", "key", "interger", "")):
        found = _lint_messages(
            _policy_texts({"original_term_months": "-", "days": "1"}, columns=[column, MONTHS_COLUMNS[1]]), "error"
        )
        assert any("limit_columns.csv" in said and column[2] in said for said in found), found
    found = _lint_messages(
        _policy_texts(
            {"original_term_months": "-", "days": "1"}, columns=[MONTHS_COLUMNS[0], ("days", "limit", "timestamp", "")]
        ),
        "error",
    )
    assert any("'timestamp' is not a type of a limit" in said for said in found)


def test_limits_that_cannot_be_meant() -> None:
    texts = _policy_texts({"original_term_months": "-", "days": "-5"})
    plausible = texts["plausible_ranges.csv"] + "days,integer,0,3660,天数,Days\n"
    found = _lint_messages(texts | {"plausible_ranges.csv": plausible}, "error")
    assert any(
        "row 2, column days: -5 days cannot be meant; plausible is 0 to 3660. 天数 / Days." in said for said in found
    )
    columns = [MONTHS_COLUMNS[0], ("most", "limit", "rate", "ratio")]
    rule = {"measure": "balance / principal", "limit": "terms.most", "unit": ""}
    for cell, errors in (("70", 1), ("2.000001", 1), ("2", 0), ("0.7", 0), ("0", 0), ("-0.1", 1)):
        found = _lint_messages(
            _policy_texts({"original_term_months": "-", "most": cell}, columns=columns, rule=rule), "error"
        )
        assert len(found) == errors and all("cannot be meant" in said for said in found), (cell, found)
    assert any(
        "is not a number" in said
        for said in _lint_messages(
            texts | {"plausible_ranges.csv": texts["plausible_ranges.csv"] + "days,integer,x,1,a,b\n"}, "error"
        )
    )


def test_an_empty_limit_and_unread_columns_are_warned_of() -> None:
    found = _lint_messages(_policy_texts({"original_term_months": "-", "days": ""}), "warning")
    assert any("terms-0 gives no limit at all" in said for said in found)
    said = _lint_messages(_policy_texts({"original_term_months": "-", "days": "", "reading_zh": "不作答"}), "warning")
    assert not any("no limit at all" in each for each in said)
    columns = [*MONTHS_COLUMNS, ("spare", "limit", "integer", "days")]
    found = _lint_messages(
        _policy_texts({"original_term_months": "-", "days": "1", "spare": "2"}, columns=columns), "warning"
    )
    assert any("nothing reads terms.spare" in said for said in found)
    unread = policy_builder.policy_texts([{}], None, "spare,loan,,balance + 1,,,money,yuan,,备用,Spare\n")
    assert any(
        "derived.csv, row 2, column field: nothing reads spare of loan" in said
        for said in _lint_messages(unread, "warning")
    )


def test_duplicate_titles_are_warned_of() -> None:
    found = _lint_messages(policy_builder.policy_texts([{}, {"rule_id": "S", "title_en": "Other"}]), "warning")
    assert any("row 3, column title_zh: S has the title of R (rules/test.csv, row 2)" in said for said in found)
    assert not any("column title_en: S has" in said for said in found)


def test_a_hole_between_dates_in_force_is_a_gap_with_its_days() -> None:
    rows = [
        {"original_term_months": "-", "days": "1", "effective_to": "2020-01-01"},
        {"original_term_months": "-", "days": "2", "effective_from": "2020-02-01"},
    ]
    found = _lint_messages(_policy_texts(*rows), "warning")
    assert any("no row matches: in force [2020-01-01..2020-01-31]" in said for said in found)


@pytest.fixture
def gap_book(tmp_path: Path) -> Path:
    """Four loans of 10, 13, 24 and unknown months, two of them in a gap from 12 to 20 and above 60."""
    loans = {
        "A": {"balance": 100, "disbursed_on": date(2024, 1, 1), "original_maturity": date(2024, 11, 1)},
        "B": {"balance": 200, "disbursed_on": date(2024, 1, 1), "original_maturity": date(2025, 2, 1)},
        "C": {"balance": 400, "disbursed_on": date(2024, 1, 1), "original_maturity": date(2026, 1, 1)},
        "D": {"balance": 800, "disbursed_on": date(2024, 1, 1), "original_maturity": date(2029, 11, 1)},
        "E": {"balance": 1600},
    }
    return sample_books.make_book(tmp_path / "book.duckdb", loans)


ROWS_WITH_GAP = (
    {"original_term_months": "< 12", "days": "1"},
    {"original_term_months": "[20..60]", "days": "2"},
    {"original_term_months": "> 100", "days": "3"},
)


def _write_tables(folder: Path, texts: dict[str, str]) -> Path:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_loans_and_balance_in_each_gap_and_the_row_that_closes_it(
    gap_book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = _policy_texts(*ROWS_WITH_GAP)
    tables = _write_tables(tmp_path / "tables", texts)
    assert main(["lint", "--tables", str(tables), "--book", str(gap_book), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    gaps = {
        gap["tests"]["original_term_months"]: (gap["records"], gap["loans"], float(gap["balance"]))
        for gap in said["gaps"]
    }
    assert gaps == {"[12..19]": (1, 1, 200.0), "[61..100]": (1, 1, 800.0)}
    assert [row["row_id"] for row in said["unreached_rows"]] == ["terms-2"]
    # Paste what it prints, fill in the limit: the gaps are closed and nothing overlaps.
    for gap in said["gaps"]:
        header, row = list(csv.reader(io.StringIO(gap["csv"])))
        assert dict(zip(header, row, strict=True))["days"] == ""
        filled = ["7" if name == "days" else cell for name, cell in zip(header, row, strict=True)]
        texts["limits/terms.csv"] += ",".join('"' + cell + '"' for cell in filled) + "\n"
    policy, problems = lint.lint_tables(texts)
    assert [p for p in problems if "terms" in p.table and ("no row matches" in p.message or p.level == "error")] == []
    with book.open_for_reading(gap_book) as con:
        assert [
            gap
            for each in uncovered_exposure.compute_book_coverage(con, policy, sample_books.AS_OF)
            for gap in each.gaps
        ] == []
    assert main(["lint", "--tables", str(tables), "--book", str(gap_book)]) == 0
    text = capsys.readouterr().out
    assert "1 records, 1 loans, 200.00 yuan" in text and "add to limits/terms.csv:" in text and "terms-3" in text


def test_lint_of_a_book_with_broken_tables_says_so(
    gap_book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = _write_tables(tmp_path / "tables", _policy_texts({"original_term_months": "x", "days": "1"}))
    assert main(["lint", "--tables", str(tables), "--book", str(gap_book)]) == 1
    assert "correct the errors first" in capsys.readouterr().out


EXAMPLES_HEADER = "example_id,rule_id,as_of,inputs,verdict,measured,limit,title\n"


def test_rules_and_rows_that_nothing_reaches_are_named(
    gap_book: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = policy_builder.policy_texts(
        [TERMS_RULE, {"rule_id": "S", "scope": "false"}], {"terms": ("unique", MONTHS_COLUMNS, list(ROWS_WITH_GAP))}
    )
    texts["examples/t.csv"] = EXAMPLES_HEADER + "E,R,2024-01-01,days_past_due=1; original_term_months=5,pass,1,1,x\n"
    tables = _write_tables(tmp_path / "tables", texts)
    policy = lint.lint_tables(texts)[0]
    found = unreached_rows.find_unreached_by_examples(policy, examples.run(policy))
    assert ([r.rule_id for r in found.rules], [row.row_id for _, row in found.rows]) == (["S"], ["terms-1", "terms-2"])
    assert main(["test", "--tables", str(tables), "--book", str(gap_book), "--json"]) == 0
    by = json.loads(capsys.readouterr().out)["unreached_by"]
    assert by["any example"]["rules"] == ["S"]
    of_book = by[f"the book as of {sample_books.AS_OF}"]
    assert "S" in of_book["rules"] and [row["row_id"] for row in of_book["limit_rows"]] == ["terms-2"]
    assert main(["test", "--tables", str(tables)]) == 0
    assert "limits/terms.csv, row 3: terms-1 answers for nothing in any example." in capsys.readouterr().out


def _judge_by_collect_table(
    path: Path, *rows: dict[str, str], days: int, comparator: str = "<="
) -> tuple[Policy, verdict_evidence.Verdict]:
    """The verdict of one loan of twelve months, so many days past due."""
    policy = policy_builder.build_policy(
        [TERMS_RULE | {"comparator": comparator}], {"terms": ("collect", MONTHS_COLUMNS, list(rows))}
    )
    loan = {
        "balance": 1,
        "days_past_due": days,
        "disbursed_on": date(2024, 1, 1),
        "original_maturity": date(2025, 1, 1),
    }
    with book.open_for_reading(sample_books.make_book(path / "one.duckdb", {"A": loan})) as con:
        return policy, verdict_evidence.verdicts_of_loan(con, policy, sample_books.AS_OF, "A")[0]


@pytest.mark.parametrize(
    ("limits", "comparator", "days", "verdict", "limit", "shown"),
    [
        (["10", "5"], "<=", 5, "pass", "5", 2),
        (["10", "5"], "<=", 6, "violation", "5", 2),
        (["5", "5"], "<=", 5, "pass", "5", 2),
        (["5", "10"], ">=", 7, "violation", "10", 2),
        (["5", "10"], ">=", 10, "pass", "10", 2),
        (["5", ""], "<=", 6, "violation", "5", 2),
        (["5", ""], "<=", 4, "not_assessable", "5", 2),
        (["", ""], "<=", 4, "not_assessable", None, 2),
    ],
)
def test_of_several_rows_that_answer_the_strictest_binds_and_all_are_shown(
    limits: list[str], comparator: str, days: int, verdict: str, limit: str | None, shown: int, tmp_path: Path
) -> None:
    rows = [{"original_term_months": "<= 12", "days": cell, "reading_zh": "读法"} for cell in limits]
    rows.append({"original_term_months": "> 12", "days": "1"})
    _, found = _judge_by_collect_table(tmp_path, *rows, days=days, comparator=comparator)
    assert (found.verdict, found.limit, len(found.limit_rows)) == (verdict, limit, shown)
    assert [row["row_id"] for row in found.limit_rows] == ["terms-0", "terms-1"]
    assert {row["reading_zh"] for row in found.limit_rows} == {"读法"}


def test_the_reading_that_decides_is_shown_in_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    row = {"original_term_months": "-", "days": "5", "reading_zh": "十一月读作一月", "reading_en": "eleven read as one"}
    policy, found = _judge_by_collect_table(tmp_path, row, days=6)
    printing.print_verdicts(policy, [found])
    said = capsys.readouterr().out
    assert "terms-0: 十一月读作一月 / eleven read as one" in said
