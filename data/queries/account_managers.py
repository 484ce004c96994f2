"""The books of account managers, their violations, and rates over the snapshots: grouped scans, one row a manager."""

from datetime import date

import duckdb
import polars as pl

from data.storage import query

# Running loans of every currency count; amounts are of one currency only, for they are added up.
PORTFOLIOS_SQL = """
    SELECT f.officer_id, mode(f.branch_id ORDER BY f.branch_id) AS home, count(*) AS loans,
        coalesce(sum(f.balance) FILTER (ours), 0) AS balance,
        coalesce(sum(f.balance) FILTER (ours AND f.classification IS NOT NULL), 0) AS classified_balance,
        coalesce(sum(f.balance) FILTER (ours AND c.attr = 'npl'), 0) AS npl_balance,
        coalesce(sum(f.balance) FILTER (ours AND f.days_past_due IS NOT NULL), 0) AS dated_balance,
        count(*) FILTER (f.days_past_due > 0) AS overdue_loans,
        coalesce(sum(f.balance) FILTER (ours AND f.days_past_due > 0), 0) AS overdue_balance,
        count(*) FILTER (f.days_to_maturity BETWEEN 0 AND $within) AS due_loans,
        coalesce(sum(f.balance) FILTER (ours AND f.days_to_maturity BETWEEN 0 AND $within), 0) AS due_balance
    FROM (SELECT *, currency IS NOT DISTINCT FROM $currency AS ours FROM facts_loan
          WHERE as_of = $as_of AND is_running) f
    LEFT JOIN codes c ON c.list = 'classification' AND c.code = f.classification
    GROUP BY f.officer_id"""

# steady: managers with loans at the first and the last run; grouped: those at the session and those never taught.
VIOLATION_RATES_SQL = """
    WITH chosen AS (
        SELECT r.as_of, r.run_id FROM runs r WHERE list_contains($runs, r.run_id)
    ), taught AS (
        SELECT staff_id, bool_or(held_on = $held_on) AS there FROM facts_training
        WHERE as_of = $as_of AND clause_group = $topic AND held_on <= $as_of GROUP BY staff_id
    ), held AS (
        SELECT c.run_id, c.as_of, f.officer_id, count(*) AS loans
        FROM chosen c JOIN facts_loan f ON f.as_of = c.as_of AND f.is_running AND f.officer_id IS NOT NULL
        GROUP BY ALL
    ), steady AS (
        SELECT officer_id FROM held
        WHERE as_of IN ((SELECT min(as_of) FROM chosen), (SELECT max(as_of) FROM chosen))
        GROUP BY officer_id HAVING count(DISTINCT as_of) = 2
    ), grouped AS (
        SELECT s.officer_id, coalesce(t.there, false) AS trained
        FROM steady s LEFT JOIN taught t ON t.staff_id = s.officer_id
        WHERE t.there OR t.staff_id IS NULL
    ), found AS (
        SELECT v.run_id, v.officer_id, count(*) AS violations FROM violations v
        WHERE list_contains($runs, v.run_id) AND list_contains($rules, v.rule_id)
        GROUP BY ALL
    )
    SELECT h.as_of, g.trained, count(*) AS managers, sum(h.loans)::BIGINT AS loans,
        coalesce(sum(f.violations), 0)::BIGINT AS violations
    FROM held h JOIN grouped g USING (officer_id)
    LEFT JOIN found f ON f.run_id = h.run_id AND f.officer_id = h.officer_id
    GROUP BY ALL ORDER BY ALL"""


