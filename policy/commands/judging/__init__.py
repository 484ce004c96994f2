"""Commands that judge records of a book: checks, verdicts of a loan, extensions, metrics, what breaks soon.

Nothing here edits policy tables or compares runs.
"""
