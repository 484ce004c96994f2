"""The violations of a run: lists, counts, lifecycle; and recording, by which every check stores them with its run.

Judging and the runs themselves are in policy.runs.
"""
