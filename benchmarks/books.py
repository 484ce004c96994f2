"""Books to measure: the demo book, and facts of more loans than it has, copied set-based under new ids."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from data import dictionary
from data.facts import derivation
from data.language.dialects import quote_identifier
from data.storage import book
from policy.model.records import Policy
from policy.runs import snapshot_check
from policy.spark import cluster_check


def keep_loan_rules(policy: Policy, max_rules: int | None = None) -> Policy:
    """The policy with none but the rules on loans, or the first of them."""
    some = list(policy.rules_of_subject("loan"))[:max_rules]
    versions = tuple(rule for rule in policy.versions if rule.rule_id in some)
    return replace(policy, versions=versions, version=f"{policy.version}, {len(some)} rules")


def copy_facts(source: Path, target: Path, as_of: date, loans: int) -> int:
    """Facts of so many loans, and of what their rules gather, from the source; returns how often it was copied."""
    subjects = cluster_check.subjects_to_read(keep_loan_rules(snapshot_check.load_policy()))
    with book.open_for_writing(target) as con:
        derivation.derive_facts(con, as_of)
    con = duckdb.connect(str(target))
    con.execute(f"ATTACH '{source}' AS source (READ_ONLY)")
    held = con.execute("SELECT count(*) FROM source.facts_loan WHERE as_of = ?", [as_of]).fetchall()[0][0]
    copies = max(1, -(-loans // held))
    con.execute(
        "CREATE TEMP TABLE chosen AS SELECT loan_id FROM source.facts_loan WHERE as_of = ? ORDER BY loan_id LIMIT ?",
        [as_of, min(loans, held)],
    )
    for subject in subjects:
        names = [quote_identifier(name) for name in dictionary.facts_of_subject(subject)]
        ids = {quote_identifier(dictionary.load_subjects()[subject].id), quote_identifier("loan_id")}
        values = ", ".join(f"{n} || if(copy = 0, '', '-' || copy)" if n in ids else n for n in names)
        con.execute(
            f"""INSERT INTO facts_{subject} ({", ".join(names)}) SELECT {values}
            FROM range(?) c(copy), source.facts_{subject}
            WHERE as_of = ? AND loan_id IN (SELECT loan_id FROM chosen)""",
            [copies, as_of],
        )
    con.execute("CHECKPOINT")
    con.close()
    return copies
