"""The results of a run as pages show them: counts by rule, what could not be judged, and whether the rows add up."""

from dataclasses import dataclass
from datetime import date

import duckdb
import polars as pl

from data.history.validity import IS_CURRENT, valid_on_sql
from data.storage import query
from policy.runs.store import RUN_TABLE_COLUMNS, Run


@dataclass(frozen=True)
class Reconciliation:
    """Loan rows of the batches of one day; `loaded`: the loans of the snapshot, judged or not.

    `difference` is what the other numbers do not explain.
    """

    rows_in: int
    loaded: int
    quarantined: int
    ignored: int
    replaced: int

    @property
    def difference(self) -> int:
        return self.rows_in - self.loaded - self.quarantined - self.ignored - self.replaced


def find_latest_run(cursor: duckdb.DuckDBPyConnection, as_of: date) -> Run | None:
    """The run judged last for a day, or None; also of a book of an earlier version, whose runs say less."""
    present = {row[0] for row in cursor.execute("SELECT column_name FROM (DESCRIBE runs)").fetchall()}
    columns = (name if name in present else f"NULL AS {name}" for name in RUN_TABLE_COLUMNS)
    row = cursor.execute(
        f"""SELECT {", ".join(columns)} FROM runs WHERE as_of = $as_of
            ORDER BY sequence DESC NULLS LAST, judged_at DESC, run_id LIMIT 1""",
        {"as_of": as_of},
    ).fetchone()
    return Run(*row) if row else None


def reconcile_rows(cursor: duckdb.DuckDBPyConnection, as_of: date) -> Reconciliation:
    """Rows in against loans of the snapshot. The table that brought the snapshot counts: loans, else snapshots.

    A row is replaced when a later import for the same day brought the same loan again.
    """
    row = cursor.execute(
        """WITH brought AS (
               SELECT t.* FROM batch_tables t JOIN batches b USING (batch_id)
               WHERE b.as_of = $as_of AND t.table_name IN ('loans', 'snapshots')),
           used AS (SELECT * FROM brought WHERE table_name = (SELECT min(table_name) FROM brought))
           SELECT coalesce(sum(rows_in), 0)::BIGINT, (SELECT count(*) FROM facts_loan WHERE as_of = $as_of),
               coalesce(sum(quarantined), 0)::BIGINT, coalesce(sum(ignored), 0)::BIGINT,
               CASE (SELECT min(table_name) FROM brought)
                   WHEN 'loans' THEN (
                       SELECT count(*) FROM loans WHERE row_valid_from = $as_of AND row_valid_to = $as_of)
                   WHEN 'snapshots' THEN (
                       SELECT count(*) FROM snapshots WHERE row_valid_from = $as_of AND row_valid_to = $as_of)
                   ELSE 0 END
           FROM used""",
        {"as_of": as_of},
    ).fetchall()[0]
    return Reconciliation(*row)


def count_subjects(cursor: duckdb.DuckDBPyConnection, run_id: str) -> dict[str, int]:
    """How many of each subject the run judged."""
    return dict(
        cursor.execute("SELECT subject, subjects FROM run_subjects WHERE run_id = $run", {"run": run_id}).fetchall()
    )


def count_violations_by_rule(
    cursor: duckdb.DuckDBPyConnection, run_id: str, branches: tuple[str, ...] = (), officers: tuple[str, ...] = ()
) -> dict[str, int]:
    """Rule → violations of these branches and account managers; none named means all."""
    kept = "(SELECT *, NULL AS officer_id FROM run_counts WHERE verdict = 'violation')"
    counted = ("count(*)", "violations") if officers else ("sum(subjects)::BIGINT", kept)
    rows = query.fetch_frame(
        cursor,
        f"""SELECT rule_id, {counted[0]} FROM {counted[1]} WHERE run_id = $run
            AND (len($branches) = 0 OR list_contains($branches, branch_id))
            AND (len($officers) = 0 OR list_contains($officers, officer_id)) GROUP BY rule_id ORDER BY rule_id""",
        run=run_id,
        branches=list(branches),
        officers=list(officers),
    )
    return dict(rows.iter_rows())


def list_judged_rules(cursor: duckdb.DuckDBPyConnection, run_id: str) -> list[str]:
    """Every rule the run judged by."""
    rows = cursor.execute("SELECT DISTINCT rule_id FROM run_counts WHERE run_id = $run ORDER BY 1", {"run": run_id})
    return [row[0] for row in rows.fetchall()]


def count_not_assessable(cursor: duckdb.DuckDBPyConnection, run_id: str) -> pl.DataFrame:
    """[rule_id, subject, reason, field, subjects], the commonest first."""
    return query.fetch_frame(
        cursor,
        """SELECT rule_id, subject, reason, field, sum(subjects)::BIGINT AS subjects FROM run_counts
           WHERE run_id = $run AND verdict = 'not_assessable'
           GROUP BY ALL ORDER BY subjects DESC, rule_id, field""",
        run=run_id,
    )


def load_branch_names(cursor: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, str]:
    """Each branch's number with its name in the snapshot, where it has another, in the order of the numbers."""
    rows = cursor.execute(
        """SELECT branch_id, branch_id || coalesce(' ' || nullif(max(branch_name), branch_id), '') FROM facts_loan
           WHERE as_of = $as_of AND branch_id IS NOT NULL GROUP BY branch_id ORDER BY branch_id""",
        {"as_of": as_of},
    )
    return dict(rows.fetchall())


def load_staff_names(cursor: duckdb.DuckDBPyConnection, as_of: date, staff: tuple[str, ...]) -> dict[str, str]:
    """The names of a few of the staff, by their numbers; without those that the register does not name."""
    rows = cursor.execute(
        f"""SELECT staff_id, max(name) FROM staff
           WHERE list_contains($staff, staff_id) AND {IS_CURRENT}
               AND name IS NOT NULL GROUP BY staff_id""",
        {"as_of": as_of, "staff": list(staff)},
    )
    return dict(rows.fetchall())


def load_officer_names(cursor: duckdb.DuckDBPyConnection, as_of: date) -> dict[str, str]:
    """Each account manager's number with the name in the staff register, where it has one."""
    rows = cursor.execute(
        f"""SELECT f.officer_id, f.officer_id || coalesce(' ' || max(s.name), '') FROM facts_loan f
           LEFT JOIN staff s ON s.staff_id = f.officer_id AND {valid_on_sql("$as_of", "s")}
           WHERE f.as_of = $as_of AND f.officer_id IS NOT NULL GROUP BY f.officer_id ORDER BY f.officer_id""",
        {"as_of": as_of},
    )
    return dict(rows.fetchall())
