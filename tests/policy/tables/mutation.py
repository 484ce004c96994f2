"""How many mutants of the policy its examples and boundary records catch.

`python -m tests.policy.tables.mutation [--sample N] [--tables DIR]` prints the figures, and every survivor.
"""

import argparse
import random
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from data.dictionary import DUCKDB_TYPES
from policy.decision_tables import gaps_and_overlaps
from policy.engine.compiler import CompiledSubject, compile_subject
from policy.engine.verdict_codes import MISSING, PASS, VIOLATION, CompiledRule
from policy.model import table_folder
from policy.model.records import LimitRow, LimitTable, Policy
from policy.runs import snapshot_check
from tests.policy.evaluator.judge import PolicyTables
from tests.policy.tables import boundary_records, mutants
from tests.policy.tables.mutants import Mutant


@dataclass
class MutationScore:
    caught: int = 0
    refused: int = 0
    equivalent: list[tuple[Mutant, str]] = field(default_factory=list)
    survivors: list[Mutant] = field(default_factory=list)

    @property
    def share_caught(self) -> float:
        """Of those that the linter does not refuse already, and that are another policy."""
        return self.caught / max(1, self.caught + len(self.survivors))


def compile_rule(policy: Policy, rule_id: str) -> tuple[CompiledSubject, CompiledRule] | None:
    """One rule alone; None when it does not compile."""
    only = replace(policy, versions=tuple(rule for rule in policy.versions if rule.rule_id == rule_id))
    compiled = compile_subject(only, only.versions[0].subject, aggregates_given=True)
    errors = [problem for problem in compiled.all_problems if problem.level == "error"]
    return None if errors or len(compiled.rules) != 1 else (compiled, compiled.rules[0])


def outcome_columns_sql(rule: CompiledRule) -> str:
    """Code (whatever is missing alike), and the values where it is decided."""
    code = rule.rendered_sql.code
    decided = f"{code} IN ({PASS}, {VIOLATION})"
    return (
        f"least({code}, {MISSING}), CASE WHEN {decided} THEN {rule.rendered_sql.measured} END, "
        f"CASE WHEN {decided} THEN {rule.rendered_sql.limit} END"
    )


