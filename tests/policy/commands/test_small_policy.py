"""Every command works with a bank's own small policy, or says in one sentence what is not there."""

import json
import shutil
from pathlib import Path

import pytest

from data import dictionary
from policy.__main__ import main
from policy.authoring import lint
from policy.model import table_folder
from tests.pages.seven_loan_book import SNAPSHOT_DATE, build_book
from tests.policy import policy_builder

SMALL_POLICY = Path(__file__).parents[1] / "small_policy"
NO_RULES = "This policy has no rules about extensions"
CODES = "list,code,rank,zh,en,attr,aliases\n"


@pytest.fixture(scope="module")
def small_policy_book(tmp_path_factory):
    return build_book(tmp_path_factory.mktemp("small") / "book.duckdb", checked=False)


@pytest.fixture
def run_command(small_policy_book, monkeypatch, capsys):
    monkeypatch.setenv("LOANLIGHT_TABLES", str(SMALL_POLICY))

    def run(*words: str) -> tuple[int, str]:
        book = [] if words[0] in ("lint", "test", "coverage", "export-dmn") else ["--book", str(small_policy_book)]
        status = main([*words, *book])
        return status, capsys.readouterr().out

    return run


def test_commands_in_the_order_of_work(run_command, tmp_path):
    """LOANLIGHT_TABLES is the default of every command."""
    status, text = run_command("lint")
    assert (status, "3 rules, 0 errors" in text) == (0, True)
    for words in (
        ["test"],
        ["check"],
        ["verdicts", "--loan", "L1"],
        ["headroom"],
        ["ticklers"],
        ["metrics"],
        ["runs"],
        ["life"],
        ["coverage"],
        ["export-dmn", "terms"],
        ["curve", "B2-RATE", "--over", "0..5/1"],
        ["impact", "--tables", str(SMALL_POLICY)],
    ):
        assert run_command(*words)[0] == 0, words


def test_no_rule_about_extensions_is_never_allowed(run_command):
    request = ["--loan", "L1", "--to", "2027-05-05", "--applied", "2026-10-01"]
    status, text = run_command("extension", *request)
    assert (status, NO_RULES in text) == (0, True)
    decision = json.loads(run_command("extension", *request, "--json")[1])
    assert (decision["verdict"], decision["lines"]) == ("not_assessable", [])
    assert NO_RULES in run_command("frontier", "--loan", "L1")[1]
    blocks = json.loads(run_command("frontier", "--loan", "L1", "--json")[1])["blocks"]
    assert {block["verdict"] for block in blocks} == {"not_assessable"}


def test_a_file_of_requests_is_not_assessable(run_command, tmp_path):
    requests, decisions = tmp_path / "requests.csv", tmp_path / "out.csv"
    requests.write_text(
        "request_id,loan_id,application_date,requested_maturity,consent\n1,L1,2026-10-01,2027-05-05,all\n",
        encoding="utf-8",
    )
    text = run_command("extension", "--requests", str(requests), "--out", str(decisions), "--json")[1]
    assert json.loads(text)["not_assessable"] == 1


def test_the_option_names_the_folder_for_one_command(run_command, tmp_path, monkeypatch):
    folder = tmp_path / "tables"
    shutil.copytree(SMALL_POLICY, folder)
    (folder / "codes.csv").write_text(CODES + "product,green_loan,99,绿色贷款,Green loan,,\n", encoding="utf-8")
    assert "green_loan" not in dictionary.codes_of_list("product")
    assert run_command("lint", "--tables", str(folder))[0] == 0
    assert table_folder.default_folder() == SMALL_POLICY
    monkeypatch.setenv("LOANLIGHT_TABLES", str(folder))
    assert dictionary.codes_of_list("product")["green_loan"].zh == "绿色贷款"
    assert ("product", "green_loan") in {row[:2] for row in dictionary.list_code_rows()}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("classification,watch,9,关注,Watch,,", "'classification' is not an allowed value"),
        ("product,green_loan,x,绿色贷款,Green loan,,", "'x' is not a rank"),
        ("product,green_loan,1,,Green loan,,", "column zh: is empty"),
    ],
)
def test_own_codes_are_linted(row, message):
    texts = policy_builder.policy_texts([{}]) | {"codes.csv": f"{CODES}{row}\n"}
    found = policy_builder.error_messages(lint.lint_tables(texts)[1])
    assert len(found) == 1 and message in found[0]


def test_the_book_is_judged_by_the_small_policy(run_command):
    found = json.loads(run_command("check", "--json", "--as-of", str(SNAPSHOT_DATE))[1])
    assert {rule["rule_id"] for rule in found["rules"]} == {"B2-LTV", "B2-TERM", "B2-RATE"}
