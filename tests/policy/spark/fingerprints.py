"""All that a rule says of a record (verdict, measured value, limit) on both engines, as one digest a record."""

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset as ds

from data import dictionary
from data.language.dialects import BOOK, CLUSTER, Engine
from policy.engine.batch import facts_at_sql, split_rules
from policy.engine.compiler import CompiledSubject

DIGEST_SQL = {BOOK: "MD5({})", CLUSTER: "MD5(CAST({} AS BINARY))"}
TEXT_TYPE = {BOOK: "VARCHAR", CLUSTER: "STRING"}


@dataclass
class FingerprintComparison:
    """Verdicts compared, and the records on which the engines differ, with the rules of their part."""

    verdicts: int = 0
    differences: list[str] = field(default_factory=list)


def compare_fingerprints(
    spark: Any, con: duckdb.DuckDBPyConnection, judged: CompiledSubject, as_of: date, folder: Path
) -> FingerprintComparison:
    """Every rule over every record of facts_<subject>, a table of the book and a view of the session alike."""
    found = FingerprintComparison()
    for number, rules in enumerate(split_rules(judged.rules)):
        part, out = replace(judged, rules=rules), folder / f"{judged.subject}-{number}"
        spark.sql(_fingerprint_sql(part, CLUSTER)).write.parquet(str(out))
        con.execute(f"CREATE OR REPLACE TEMP TABLE own AS {_fingerprint_sql(part, BOOK)}", {"as_of": as_of})
        records = con.execute("SELECT count(*) FROM own").fetchall()[0][0]
        con.register("other", ds.dataset(sorted(map(str, out.glob("*.parquet")))))
        rows = con.execute(
            "SELECT DISTINCT id FROM ((FROM own EXCEPT ALL FROM other) UNION ALL "
            "(FROM other EXCEPT ALL FROM own)) ORDER BY id"
        ).fetchall()
        con.unregister("other")
        found.verdicts += records * len(rules)
        found.differences += [
            f"{judged.subject} {row[0]}: one of {', '.join(r.rule_id for r in rules)}" for row in rows
        ]
    return found


def _fingerprint_sql(judged: CompiledSubject, engine: Engine) -> str:
    subject = judged.subject
    key = dictionary.load_subjects()[subject].id
    roots = frozenset({key}).union(*(rule.verdict_columns for rule in judged.rules))
    base = facts_at_sql(subject) if engine is BOOK else engine.facts_sql(subject)
    select = judged.query.render_query(base, roots, pruned=True, engine=engine)
    cells = ", ".join(
        f"COALESCE(CAST({text} AS {TEXT_TYPE[engine]}), '~')"
        for rule in judged.rules
        for text in rule.render_verdict_sql(engine)
    )
    return f"{select} SELECT {key} AS id, {DIGEST_SQL[engine].format(f'CONCAT_WS(chr(10), {cells})')} AS digest FROM columns"
