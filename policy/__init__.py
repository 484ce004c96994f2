"""The policy: tables of rules and limits, and the engine that compiles and runs them.

No page, and no file format but its own tables.
"""
