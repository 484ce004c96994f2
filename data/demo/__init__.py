"""The demo book: an invented bank, made by SQL from small tables.

Nothing that a real book needs.
"""
