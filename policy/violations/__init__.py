"""Violations of runs: list, counts, filters, and their life from run to run.

Nothing here judges.
"""
