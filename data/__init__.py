"""The loan book: files in, DuckDB tables, facts and the queries that pages ask.

Nothing here knows a rule of the policy or a page.
"""
