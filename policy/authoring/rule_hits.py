"""What a run found by each rule: records by verdict, and the loans and balance behind its violations."""

from datetime import date

import duckdb
import polars as pl

from data.storage import query
from policy.authoring.uncovered_exposure import compute_tables_coverage
from policy.model.records import VERDICTS, Policy


def count_by_rule(con: duckdb.DuckDBPyConnection, run_id: str) -> pl.DataFrame:
    """[rule_id, pass, violation, not_applicable, not_assessable, loans, yuan], a row a rule that the run judged."""
    counts = ", ".join(f"coalesce(sum(subjects) FILTER (verdict = '{name}'), 0)::BIGINT AS {name}" for name in VERDICTS)
    return query.fetch_frame(
        con,
        f"""WITH counted AS (SELECT rule_id, {counts} FROM run_counts WHERE run_id = $run GROUP BY rule_id),
        loan AS (
            SELECT rule_id, loan_id, any_value(balance) AS balance FROM violations
            WHERE run_id = $run AND loan_id IS NOT NULL GROUP BY ALL),
        behind AS (SELECT rule_id, count(*) AS loans, coalesce(sum(balance), 0) AS yuan FROM loan GROUP BY rule_id)
        SELECT c.*, coalesce(b.loans, 0) AS loans, coalesce(b.yuan, 0) AS yuan
        FROM counted c LEFT JOIN behind b USING (rule_id) ORDER BY c.rule_id""",
        run=run_id,
    )


def count_hits_by_row(con: duckdb.DuckDBPyConnection, policy: Policy, as_of: date, table: str) -> dict[str, int]:
    """Each row of a limit table with how many records of the snapshot it answers for; of several askers the most."""
    found: dict[str, int] = {}
    for each in compute_tables_coverage(con, policy, as_of, {table}):
        for row, records in each.row_hits:
            found[row.row_id] = max(found.get(row.row_id, 0), records)
    return found


def list_policy_versions(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """[policy_version, stored_at, first_day, last_day, runs]: the policy versions the book keeps, newest first."""
    return query.fetch_frame(
        con,
        """SELECT p.policy_version, p.stored_at, min(r.as_of) AS first_day, max(r.as_of) AS last_day,
               count(r.run_id) AS runs
           FROM policy_versions p LEFT JOIN runs r USING (policy_version)
           GROUP BY ALL ORDER BY p.stored_at DESC""",
    )


def load_table_texts(con: duckdb.DuckDBPyConnection, version: str) -> dict[str, str]:
    """The stored tables of a version, whether or not this engine can still read them."""
    return dict(
        con.execute(
            """SELECT unnest(json_keys(tables)), unnest(list_transform(json_keys(tables),
                   lambda name : json_extract_string(tables, '$."' || name || '"')))
               FROM policy_versions WHERE policy_version = ?""",
            [version],
        ).fetchall()
    )
