"""Random loans under random policies, judged by the engine and by the independent evaluator.

`python -m tests.policy.differential --policies 200 --loans 500` prints what was compared and every disagreement.
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
from tests.policy import random_policies
from tests.policy.comparing import compare, stored

AS_OF = date(2024, 6, 30)
SUBJECTS = ("collateral", "loan")


@dataclass
class Outcome:
    """What was compared: verdicts by kind, and each difference."""

    loans: int = 0
    verdicts: int = 0
    differ: list[str] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)


def insert(con: duckdb.DuckDBPyConnection, subject: str, records: list[dict[str, str | None]]) -> None:
    """Facts given as text replace those of the subject; a list is written a|b."""
    columns = {name: f.sql_type for name, f in dictionary.facts(subject).items()}
    casts = ", ".join(
        f"CAST(string_split(\"{name}\", '|') AS {kind})" if kind.endswith("[]") else f'CAST("{name}" AS {kind})'
        for name, kind in columns.items()
    )
    con.register("texts", pl.DataFrame(records, schema=dict.fromkeys(columns, pl.String)).to_arrow())
    con.execute(f"DELETE FROM facts_{subject}")
    names = ", ".join(f'"{name}"' for name in columns)
    con.execute(f"INSERT INTO facts_{subject} ({names}) SELECT {casts} FROM texts")
    con.unregister("texts")


def empty_facts(path: Path) -> None:
    """A book with the tables of facts, and nothing in them."""
    with book.writing(path) as con:
        derivation.build(con, AS_OF)


def compiled_subjects(texts: dict[str, str], *, today: bool) -> list[CompiledSubject]:
    """Raises AssertionError where the generator wrote a policy that the linter would refuse."""
    policy, problems = csv_reader.read(texts)
    found = [compile_subject(policy, subject, today=today) for subject in SUBJECTS if policy.of_subject(subject)]
    wrong = [*problems, *(p for c in found for p in c.all_problems)]
    assert not wrong, wrong
    return found


def run(con: duckdb.DuckDBPyConnection, seed: int, loans: int, outcome: Outcome) -> None:
    """One policy over its own loans and collateral; every fourth one by today's rules."""
    texts, today = random_policies.policy_texts(seed), seed % 4 == 3
    for subject in SUBJECTS:
        insert(con, subject, random_policies.records(seed, subject, loans, AS_OF))
    for compiled in compiled_subjects(texts, today=today):
        compared = compare(con, compiled, texts, AS_OF, today=today)
        batch.judge(con, compiled, f"run{seed}", AS_OF)
        found = [*compared.differ, *stored(con, f"run{seed}", compiled.columns.subject, compared)]
        outcome.verdicts += compared.verdicts
        outcome.differ += [f"policy {seed} {line}" for line in found]
        for (_, verdict, reason, _), count in compared.counts.items():
            outcome.kinds[reason or verdict] += count
    outcome.loans += loans


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.policy.differential", description=__doc__)
    parser.add_argument("--policies", type=int, default=200, help="random policies")
    parser.add_argument("--loans", type=int, default=500, help="random loans for each policy")
    parser.add_argument("--seed", type=int, default=1000, help="the seed of the first policy")
    arguments = parser.parse_args()
    outcome, start = Outcome(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.duckdb"
        empty_facts(path)
        with book.writing(path) as con:
            for seed in range(arguments.seed, arguments.seed + arguments.policies):
                run(con, seed, arguments.loans, outcome)
    for line in outcome.differ[:20]:
        print(line)
    print(
        f"{outcome.loans:,} random loans under {arguments.policies:,} random policies: {outcome.verdicts:,} verdicts, "
        f"{len(outcome.differ):,} disagreements, {time.perf_counter() - start:.0f} s."
    )
    print("  " + ", ".join(f"{kind} {count:,}" for kind, count in sorted(outcome.kinds.items())))
    return 1 if outcome.differ else 0


if __name__ == "__main__":
    sys.exit(main())
