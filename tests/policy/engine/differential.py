"""Random loans under random policies, judged by the engine and by the independent evaluator.

`python -m tests.policy.engine.differential --policies 200 --loans 500` prints what was compared and every disagreement.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from data import dictionary
from data.facts import derivation
from data.storage import book
from policy.engine import batch
from policy.engine.compiler import CompiledSubject, compile_subject
from policy.model import csv_reader
from tests.policy.engine import random_policies
from tests.policy.engine.engine_comparison import compare_stored, compare_verdicts

AS_OF = date(2024, 6, 30)
SUBJECTS = ("collateral", "loan")


@dataclass
class DifferentialResult:
    """What was compared: verdicts by kind, and each difference."""

    loans: int = 0
    verdicts: int = 0
    differences: list[str] = field(default_factory=list)
    verdict_kinds: Counter[str] = field(default_factory=Counter)


def replace_facts(con: duckdb.DuckDBPyConnection, subject: str, records: list[dict[str, str | None]]) -> None:
    """Facts given as text replace those of the subject; a list is written a|b."""
    columns = {name: f.sql_type for name, f in dictionary.facts_of_subject(subject).items()}
    casts = ", ".join(
        f"CAST(string_split(\"{name}\", '|') AS {kind})" if kind.endswith("[]") else f'CAST("{name}" AS {kind})'
        for name, kind in columns.items()
    )
    con.register("texts", pl.DataFrame(records, schema=dict.fromkeys(columns, pl.String)).to_arrow())
    con.execute(f"DELETE FROM facts_{subject}")
    names = ", ".join(f'"{name}"' for name in columns)
    con.execute(f"INSERT INTO facts_{subject} ({names}) SELECT {casts} FROM texts")
    con.unregister("texts")


def make_empty_book(path: Path) -> None:
    """A book with the tables of facts, and nothing in them."""
    with book.open_for_writing(path) as con:
        derivation.derive_facts(con, AS_OF)


def compile_subjects(texts: dict[str, str], *, today: bool) -> list[CompiledSubject]:
    """Raises AssertionError where the generator wrote a policy that the linter would refuse."""
    policy, problems = csv_reader.read_policy(texts)
    found = [compile_subject(policy, subject, today=today) for subject in SUBJECTS if policy.rules_of_subject(subject)]
    wrong = [*problems, *(p for c in found for p in c.all_problems)]
    assert not wrong, wrong
    return found


def run_seed(con: duckdb.DuckDBPyConnection, seed: int, loans: int, outcome: DifferentialResult) -> None:
    """One policy over its own loans and collateral; every fourth one by today's rules."""
    texts, today = random_policies.random_policy_texts(seed), seed % 4 == 3
    for subject in SUBJECTS:
        replace_facts(con, subject, random_policies.random_records(seed, subject, loans, AS_OF))
    for compiled in compile_subjects(texts, today=today):
        compared = compare_verdicts(con, compiled, texts, AS_OF, today=today)
        batch.judge_subject(con, compiled, f"run{seed}", AS_OF)
        found = [*compared.differences, *compare_stored(con, f"run{seed}", compiled.subject, compared)]
        outcome.verdicts += compared.verdicts
        outcome.differences += [f"policy {seed} {line}" for line in found]
        for (_, verdict, reason, _), count in compared.counts.items():
            outcome.verdict_kinds[reason or verdict] += count
    outcome.loans += loans


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.policy.engine.differential", description=__doc__)
    parser.add_argument("--policies", type=int, default=200, help="random policies")
    parser.add_argument("--loans", type=int, default=500, help="random loans for each policy")
    parser.add_argument("--seed", type=int, default=1000, help="the seed of the first policy")
    arguments = parser.parse_args()
    outcome, start = DifferentialResult(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.duckdb"
        make_empty_book(path)
        with book.open_for_writing(path) as con:
            for seed in range(arguments.seed, arguments.seed + arguments.policies):
                run_seed(con, seed, arguments.loans, outcome)
    for line in outcome.differences[:20]:
        print(line)
    print(
        f"{outcome.loans:,} random loans under {arguments.policies:,} random policies: {outcome.verdicts:,} verdicts, "
        f"{len(outcome.differences):,} disagreements, {time.perf_counter() - start:.0f} s."
    )
    print("  " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(outcome.verdict_kinds.items())))
    return 1 if outcome.differences else 0


if __name__ == "__main__":
    sys.exit(main())
