"""The shipped policy, loaded once a process: tests only read it."""

from policy.runs import snapshot_check

POLICY = snapshot_check.load_policy()
