"""Commands about the runs that a book keeps: list, replay, compare, the lifecycle of violations.

They leave the book as it is.
"""
