"""Versions of register rows: what replaces what, what a newer export ends, and the book as it was before.

No reading of files and no facts.
"""
