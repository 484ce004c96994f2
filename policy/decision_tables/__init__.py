"""Limit tables as DMN decision tables: unary tests, gaps, overlaps, look-ups.

Rules are not part of it.
"""
