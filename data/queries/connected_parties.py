"""Connected parties: guarantee circles, mutual guarantees, chains, one guarantor of many, groups, one controller.

A circle is a set of borrowers that guarantees among borrowers tie together; it is called by the worst that is in it.
All is computed from the facts of a day in SQL; ties are followed until no borrower joins another circle.
"""

from datetime import date

import duckdb
import polars as pl

from data.storage import query

# Guarantees between two parties of running loans, and what a borrower owes.
DEBTORS_SQL = """
    SELECT borrower_id, name, branch_id, officer_id, balance, running_loans, npl_balance, group_id, controller,
        guarantee_circle, circle_members
    FROM facts_borrower WHERE as_of = $as_of AND running_loans > 0"""
IS_LIVE_GUARANTEE = """as_of = $as_of AND kind = 'guarantee' AND is_running AND provider_id IS NOT NULL
    AND provider_id <> borrower_id AND coalesce(status, 'active') = 'active'"""
# Every borrower tied by guarantees takes the smallest number among those it is tied to, until none changes.
CIRCLES_SQL = f"""
    WITH RECURSIVE owed AS MATERIALIZED ({DEBTORS_SQL}), hub AS MATERIALIZED (
        SELECT provider_id, min(provider_name) AS name FROM facts_collateral
        WHERE as_of = $as_of AND kind = 'guarantee' AND is_running AND provider_id IS NOT NULL AND guarantee_id IN (
            SELECT subject_id FROM violations WHERE run_id = $run AND list_contains($rules, rule_id))
        GROUP BY provider_id
    ), tie AS MATERIALIZED (
        -- Of whom it concerns alone: most guarantors of a bank are nobody's debtors and stand behind few loans.
        SELECT DISTINCT provider_id AS giver, borrower_id AS taker FROM facts_collateral
        WHERE {IS_LIVE_GUARANTEE}
            AND provider_id IN (SELECT borrower_id FROM owed UNION ALL SELECT provider_id FROM hub)
    ), inner_tie AS MATERIALIZED (
        SELECT t.* FROM tie t SEMI JOIN owed g ON g.borrower_id = t.giver SEMI JOIN owed b ON b.borrower_id = t.taker
    ), both_ways AS MATERIALIZED (
        SELECT giver AS here, taker AS there FROM inner_tie UNION SELECT taker, giver FROM inner_tie
    ), spread(node, label) USING KEY (node) AS (
        SELECT DISTINCT here, here FROM both_ways
        UNION
        SELECT b.there, min(s.label) FROM spread s
        JOIN both_ways b ON b.here = s.node
        JOIN recurring.spread held ON held.node = b.there AND s.label < held.label
        GROUP BY b.there
    ), component AS (
        SELECT label AS circle_id, node AS borrower_id FROM spread
    ), worst AS (
        SELECT c.circle_id, CASE max(CASE WHEN o.guarantee_circle > 2 THEN 2 WHEN o.guarantee_circle = 2 THEN 1 ELSE 0
            END) WHEN 2 THEN 'circle' WHEN 1 THEN 'mutual' ELSE 'chain' END AS kind
        FROM component c JOIN owed o USING (borrower_id) GROUP BY c.circle_id
    ), member AS (
        SELECT w.kind, c.circle_id, c.borrower_id FROM component c JOIN worst w USING (circle_id)
        UNION ALL
        SELECT 'guarantor', t.giver, t.taker FROM tie t SEMI JOIN hub h ON h.provider_id = t.giver
        UNION ALL
        SELECT 'group', group_id, borrower_id FROM owed WHERE group_id IS NOT NULL
            QUALIFY count(*) OVER (PARTITION BY group_id) > 1
        UNION ALL
        SELECT 'controller', controller, borrower_id FROM owed WHERE controller IS NOT NULL
            QUALIFY min(coalesce(group_id, borrower_id)) OVER (PARTITION BY controller)
                <> max(coalesce(group_id, borrower_id)) OVER (PARTITION BY controller)
    )"""


