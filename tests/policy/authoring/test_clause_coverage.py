"""Coverage of clauses: what cites each, why the rest has nothing, and that the README's table is fresh."""

import json

import pytest

from data.errors import InputError
from data.storage import book
from policy.__main__ import main
from policy.authoring import clause_coverage, clause_coverage_markdown
from policy.runs import snapshot_check
from tests.policy import policy_builder, sample_books
from tests.policy.snapshot_histories import read_policy, write_tables
from tests.shipped_policy import POLICY

TERMS = ("unique", [("guarantee_type", "key", "code", ""), ("most", "limit", "money", "yuan")])


def _policy_texts(reasons: str = "") -> dict[str, str]:
    rule = {"limit": "caps.most", "clause_id": "C1|C2"}
    rows = [{"guarantee_type": "credit", "most": "100", "clause_id": "C3"}]
    found = policy_builder.policy_texts([rule], {"caps": (*TERMS, rows)})
    header = found["clauses.csv"].splitlines()[0]
    clauses = [f"C{n},文件,Document,{n},要点{n},Gist {n},,,{kind},L" for n, kind in ((1, "A"), (2, "B"), (3, "A"))]
    clauses += ["C4,文件,Document,4,要点4,Gist 4,,,C,L", "C5,文件,Document,5,要点5,Gist 5,,,A,L"]
    found["clauses.csv"] = "\n".join([header, *clauses]) + "\n"
    found["examples/test.csv"] = (
        "example_id,rule_id,as_of,inputs,verdict,measured,limit,title\n"
        "R.1,R,2024-01-01,balance=1; guarantee_type=credit,pass,,,x\n"
        "R.2,R,2024-01-01,balance=100; guarantee_type=credit,pass,,,x\n"
        "R.3,R,2024-01-01,balance=101; guarantee_type=credit,violation,,,x\n"
    )
    return found | ({"unautomated_clauses.csv": "clause_id,reason_zh,reason_en\n" + reasons} if reasons else {})


def _measure_coverage(texts: dict[str, str], judged=None) -> dict[str, clause_coverage.ClauseCoverage]:
    policy = read_policy(texts)
    return {each.clause.clause_id: each for each in clause_coverage.build_coverage(policy, judged)}


def test_clauses_are_covered_by_rules_by_their_limit_rows_or_not_and_why() -> None:
    found = _measure_coverage(_policy_texts("C4,靠人证明,Attested by people\n"))
    assert [[rule.rule_id for rule in found[f"C{n}"].rules] for n in range(1, 6)] == [["R"], ["R"], ["R"], [], []]
    assert found["C3"].cited_by == ("limits/caps ×1",)
    assert found["C1"].examples == {"pass": 2, "violation": 1, "not_applicable": 0, "not_assessable": 0}
    assert (found["C4"].is_covered, found["C4"].reason_en) == (False, "Attested by people")
    assert (found["C5"].reason_zh, found["C5"].reason_en) == clause_coverage.NO_RULE
    assert found["C1"].reason_en == ""


@pytest.mark.parametrize(
    ("reasons", "says"), [("C1,x,x\n", "C1 is not covered, but it is"), ("C9,x,x\n", "not in clauses.csv: C9")]
)
def test_reasons_that_cannot_be_right(reasons, says) -> None:
    with pytest.raises(InputError, match=says):
        _measure_coverage(_policy_texts(reasons))


def test_verdicts_come_from_the_last_run(tmp_path, capsys) -> None:
    tables = write_tables(tmp_path / "tables", _policy_texts())
    loans = {f"L{n}": {"balance": n * 60, "guarantee_type": "credit"} for n in range(4)}
    path = sample_books.make_book(tmp_path / "b.duckdb", loans)
    with book.open_for_writing(path) as con:
        snapshot_check.judge_snapshot(con, read_policy(_policy_texts()), sample_books.AS_OF)
    assert main(["coverage", "--tables", str(tables), "--book", str(path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["clauses"][0]["rules"][0]["judged"] == {
        "pass": 2,
        "violation": 2,
        "not_applicable": 0,
        "not_assessable": 0,
    }
    assert (said["covered"], said["unreached"]) == (3, [])
    assert main(["coverage", "--tables", str(tables), "--book", str(path)]) == 0
    shown = capsys.readouterr()
    assert "3 of 5 clauses covered. Not covered: C4, C5." in shown.out and shown.err == ""
    assert main(["coverage", "--book", str(path)]) == 0
    assert "was judged by policy" in capsys.readouterr().err
    assert main(["coverage", "--tables", str(tables), "--write"]) == 2


def test_a_book_that_is_named_but_missing_is_an_error(tmp_path, capsys) -> None:
    tables = write_tables(tmp_path / "tables", _policy_texts())
    assert main(["coverage", "--tables", str(tables), "--book", str(tmp_path / "none")]) == 1
    assert "No book at" in capsys.readouterr().err


def test_the_readme_and_the_whole_table_are_fresh() -> None:
    found = clause_coverage.build_coverage(POLICY)
    fix = "run python -m policy coverage --markdown --write"
    assert clause_coverage_markdown.README.read_text(encoding="utf-8") == clause_coverage_markdown.render_readme(
        found
    ), fix
    assert clause_coverage_markdown.DETAILS.read_text(encoding="utf-8") == clause_coverage_markdown.render_details(
        found
    ), fix


def test_the_short_table_adds_up() -> None:
    found = clause_coverage.build_coverage(POLICY)
    parts = clause_coverage.group_clauses(found)
    assert sum(len(part.clauses) for part in parts) == len(found)
    rows = [line.split("|")[2].strip() for line in clause_coverage_markdown.render_summary(found).splitlines()[2:]]
    assert sum(map(int, rows[:-1])) == int(rows[-1]) == len(found)
