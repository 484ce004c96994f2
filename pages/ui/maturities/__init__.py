"""Parts of the page of upcoming maturities and duties.

What is due is asked of data and policy.
"""
