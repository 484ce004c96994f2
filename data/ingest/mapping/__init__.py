"""Which column is which field, which rows are data, and typed sheets from it.

How one cell is typed is in parsing.
"""