def list_circles(
    cursor: duckdb.DuckDBPyConnection,
    as_of: date,
    run_id: str | None,
    rules: tuple[str, ...],
    branches: tuple[str, ...],
) -> pl.DataFrame:
    """[kind, circle_id, leader, borrowers, loans, balance, npl_balance, branches, members] of every circle, the
    largest first.

    `members` are the ids of its borrowers. `leader` is the name of its largest debtor (of equal ones that with the
    smallest number), or of the guarantor. Guarantees that the run finds against `rules` are those of a guarantor of too
    many loans. With branches: only circles with a member there, but each one whole.
    """
    return query.fetch_frame(
        cursor,
        CIRCLES_SQL
        + """ SELECT m.kind, m.circle_id,
                CASE WHEN m.kind = 'guarantor' THEN any_value(h.name)
                    ELSE first(o.name ORDER BY o.balance DESC NULLS LAST, o.borrower_id) END AS leader,
                count(*) AS borrowers, sum(o.running_loans)::BIGINT AS loans, sum(o.balance) AS balance,
                sum(o.npl_balance) AS npl_balance, count(DISTINCT o.branch_id) AS branches,
                list(m.borrower_id ORDER BY m.borrower_id) AS members
            FROM member m JOIN owed o USING (borrower_id)
            LEFT JOIN hub h ON m.kind = 'guarantor' AND h.provider_id = m.circle_id
            GROUP BY m.kind, m.circle_id
            HAVING len($branches) = 0 OR list_has_any(list(o.branch_id), $branches)
            ORDER BY balance DESC NULLS LAST, m.circle_id""",
        as_of=as_of,
        run=run_id,
        rules=list(rules),
        branches=list(branches),
    )


def list_members(cursor: duckdb.DuckDBPyConnection, as_of: date, borrowers: tuple[str, ...]) -> pl.DataFrame:
    """[borrower_id, borrower_name, branch_id, officer_id, running_loans, balance, npl_balance, group_id, controller,
    guarantee_circle, circle_members] of the borrowers of a circle, the largest debtor first."""
    return query.fetch_frame(
        cursor,
        f"""SELECT borrower_id, name AS borrower_name, * EXCLUDE (borrower_id, name)
        FROM ({DEBTORS_SQL} AND list_contains($borrowers, borrower_id))
        ORDER BY balance DESC NULLS LAST, borrower_id""",
        as_of=as_of,
        borrowers=list(borrowers),
    )


def list_guarantees(cursor: duckdb.DuckDBPyConnection, as_of: date, parties: tuple[str, ...]) -> pl.DataFrame:
    """[giver, taker, giver_name, loans, balance] of the guarantees within a few parties."""
    return query.fetch_frame(
        cursor,
        f"""SELECT provider_id AS giver, borrower_id AS taker, min(provider_name) AS giver_name,
                count(DISTINCT loan_id) AS loans, sum(balance) AS balance
            FROM (SELECT DISTINCT provider_id, provider_name, borrower_id, loan_id, balance FROM facts_collateral
                  WHERE {IS_LIVE_GUARANTEE} AND list_contains($parties, provider_id)
                      AND list_contains($parties, borrower_id))
            GROUP BY provider_id, borrower_id ORDER BY giver, taker""",
        as_of=as_of,
        parties=list(parties),
    )


def add_limit_comparison(circles: pl.DataFrame, limit: float | None) -> pl.DataFrame:
    """Add `is_above_limit`: whether `to_tier1` exceeds the limit (a fraction); null where either is unknown."""
    return circles.with_columns(
        is_above_limit=pl.lit(None, pl.Boolean) if limit is None else pl.col("to_tier1") > limit
    )


def count_by_kind(circles: pl.DataFrame) -> pl.DataFrame:
    """[kind, circles, largest_balance, largest_share] of each kind; `largest_share` is of tier 1 capital."""
    return circles.group_by("kind").agg(
        circles=pl.len(), largest_balance=pl.col("balance").max(), largest_share=pl.col("to_tier1").max()
    )
