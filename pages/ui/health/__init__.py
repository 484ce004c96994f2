"""Parts of the page of portfolio health.

The figures are asked of data.queries and policy.monitoring.
"""
