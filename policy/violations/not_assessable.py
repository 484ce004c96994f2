"""What could not be judged, added up by rule, by missing field and by branch.

Pure functions on [rule_id, subject, branch_id, reason, field, subjects]; `share` is a fraction.
"""

import polars as pl


def sum_by_reason(counts: pl.DataFrame) -> pl.DataFrame:
    """[reason, subjects], the most frequent first."""
    return counts.group_by("reason").agg(pl.col("subjects").sum()).sort("subjects", descending=True)


def sum_by_rule(counts: pl.DataFrame, judged: dict[str, int]) -> pl.DataFrame:
    """[rule_id, subject, reason, field, subjects, share], the most frequent first.

    `judged`: how many records of each subject the run judged; the share is of those.
    """
    sums = counts.group_by("rule_id", "subject", "reason", "field").agg(pl.col("subjects").sum())
    shares = sums.with_columns(share=pl.col("subjects") / pl.col("subject").replace_strict(judged, default=None))
    return shares.sort("subjects", "rule_id", "field", descending=[True, False, False])


def sum_by_field(counts: pl.DataFrame) -> pl.DataFrame:
    """[subject, reason, field, subjects, rules, branches, share of all that could not be judged], unordered."""
    sums = counts.group_by("subject", "reason", "field").agg(
        pl.col("subjects").sum(),
        rules=pl.col("rule_id").n_unique(),
        branches=pl.col("branch_id").drop_nulls().n_unique(),
    )
    return sums.with_columns(share=pl.col("subjects") / (sums["subjects"].sum() or 1))


def sum_by_branch(counts: pl.DataFrame, applicable: pl.DataFrame) -> pl.DataFrame:
    """[branch_id, subjects, rules, checks, first_field, share], the most first.

    `applicable` [rule_id, branch_id, subjects] of the same rules, judged or not: `checks` sums it, and the share is of
    it. `first_field` is the field whose absence prevents most checks.
    """
    fields = counts.drop_nulls("field").group_by("branch_id", "field").agg(pl.col("subjects").sum())
    first = fields.sort("subjects", "field", descending=[True, False]).unique(
        "branch_id", keep="first", maintain_order=True
    )
    sums = counts.group_by("branch_id").agg(pl.col("subjects").sum(), rules=pl.col("rule_id").n_unique())
    checks = applicable.group_by("branch_id").agg(checks=pl.col("subjects").sum())
    joined = sums.join(checks, on="branch_id", how="left", nulls_equal=True).join(
        first.select("branch_id", first_field="field"), on="branch_id", how="left", nulls_equal=True
    )
    return joined.with_columns(share=pl.col("subjects") / pl.col("checks")).sort(
        "subjects", "branch_id", descending=[True, False]
    )
