"""The days on which a register row is valid: from `row_valid_from` on, and before `row_valid_to` where that is set.

The names carry `row_` because some registers have fields of the same words: a document is valid from and to days of its
own, which have nothing to do with the exports that brought its row.
"""


def valid_on_sql(day: str, alias: str = "") -> str:
    """SQL condition: the row (of the table `alias`, if given) is valid on the day, a SQL expression of type DATE."""
    row = f"{alias}." if alias else ""
    return f"{row}row_valid_from <= {day} AND ({row}row_valid_to IS NULL OR {row}row_valid_to > {day})"


IS_CURRENT = valid_on_sql("$as_of")
"""SQL condition: the rows of a register that are valid on the day of judgement $as_of."""

IS_NEVER_REPLACED_SQL = "(row_valid_to IS NULL OR row_valid_to > row_valid_from)"
"""SQL condition: a row that no other import of its own day replaced."""
