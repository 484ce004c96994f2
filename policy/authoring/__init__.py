"""What a policy owner does: lint, examples, impact of a change, coverage of clauses.

Judging a book stands in engine and runs.
"""
