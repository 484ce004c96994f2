"""Queries of pages and commands to a book: read only, one function for each.

Nothing here judges or writes.
"""
