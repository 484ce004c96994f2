"""The policy's own test suite: each example is a record made of its inputs, judged by the compiled rules."""

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb
import polars as pl

from data.dictionary import DUCKDB_TYPES
from policy.engine.batch import reason_of
from policy.engine.columns import identifier
from policy.engine.compiler import CompiledSubject, asked_tables, compile_subject
from policy.engine.verdict_codes import CompiledRule
from policy.model.records import Example, Policy


@dataclass(frozen=True)
class Outcome:
    """What an example expected and what the rule said; `error` when its inputs cannot be used.

    `rows`: the limit rows that answered, as table and number of the row.
    """

    example: Example
    verdict: str
    measured: str | None
    limit: str | None
    error: str = ""
    rows: frozenset[tuple[str, int]] = frozenset()

    @property
    def agrees(self) -> bool:
        said = {"measured": self.measured, "limit": self.limit}
        wanted = {"measured": self.example.measured, "limit": self.example.limit}
        values = all(not text or text == said[name] for name, text in wanted.items())
        return not self.error and values and self.verdict == self.example.verdict


def run(policy: Policy) -> list[Outcome]:
    """Judges every example, one query a subject."""
    con = duckdb.connect(":memory:")
    found: list[Outcome] = []
    for subject in policy.subjects:
        own = [e for e in policy.examples if e.rule_id in policy.rules and policy.rules[e.rule_id].subject == subject]
        if own:
            found += _run_subject(con, compile_subject(policy, subject, given=True), own)
    con.close()
    return found


def _columns(compiled: CompiledSubject) -> dict[str, str]:
    types = {name: field.sql_type for name, field in compiled.columns.facts.items()}
    derived = {name: DUCKDB_TYPES[a.derived.type] for name, a in compiled.columns.aggregates.items()}
    return types | derived


def _run_subject(con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, examples: list[Example]) -> list[Outcome]:
    columns = _columns(compiled)
    errors = {e.example_id: _unusable(con, e, columns) for e in examples}
    usable = [e for e in examples if not errors[e.example_id]]
    judged = _judge(con, compiled, usable) if usable else {}
    return [judged.get(e.example_id) or Outcome(e, "", None, None, errors[e.example_id]) for e in examples]


def _unusable(con: duckdb.DuckDBPyConnection, example: Example, columns: dict[str, str]) -> str:
    for name, text in example.inputs.items():
        if name not in columns:
            return f"unknown input '{name}'"
        if not columns[name].endswith("[]"):
            known = con.execute(f"SELECT TRY_CAST(? AS {columns[name]}) IS NOT NULL", [text]).fetchall()
            if not known[0][0]:
                return f"input {name} = '{text}' is no {columns[name]}"
    return ""


def _frame(examples: Iterable[Example], columns: dict[str, str]) -> pl.DataFrame:
    rows = [
        {name: e.inputs.get(name) for name in columns} | {"example_id": e.example_id, "as_of": e.as_of.isoformat()}
        for e in examples
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys([*columns, "example_id"], pl.String))


def _cast(name: str, sql_type: str) -> str:
    text = f"string_split(\"{name}\", '|')" if sql_type.endswith("[]") else f'"{name}"'
    return f'CAST({text} AS {sql_type}) AS "{name}"'


def load(con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, examples: list[Example]) -> None:
    """The records of examples with usable inputs, as a table `example`."""
    columns = _columns(compiled)
    con.register("texts", _frame(examples, columns).to_arrow())
    casts = ", ".join(_cast(name, sql_type) for name, sql_type in columns.items())
    con.execute(f"CREATE OR REPLACE TEMP TABLE example AS SELECT example_id, {casts} FROM texts")


def _judge(con: duckdb.DuckDBPyConnection, compiled: CompiledSubject, examples: list[Example]) -> dict[str, Outcome]:
    load(con, compiled, examples)
    values = ", ".join(
        f"[CAST({rule.texts.code} AS VARCHAR), {rule.texts.measured}, {rule.texts.limit}] AS r{n}, "
        f"{_hits(compiled, rule)} AS h{n}"
        for n, rule in enumerate(compiled.rules)
    )
    rows = con.execute(f"{compiled.columns.select('example')} SELECT example_id, {values} FROM columns").fetchall()
    by_id = {example.example_id: example for example in examples}
    number = {rule.rule_id: n for n, rule in enumerate(compiled.rules)}
    found = {}
    for example_id, *results in rows:
        n = number[by_id[example_id].rule_id]
        (code, measured, limit), hits = results[2 * n : 2 * n + 2]
        verdict = reason_of(int(code), compiled.rules[n].inputs)[0]
        asked = zip(_tables(compiled, compiled.rules[n], len(hits)), hits, strict=True)
        answered = frozenset((table, hit) for table, hit in asked if hit is not None and hit >= 0)
        found[example_id] = Outcome(by_id[example_id], verdict, measured, limit, rows=answered)
    return found


def _collected(compiled: CompiledSubject, rule: CompiledRule) -> str | None:
    """The one `collect` table that the rule asks, if it asks one."""
    tables = compiled.columns.policy.limit_tables
    return next((name for name in asked_tables(rule.newest) if tables[name].hit_policy == "collect"), None)


def _hits(compiled: CompiledSubject, rule: CompiledRule) -> str:
    """Which limit rows answered: of every table behind the rule, or of every row of the table it collects from."""
    if _collected(compiled, rule):
        return rule.texts.hits
    names = compiled.columns.hits_behind(rule.reads)
    return f"[{', '.join(map(identifier, names))}]" if names else "CAST([] AS INTEGER[])"


def _tables(compiled: CompiledSubject, rule: CompiledRule, hits: int) -> list[str]:
    collected = _collected(compiled, rule)
    return [collected] * hits if collected else list(compiled.columns.hits_behind(rule.reads).values())
