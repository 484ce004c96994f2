"""The compiled rules of one subject over its facts on Spark: one wide query, then counts and one row a violation."""

from dataclasses import replace
from typing import TYPE_CHECKING

from data import dictionary
from data.errors import LoanlightError
from data.language.dialects import CLUSTER, quote_identifier, render
from data.language.functions import sql_literal
from data.messages.catalogue import bilingual
from policy.engine.batch import CODES_PER_PACK, IDENTITY, decode_verdict, split_rules
from policy.engine.compiler import CompiledSubject
from policy.engine.verdict_codes import MISSING, NOT_APPLICABLE, PASS, REASONS, VIOLATION, CompiledRule
from policy.spark.file_system import Folder

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

MEANINGS_SCHEMA = "rule INT, code INT, rule_id STRING, verdict STRING, reason STRING, field STRING"


def judge_subject(spark: "SparkSession", judged: CompiledSubject, out: Folder) -> int:
    """Writes the counts and the violations of a subject below `out`; returns how many records were judged.

    Raises LoanlightError when the verdicts of a rule do not add up to the records.
    """
    for number, rules in enumerate(split_rules(judged.rules)):
        _judge_chunk(spark, replace(judged, rules=rules), number, out)
    return _count_records(spark, judged, out)


def _judge_chunk(spark: "SparkSession", judged: CompiledSubject, number: int, out: Folder) -> None:
    """Some rules of a subject, since planning grows faster than their number."""
    from pyspark import StorageLevel

    subject = judged.subject
    coded = spark.sql(coded_rules_sql(judged))
    # A lost executor takes its part along; Spark then judges that part again.
    coded.persist(StorageLevel.MEMORY_AND_DISK)
    try:
        view = f"judged_{subject}_{number}"
        coded.createOrReplaceTempView(view)
        _count_verdicts(spark, judged, view).write.parquet(out.path_of(f"counts/{subject}"), mode="append")
        _select_violations(spark, judged, view).write.parquet(out.path_of(f"violations/{subject}"), mode="append")
    finally:
        coded.unpersist()


def _count_records(spark: "SparkSession", judged: CompiledSubject, out: Folder) -> int:
    """The records of the subject, which every rule has as many verdicts of."""
    subject = judged.subject
    counted = spark.read.parquet(out.path_of(f"counts/{subject}")).groupBy("rule_id").sum("subjects").collect()
    verdicts = {str(rule_id): int(count) for rule_id, count in counted}
    records = spark.table(f"facts_{subject}").count()
    for rule in judged.rules:
        if verdicts.get(rule.rule_id, 0) != records:
            total = verdicts.get(rule.rule_id, 0)
            raise LoanlightError(
                bilingual("engine.verdicts_incomplete", rule=rule.rule_id, verdicts=total, records=records)
            )
    return int(records)


def coded_rules_sql(judged: CompiledSubject) -> str:
    """Who was judged, every code (eight to a number), and what was measured where it is a violation."""
    rules, subject = judged.rules, judged.subject
    identity = (dictionary.load_subjects()[subject].id, *IDENTITY, "balance")
    roots = frozenset(identity).union(*(rule.verdict_columns for rule in rules))
    select = judged.query.render_query(CLUSTER.facts_sql(subject), roots, pruned=True, engine=CLUSTER)
    texts = [rule.render_verdict_sql(CLUSTER) for rule in rules]
    codes = ", ".join(f"{code} AS r{n}" for n, (code, _, _) in enumerate(texts))
    found = ", ".join(
        f"CASE WHEN r{n} = {VIOLATION} "
        f"THEN NAMED_STRUCT('rule', {n}, 'measured', {measured}, 'limit_value', {limit}) END"
        for n, (_, measured, limit) in enumerate(texts)
    )
    some = " OR ".join(f"r{n} = {VIOLATION}" for n in range(len(rules)))
    return f"""{select}, coded AS (SELECT *, {codes} FROM columns)
        SELECT {quote_identifier(identity[0], CLUSTER)} AS subject_id, {", ".join(IDENTITY)}, balance,
            ARRAY({_packed_codes_sql(len(rules))}) AS packs,
            CASE WHEN {some} THEN FILTER(ARRAY({found}), found -> found IS NOT NULL) END AS violations
        FROM coded"""


def _packed_codes_sql(rules: int) -> str:
    return ", ".join(
        " | ".join(
            f"SHIFTLEFT(CAST(r{n} AS BIGINT), {8 * (n - first)})"
            for n in range(first, min(first + CODES_PER_PACK, rules))
        )
        for first in range(0, rules, CODES_PER_PACK)
    )


def _count_verdicts(spark: "SparkSession", judged: CompiledSubject, view: str) -> "DataFrame":
    """Verdicts by rule, branch, reason and missing field; without a CTE, in which Spark does not see what is cached."""
    rules = judged.rules
    spark.createDataFrame(list_code_meanings(rules), MEANINGS_SCHEMA).createOrReplaceTempView(f"{view}_meanings")
    places = ", ".join(str(place) for place in range(CODES_PER_PACK))
    return spark.sql(
        f"""SELECT /*+ BROADCAST(m) */ m.rule_id, {_text_literal(judged.subject)} AS subject,
            c.branch_id, m.verdict,
            m.reason, m.field, c.subjects
        FROM (
            SELECT number * {CODES_PER_PACK} + place AS rule, branch_id,
                CAST(SHIFTRIGHT(pack, {CODES_PER_PACK} * place) & 255 AS INT) AS code, SUM(subjects) AS subjects
            FROM (
                SELECT *, EXPLODE(ARRAY({places})) AS place FROM (
                    SELECT branch_id, number, pack, COUNT(*) AS subjects
                    FROM (SELECT branch_id, POSEXPLODE(packs) AS (number, pack) FROM {view}) AS each
                    GROUP BY branch_id, number, pack
                ) AS packed
            ) AS placed
            WHERE number * {CODES_PER_PACK} + place < {len(rules)} GROUP BY 1, 2, 3
        ) AS c JOIN {view}_meanings AS m ON c.rule = m.rule AND c.code = m.code"""
    )


def list_code_meanings(rules: list[CompiledRule]) -> list[tuple[int, int, str, str, str | None, str | None]]:
    """What every code of every rule says."""
    known = (PASS, NOT_APPLICABLE, VIOLATION, *REASONS)
    return [
        (number, code, rule.rule_id, *decode_verdict(code, rule.inputs))
        for number, rule in enumerate(rules)
        for code in (*known, *range(MISSING, MISSING + len(rule.inputs)))
    ]


def _select_violations(spark: "SparkSession", judged: CompiledSubject, view: str) -> "DataFrame":
    names = ", ".join(_text_literal(rule.rule_id) for rule in judged.rules)
    return spark.sql(
        f"""SELECT MD5(CAST(rule_id || '|' || subject_id AS BINARY)) AS violation_id, rule_id,
            {_text_literal(judged.subject)} AS subject, subject_id, {", ".join(IDENTITY)}, balance, measured,
            limit_value, {_text_literal(judged.policy.version)} AS policy_version
        FROM (SELECT *, ELEMENT_AT(ARRAY({names}), found.rule + 1) AS rule_id, found.measured AS measured,
                found.limit_value AS limit_value
            FROM (SELECT subject_id, {", ".join(IDENTITY)}, balance, EXPLODE(violations) AS found
                FROM {view} WHERE violations IS NOT NULL) AS each) AS named"""
    )


def _text_literal(value: str) -> str:
    return render(sql_literal("text", value), CLUSTER)
