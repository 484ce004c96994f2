"""Checking a snapshot: the run, its store, its replay, and what changed between two.

The violations of a run have a room of their own.
"""