class RuleRecords:
    """The records of each rule with the outcomes that the policy gives them, as tables."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.con, self.read = policy, duckdb.connect(":memory:"), PolicyTables(policy.texts)
        self.con.execute("SET threads = 1")
        self.rules: dict[str, boundary_records.RuleAnalysis] = {}
        self.tables: dict[str, str] = {}

    def rule_analysis(self, rule_id: str) -> boundary_records.RuleAnalysis:
        if rule_id not in self.rules:
            self.rules[rule_id] = boundary_records.RuleAnalysis(self.policy, rule_id, self.read)
        return self.rules[rule_id]

    def records_table(self, rule_id: str) -> str:
        """The records of a rule, made when first asked."""
        if rule_id not in self.tables:
            self.tables[rule_id] = f"records{len(self.tables)}"
            self._create_tables(rule_id, self.tables[rule_id])
        return self.tables[rule_id]

    def _create_tables(self, rule_id: str, name: str) -> None:
        rule = self.rule_analysis(rule_id)
        load_records(self.con, f"{name}_facts", rule, boundary_records.boundary_records(rule))
        built = compile_rule(self.policy, rule_id)
        assert built, f"{rule_id} does not compile"
        compiled, only = built
        select = compiled.query.render_query(f"{name}_facts", only.columns_read)
        self.con.execute(f"CREATE TABLE {name}_said AS {select} SELECT n, {outcome_columns_sql(only)} FROM columns")
        self.con.execute(
            f"CREATE TABLE {name} AS SELECT f.*, s.* RENAME (n AS n_said) FROM {name}_facts f JOIN "
            f"{name}_said s(n, said, said_measured, said_limit) ON f.n = s.n"
        )

    def is_caught_by(self, mutant: Mutant, rule_id: str) -> bool | None:
        """Whether a record of the rule is judged otherwise; None where the mutant does not compile."""
        built = compile_rule(mutant.policy, rule_id)
        if built is None:
            return None
        compiled, only = built
        select = compiled.query.render_query(self.records_table(rule_id), only.columns_read)
        found = self.con.execute(
            f"{select}, now(verdict, measured, limit_value, said, said_measured, said_limit) AS MATERIALIZED "
            f"(SELECT {outcome_columns_sql(only)}, said, said_measured, said_limit FROM columns) "
            "SELECT count(*) FROM now WHERE verdict <> said OR measured IS DISTINCT FROM said_measured "
            "OR limit_value IS DISTINCT FROM said_limit"
        ).fetchall()
        return found[0][0] > 0


def load_records(
    con: duckdb.DuckDBPyConnection,
    name: str,
    rule: boundary_records.RuleAnalysis,
    records: list[boundary_records.Facts],
) -> None:
    """Records as a table of the types of their facts, numbered."""
    types = {field: DUCKDB_TYPES[rule.types[field]] for field in rule.fields}
    rows = [{f: _to_text(r[f]) for f in types} | {"n": str(n)} for n, r in enumerate(records)]
    con.register("texts", pl.DataFrame(rows, schema=dict.fromkeys([*types, "n"], pl.String)).to_arrow())
    casts = ", ".join(
        f'CAST(string_split("{f}", \'|\') AS {t}) AS "{f}"' if t.endswith("[]") else f'CAST("{f}" AS {t}) AS "{f}"'
        for f, t in types.items()
    )
    con.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT CAST(n AS INTEGER) AS n, {casts} FROM texts")
    con.unregister("texts")


def _to_text(value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, tuple):
        return "|".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


class PolicyMutations:
    """All mutants of a policy, and who catches them."""

    def __init__(self, policy: Policy) -> None:
        self.policy, self.records = policy, RuleRecords(policy)

    @cached_property
    def rules_by_dependency(self) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
        """Limit table, and table.column -> rules that ask it; subject.derived field -> rules that read it."""
        asked: dict[str, list[str]] = {}
        derived: dict[str, list[str]] = {}
        for rule_id in self.policy.rules:
            rule = self.records.rule_analysis(rule_id)
            for name in (*rule.asked, *rule.limits):
                asked.setdefault(name, []).append(rule_id)
            for name in rule.derived:
                derived.setdefault(f"{rule.name}.{name}", []).append(rule_id)
        return {k: tuple(v) for k, v in asked.items()}, {k: tuple(v) for k, v in derived.items()}

    def generate_mutants(self) -> Iterator[Mutant]:
        dates = {
            rule_id: [
                name
                for name in self.records.rule_analysis(rule_id).fields
                if self.records.rule_analysis(rule_id).types[name] == "date"
            ]
            for rule_id in self.policy.rules
        }
        yield from mutants.mutate_rules(self.policy, dates)
        yield from mutants.mutate_limit_tables(self.policy, self.rules_by_dependency[0])
        yield from mutants.mutate_derived_fields(self.policy, self.rules_by_dependency[1])

    def is_refused(self, mutant: Mutant) -> bool:
        """Whether the linter refuses it: two rows answer for one record."""
        if not mutant.table.startswith("limits/"):
            return False
        name = mutant.table.removeprefix("limits/").removesuffix(".csv")
        table = mutant.policy.limit_tables[name]
        return (
            table.hit_policy == "unique"
            and next(gaps_and_overlaps.build_grid(table, {}).find_overlaps(), None) is not None
        )

    def equivalence_reason(self, mutant: Mutant) -> str:
        """Why no record at all can tell the mutant from the policy; empty when one might."""
        if not mutant.table.startswith("limits/"):
            return ""
        name = mutant.table.removeprefix("limits/").removesuffix(".csv")
        if self._is_never_in_force(mutant, name):
            return "no rule that asks the row is in force before it begins"
        before, after = (policy.limit_tables[name] for policy in (self.policy, mutant.policy))
        row, changed = next((a, b) for a, b in zip(before.rows, after.rows, strict=True) if a != b)
        others = [other for other in before.rows if other is not row]
        if before.hit_policy == "collect" and any(
            self._is_implied_by_row(mutant, before, other, row)
            and self._is_implied_by_row(mutant, before, other, changed)
            for other in others
        ):
            return "another row of a collect table, at least as strict, answers whenever it does"
        return ""

    def _is_never_in_force(self, mutant: Mutant, table: str) -> bool:
        if mutant.column != "effective_from":
            return False
        rules = [self.records.rule_analysis(rule_id) for rule_id in mutant.rules]
        return all(
            rule.asked[table] == rule.act
            and all(str(v.effective_from) >= max(mutant.before, mutant.after) for v in rule.versions)
            for rule in rules
        )

    def _is_implied_by_row(self, mutant: Mutant, table: LimitTable, other: LimitRow, row: LimitRow) -> bool:
        """Whether a row answers whenever another does, and no limit of it is weaker for the rules that ask."""
        longer = other.effective_from <= row.effective_from and other.effective_to >= row.effective_to
        wider = all(other.cells[key.name] in ("-", "", row.cells[key.name]) for key in table.key_columns)
        signs = {version.comparator for rule in mutant.rules for version in self.records.rule_analysis(rule).versions}
        upper, lower = signs <= {"<=", "<"}, signs <= {">=", ">"}
        limits = [column.name for column in table.columns if column.role == "limit"]
        pairs = [(other.cells[name], row.cells[name]) for name in limits]
        numbers = all(column.type in mutants.SMALLEST_STEP for column in table.columns if column.role == "limit")
        if not (numbers and longer and wider and (upper or lower) and all(a and b for a, b in pairs)):
            return False
        return all(Decimal(a) <= Decimal(b) if upper else Decimal(a) >= Decimal(b) for a, b in pairs)

    def score_mutants(self, chosen: Iterable[Mutant]) -> MutationScore:
        found = MutationScore()
        for mutant in chosen:
            if self.is_refused(mutant):
                found.refused += 1
                continue
            if why := self.equivalence_reason(mutant):
                found.equivalent.append((mutant, why))
                continue
            said = [self.records.is_caught_by(mutant, rule_id) for rule_id in mutant.rules[:1]]
            for rule_id in mutant.rules[1:]:
                if any(said) or None in said:
                    break
                said.append(self.records.is_caught_by(mutant, rule_id))
            if None in said:
                found.refused += 1
            elif any(said):
                found.caught += 1
            else:
                found.survivors.append(mutant)
        return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.policy.tables.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, help="only so many, chosen at random (seed 1)")
    parser.add_argument("--tables", type=Path, default=table_folder.SHIPPED_TABLES, help="folder of policy tables")
    arguments = parser.parse_args()
    start = time.perf_counter()
    mutations = PolicyMutations(snapshot_check.load_policy(str(arguments.tables)))
    chosen = list(mutations.generate_mutants())
    if arguments.sample:
        chosen = random.Random(1).sample(chosen, arguments.sample)
    score = mutations.score_mutants(chosen)
    for mutant in score.survivors:
        print(f"survived: {mutant}")
    for why in sorted({why for _, why in score.equivalent}):
        print(f"{sum(reason == why for _, reason in score.equivalent):,} mutants are no other policy: {why}.")
    print(
        f"{len(chosen):,} mutants: {score.refused:,} refused by the linter, {score.caught:,} caught, "
        f"{len(score.survivors):,} survive: {score.share_caught:.2%} caught, {time.perf_counter() - start:.0f} s."
    )
    return 0 if score.share_caught >= 0.98 else 1


if __name__ == "__main__":
    sys.exit(main())