def list_portfolios(cursor: duckdb.DuckDBPyConnection, as_of: date, currency: str | None, within: int) -> pl.DataFrame:
    """One row a manager with running loans, the largest book first; loans that name no manager are of `None`.

    [officer_id, name, branch_id, branch_name, role, hire_date, is_employed, topics_taken, loans, balance,
    classified_balance, npl_balance, dated_balance, overdue_loans, overdue_balance, due_loans, due_balance]
    """
    return query.fetch_frame(
        cursor,
        f"""WITH held AS ({PORTFOLIOS_SQL}), names AS (
                SELECT branch_id, max(branch_name) AS branch_name FROM facts_loan
                WHERE as_of = $as_of AND branch_name IS NOT NULL GROUP BY branch_id)
            SELECT h.officer_id, s.name, coalesce(s.branch_id, h.home) AS branch_id, n.branch_name, s.role, s.hire_date,
                s.is_employed, s.topics_taken, h.* EXCLUDE (officer_id, home)
            FROM held h
            LEFT JOIN facts_staff s ON s.as_of = $as_of AND s.staff_id = h.officer_id
            LEFT JOIN names n ON n.branch_id = coalesce(s.branch_id, h.home)
            ORDER BY h.balance DESC, h.officer_id""",
        as_of=as_of,
        currency=currency,
        within=within,
    )


def count_violations_by_group(
    cursor: duckdb.DuckDBPyConnection, run_id: str, rules: tuple[str, ...], groups: tuple[str, ...]
) -> pl.DataFrame:
    """[officer_id, clause_group, violations] of the rules, each with its group at the same place of `groups`."""
    return query.fetch_frame(
        cursor,
        """SELECT v.officer_id, g.clause_group, count(*) AS violations
           FROM violations v
           JOIN (SELECT unnest($rules) AS rule_id, unnest($groups) AS clause_group) g USING (rule_id)
           WHERE v.run_id = $run AND v.officer_id IS NOT NULL
           GROUP BY ALL ORDER BY ALL""",
        run=run_id,
        rules=list(rules),
        groups=list(groups),
    )


def count_violations_by_rule(
    cursor: duckdb.DuckDBPyConnection, run_id: str, officer: str, rules: tuple[str, ...]
) -> pl.DataFrame:
    """[rule_id, violations, balance] of one manager, the most frequent first; a loan's balance counts once a rule."""
    return query.fetch_frame(
        cursor,
        """SELECT rule_id, sum(n)::BIGINT AS violations, sum(balance) AS balance
           FROM (SELECT rule_id, coalesce(loan_id, subject_id) AS of_loan, count(*) AS n, max(balance) AS balance
                 FROM violations
                 WHERE run_id = $run AND officer_id = $officer AND list_contains($rules, rule_id)
                 GROUP BY ALL)
           GROUP BY rule_id ORDER BY violations DESC, rule_id""",
        run=run_id,
        officer=officer,
        rules=list(rules),
    )


def list_comparable_runs(cursor: duckdb.DuckDBPyConnection, run_id: str) -> pl.DataFrame:
    """[as_of, run_id] of the snapshots up to the run's that were judged by the same policy, the newest run of each."""
    return query.fetch_frame(
        cursor,
        """SELECT r.as_of, arg_max(r.run_id, r.sequence) AS run_id
           FROM runs r JOIN (FROM runs WHERE run_id = $run) o
               ON r.policy_version = o.policy_version AND r.rules_of = o.rules_of AND r.as_of <= o.as_of
           GROUP BY r.as_of ORDER BY r.as_of""",
        run=run_id,
    )


def compare_violation_rates(
    cursor: duckdb.DuckDBPyConnection,
    as_of: date,
    runs: tuple[str, ...],
    rules: tuple[str, ...],
    topic: str,
    held_on: date,
) -> pl.DataFrame:
    """[as_of, trained, managers, loans, violations] a run: those at the topic's session against those never taught it.

    Managers taught the topic on another day only are in neither group. Only those who held loans in the first and in
    the last of the runs are compared, so that a group is the same people throughout.
    """
    return query.fetch_frame(
        cursor,
        VIOLATION_RATES_SQL,
        as_of=as_of,
        runs=list(runs),
        rules=list(rules),
        topic=topic,
        held_on=held_on,
    )
