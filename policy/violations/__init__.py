"""The violations of runs: lists, counts, filters, and their lifecycle from run to run.

Nothing here judges; what a check stores with its run is in policy.checks.
"""
