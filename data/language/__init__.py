"""The language of expressions: parsing, types, functions, SQL for each engine.

No rule or table is known here.
"""
