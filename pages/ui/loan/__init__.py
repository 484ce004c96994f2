"""Parts of the page of one loan.

Facts and verdicts are asked of data and policy.
"""
