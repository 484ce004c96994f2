"""What engines are known to differ in has one meaning on both: each row of semantics.csv is a rule and a record."""

import csv
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from data.language import functions
from data.language.dialects import BOOK, CLUSTER, call_function, render
from policy.authoring import examples
from policy.model import csv_reader
from policy.model.records import Policy
from policy.spark import session
from tests.policy import policy_builder
from tests.policy.spark.examples import ExampleOutcome
from tests.policy.spark.examples import judge_examples as run_on_spark

pytestmark = pytest.mark.spark
ROWS = list(csv.DictReader((Path(__file__).parent / "semantics.csv").open(encoding="utf-8")))
RULE_COLUMNS = ("rule_id", "scope", "measure", "comparator", "limit", "unit")
EXAMPLE_COLUMNS = ("example_id", "rule_id", "as_of", "inputs", "verdict", "measured", "limit", "title")


def _semantics_policy() -> Policy:
    texts = policy_builder.policy_texts([{name: row[name] for name in RULE_COLUMNS} for row in ROWS])
    lines = [
        [row["rule_id"], row["rule_id"], "2024-12-31", row["inputs"], row["verdict"], row["measured"], "", row["what"]]
        for row in ROWS
    ]
    return csv_reader.read_policy(
        texts
        | {
            "examples/semantics.csv": policy_builder.csv_line(list(EXAMPLE_COLUMNS))
            + "".join(map(policy_builder.csv_line, lines))
        }
    )[0]


@pytest.fixture(scope="module")
def book_outcomes() -> dict[str, ExampleOutcome]:
    return {o.example.example_id: (o.verdict, o.measured, o.limit) for o in examples.run(_semantics_policy())}


@pytest.fixture(scope="module")
def spark_outcomes(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, ExampleOutcome]:
    return run_on_spark(spark, _semantics_policy(), tmp_path_factory.mktemp("semantics"))


@pytest.mark.parametrize("row", ROWS, ids=[row["rule_id"] for row in ROWS])
def test_one_meaning_on_both_engines(row: dict[str, str], book_outcomes, spark_outcomes) -> None:
    for said in (book_outcomes, spark_outcomes):
        verdict, measured, _ = said[row["rule_id"]]
        assert (verdict, measured or "") == (row["verdict"], row["measured"])
    assert book_outcomes[row["rule_id"]] == spark_outcomes[row["rule_id"]]


def test_no_row_is_there_twice_or_gives_nothing_to_compare() -> None:
    assert len({row["rule_id"] for row in ROWS}) == len(ROWS) > 70
    assert {row["verdict"] for row in ROWS} == {"pass", "violation", "not_applicable", "not_assessable"}


REFUSED_EXPRESSIONS = {
    "whole months between dates, on which engines disagree": "months_between(disbursed_on, original_maturity)",
    "division within an expression": "balance / principal + 1",
    "integer division": "balance // 2",
    "modulo": "balance % 2",
    "text with a number": "purpose = 1",
    "text made of a number": "cast(balance as varchar)",
    "today": "current_date",
    "a hash": "hash(purpose)",
}


@pytest.mark.parametrize("measure", REFUSED_EXPRESSIONS.values(), ids=REFUSED_EXPRESSIONS)
def test_what_engines_do_not_agree_on_is_not_in_the_language(measure: str) -> None:
    assert policy_builder.lint_errors([{"measure": measure, "limit": "1", "unit": ""}])


def test_an_unknown_element_of_a_list_is_never_found(spark: Any) -> None:
    """As facts may hold it, and no example can write it."""
    found = call_function("has", functions.column_reference("held"), functions.sql_literal("text", "A"))
    lists = "VALUES (1, ARRAY('A', NULL)), (2, ARRAY('B', NULL)), (3, CAST(ARRAY() AS ARRAY<STRING>)), (4, NULL)"
    theirs = spark.sql(f"SELECT n, {render(found, CLUSTER)} FROM {lists} AS t(n, held) ORDER BY n").collect()
    rows = "VALUES (1, ['A', NULL]), (2, ['B', NULL]), (3, []), (4, NULL)"
    ours = duckdb.sql(f"SELECT n, {render(found, BOOK)} FROM ({rows}) AS t(n, held) ORDER BY n").fetchall()
    assert [tuple(row) for row in theirs] == ours == [(1, True), (2, False), (3, False), (4, None)]


def test_months_are_added_alike_from_every_day(spark: Any, tmp_path: Path) -> None:
    """Every day of four years, sixty months on and back; and the share of a term between any two of some days."""
    first, last = date(2019, 12, 25), date(2024, 3, 5)
    day, months, other = (functions.column_reference(name) for name in ("day", "months", "other"))
    share = functions.sql_literal("number", "0.5")
    asked = {"added": call_function("add_months", day, months), "share": call_function("add_term", day, other, share)}
    texts = {
        engine: ", ".join(f"{render(tree, engine)} AS {name}" for name, tree in asked.items())
        for engine in (BOOK, CLUSTER)
    }
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE pairs AS SELECT CAST(d AS DATE) AS day, m AS months, CAST(d AS DATE) + CAST(37 * abs(m) AS INTEGER) AS other "
        "FROM range($first, $last, INTERVAL 1 DAY) AS t(d), range(-30, 31) AS u(m)",
        {"first": first, "last": last + timedelta(days=1)},
    )
    con.sql(f"SELECT day, months, other, {texts[BOOK]} FROM pairs").write_parquet(str(tmp_path / "pairs.parquet"))
    spark.read.parquet(str(tmp_path / "pairs.parquet")).drop("added", "share").createOrReplaceTempView("pairs")
    spark.read.parquet(str(tmp_path / "pairs.parquet")).createOrReplaceTempView("ours")
    theirs = f"SELECT day, months, other, {texts[CLUSTER]} FROM pairs"
    differ = spark.sql(f"SELECT * FROM ({theirs}) EXCEPT ALL SELECT * FROM ours").collect()
    assert differ == []
    assert con.sql("SELECT count(*) FROM pairs").fetchall() == [(93_513,)]


def test_an_overflow_and_a_bad_cast_are_errors_never_a_silent_null(spark: Any) -> None:
    from pyspark.errors import ArithmeticException, NumberFormatException

    session.require_semantics(spark)
    with pytest.raises(ArithmeticException):
        spark.sql(
            "SELECT CAST(9 AS DECIMAL(1, 0)) + CAST(x AS DECIMAL(38, 0)) FROM VALUES "
            "('99999999999999999999999999999999999999') AS t(x)"
        ).collect()
    with pytest.raises(NumberFormatException):
        spark.sql("SELECT CAST(x AS INT) FROM VALUES ('eins') AS t(x)").collect()


@pytest.mark.parametrize("setting", session.SEMANTICS)
def test_every_setting_that_verdicts_depend_on_is_set_again(spark: Any, setting: str) -> None:
    spark.conf.unset(setting)
    session.require_semantics(spark)
    assert spark.conf.get(setting) == session.SEMANTICS[setting]
