"""The whole of a check: judge a snapshot, and record all that follows; for the command line, the page and adopt.

Judging alone is in policy.runs, the lifecycle of violations in policy.violations.
"""
