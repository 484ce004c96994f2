"""The database file: connection, schema, backup, and how queries and text reach it.

What the tables mean stands elsewhere.
"""
