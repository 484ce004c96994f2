"""Books to measure: the demo book, and facts of more loans than it has, copied set-based under new ids."""

from datetime import date
from pathlib import Path

import duckdb

from data import book, dictionary, facts
from policy.columns import identifier
from policy.model import Policy


def gathered_subjects(policy: Policy) -> list[str]:
    """The child subjects whose rows the loans' derived fields gather."""
    found = [d.from_subject for d in policy.derived if d.subject == "loan" and d.from_subject]
    return list(dict.fromkeys(found))


def copied(source: Path, target: Path, as_of: date, loans: int, policy: Policy) -> int:
    """Facts of so many loans, and of what their rules gather, from the source; returns how often it was copied."""
    with book.writing(target) as con:
        facts.build(con, as_of)
    con = duckdb.connect(str(target))
    con.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
    held = con.execute("SELECT count(*) FROM source.facts_loan WHERE as_of = ?", [as_of]).fetchall()[0][0]
    copies = max(1, -(-loans // held))
    con.execute(
        "CREATE TEMP TABLE chosen AS SELECT loan_id FROM source.facts_loan WHERE as_of = ? ORDER BY loan_id LIMIT ?",
        [as_of, min(loans, held)],
    )
    for subject in ("loan", *gathered_subjects(policy)):
        names = [identifier(name) for name in dictionary.facts(subject)]
        ids = {identifier(dictionary.subjects()[subject].id), identifier("loan_id")}
        for copy in range(copies):
            values = ", ".join(f"{name} || '-{copy}'" if name in ids and copy else name for name in names)
            con.execute(
                f"INSERT INTO facts_{subject} ({', '.join(names)}) SELECT {values} FROM source.facts_{subject} "
                "WHERE as_of = ? AND loan_id IN (SELECT loan_id FROM chosen)",
                [as_of],
            )
    con.execute("CHECKPOINT")
    con.close()
    return copies
