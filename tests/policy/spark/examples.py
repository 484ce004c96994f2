"""The examples of a policy, judged on Spark by the text that the compiler writes for it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb

from data.language.dialects import CLUSTER
from policy.authoring import examples
from policy.engine.batch import decode_verdict, split_rules
from policy.engine.compiler import CompiledSubject, compile_subject
from policy.model.records import Example, Policy

ExampleOutcome = tuple[str, str | None, str | None]
"""(verdict, measured value, limit)"""


def judge_examples(spark: Any, policy: Policy, folder: Path) -> dict[str, ExampleOutcome]:
    """What Spark says of every example, by its id."""
    con = duckdb.connect(":memory:")
    found: dict[str, ExampleOutcome] = {}
    for subject in policy.subjects:
        own = [e for e in policy.examples if policy.rules[e.rule_id].subject == subject]
        compiled = compile_subject(policy, subject, aggregates_given=True)
        examples.create_example_table(con, compiled, own)
        con.sql("FROM example").write_parquet(str(folder / f"{subject}.parquet"))
        for rules in split_rules(compiled.rules):
            found |= _judge_subject(spark, replace(compiled, rules=rules), own, str(folder / f"{subject}.parquet"))
    con.close()
    return found


def _judge_subject(spark: Any, compiled: CompiledSubject, own: list[Example], file: str) -> dict[str, ExampleOutcome]:
    numbers = {rule.rule_id: n for n, rule in enumerate(compiled.rules)}
    mine = {e.example_id: numbers[e.rule_id] for e in own if e.rule_id in numbers}
    records = spark.read.parquet(file)
    records.where(records.example_id.isin(list(mine))).createOrReplaceTempView("example")
    roots = frozenset({"example_id"}).union(*(rule.verdict_columns for rule in compiled.rules))
    select = compiled.query.render_query("example", roots, engine=CLUSTER)
    values = ", ".join(
        f"ARRAY(CAST({code} AS STRING), {measured}, {limit}) AS r{n}"
        for n, (code, measured, limit) in enumerate(rule.render_verdict_sql(CLUSTER) for rule in compiled.rules)
    )
    found = {}
    for example_id, *results in spark.sql(f"{select} SELECT example_id, {values} FROM columns").collect():
        rule = compiled.rules[mine[example_id]]
        code, measured, limit = results[mine[example_id]]
        found[example_id] = (decode_verdict(int(code), rule.inputs)[0], measured, limit)
    return found
