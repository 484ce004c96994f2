"""Checks of the data themselves: what cannot be right in any bank.

What the policy forbids is a rule, not a check.
"""
