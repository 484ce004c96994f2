"""The policy's own test suite: each example is a record made of its inputs, judged by the compiled rules."""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import polars as pl

from data.dictionary import DUCKDB_TYPES
from data.language.dialects import quote_identifier
from policy.engine.batch import decode_verdict
from policy.engine.compiler import CompiledSubject, compile_subject
from policy.engine.rule_references import limit_tables_of_rule
from policy.engine.verdict_codes import CompiledRule
from policy.model.records import Example, Policy


@dataclass(frozen=True)
class ExampleResult:
    """What an example expected and what the rule said; `error` when its inputs cannot be used.

    `rows`: the limit rows that answered, as table and number of the row.
    """

    example: Example
    verdict: str
    measured: str | None
    limit: str | None
    error: str = ""
    limit_rows: frozenset[tuple[str, int]] = frozenset()

    @property
    def agrees(self) -> bool:
        said = {"measured": self.measured, "limit": self.limit}
        wanted = {"measured": self.example.measured, "limit": self.example.limit}
        values = all(not text or text == said[name] for name, text in wanted.items())
        return not self.error and values and self.verdict == self.example.verdict


def run(policy: Policy) -> list[ExampleResult]:
    """Judges every example, one query a subject."""
    con = duckdb.connect(":memory:")
    found: list[ExampleResult] = []
    for subject in policy.subjects:
        own = [e for e in policy.examples if e.rule_id in policy.rules and policy.rules[e.rule_id].subject == subject]
        if own:
            found += _judge_subject(con, compile_subject(policy, subject, aggregates_given=True), own)
    con.close()
    return found


def _list_column_types(compiled: CompiledSubject) -> dict[str, str]:
    types = {name: field.sql_type for name, field in compiled.scope.facts.items()}
    derived = {name: DUCKDB_TYPES[a.derived.type] for name, a in compiled.query.aggregates.items()}
    return types | derived


def _judge_subject(
    con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, examples: list[Example]
) -> list[ExampleResult]:
    columns = _list_column_types(compiled)
    errors = {e.example_id: _find_input_error(con, e, columns) for e in examples}
    usable = [e for e in examples if not errors[e.example_id]]
    judged = _judge_usable(con, compiled, usable) if usable else {}
    return [judged.get(e.example_id) or ExampleResult(e, "", None, None, errors[e.example_id]) for e in examples]


def _find_input_error(con: duckdb.DuckDBPyConnection, example: Example, columns: dict[str, str]) -> str:
    for name, text in example.inputs.items():
        if name not in columns:
            return f"unknown input '{name}'"
        if not columns[name].endswith("[]"):
            known = con.execute(f"SELECT TRY_CAST(? AS {columns[name]}) IS NOT NULL", [text]).fetchall()
            if not known[0][0]:
                return f"input {name} = '{text}' is no {columns[name]}"
    return ""


def _build_frame(examples: Iterable[Example], columns: dict[str, str]) -> pl.DataFrame:
    rows = [
        {name: e.inputs.get(name) for name in columns} | {"example_id": e.example_id, "as_of": e.as_of.isoformat()}
        for e in examples
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys([*columns, "example_id"], pl.String))


def _cast_column_sql(name: str, sql_type: str) -> str:
    text = f"string_split(\"{name}\", '|')" if sql_type.endswith("[]") else f'"{name}"'
    return f'CAST({text} AS {sql_type}) AS "{name}"'


def create_example_table(con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, examples: list[Example]) -> None:
    """The records of examples with usable inputs, as a table `example`."""
    columns = _list_column_types(compiled)
    con.register("texts", _build_frame(examples, columns).to_arrow())
    casts = ", ".join(_cast_column_sql(name, sql_type) for name, sql_type in columns.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE example AS SELECT example_id, {casts} FROM texts")


def _judge_usable(
    con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, examples: list[Example]
) -> dict[str, ExampleResult]:
    create_example_table(con, compiled, examples)
    values = ", ".join(
        f"[CAST({rule.rendered_sql.code} AS VARCHAR), {rule.rendered_sql.measured}, {rule.rendered_sql.limit}] "
        f"AS r{n}, {_hits_sql(compiled, rule)} AS h{n}"
        for n, rule in enumerate(compiled.rules)
    )
    rows = con.execute(f"{compiled.query.render_query('example')} SELECT example_id, {values} FROM columns").fetchall()
    by_id = {example.example_id: example for example in examples}
    number = {rule.rule_id: n for n, rule in enumerate(compiled.rules)}
    found = {}
    for example_id, *results in rows:
        n = number[by_id[example_id].rule_id]
        (code, measured, limit), hits = results[2 * n : 2 * n + 2]
        verdict = decode_verdict(int(code), compiled.rules[n].inputs)[0]
        asked = zip(_list_hit_tables(compiled, compiled.rules[n], len(hits)), hits, strict=True)
        answered = frozenset((table, hit) for table, hit in asked if hit is not None and hit >= 0)
        found[example_id] = ExampleResult(by_id[example_id], verdict, measured, limit, limit_rows=answered)
    return found


def _find_collect_table(compiled: CompiledSubject, rule: CompiledRule) -> str | None:
    """The one `collect` table that the rule asks, if it asks one."""
    tables = compiled.policy.limit_tables
    return next(
        (name for name in limit_tables_of_rule(rule.newest_version) if tables[name].hit_policy == "collect"), None
    )


def _hits_sql(compiled: CompiledSubject, rule: CompiledRule) -> str:
    """Which limit rows answered: of every table behind the rule, or of every row of the table it collects from."""
    if _find_collect_table(compiled, rule):
        return rule.rendered_sql.hits
    names = compiled.query.find_hit_columns(rule.columns_read)
    return f"[{', '.join(map(quote_identifier, names))}]" if names else "CAST([] AS INTEGER[])"


def _list_hit_tables(compiled: CompiledSubject, rule: CompiledRule, hits: int) -> list[str]:
    collected = _find_collect_table(compiled, rule)
    return [collected] * hits if collected else list(compiled.query.find_hit_columns(rule.columns_read).values())
