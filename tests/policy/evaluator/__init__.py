"""A second, independent reading of the policy tables in plain Python: slow, exact, and nothing shared with policy/."""
