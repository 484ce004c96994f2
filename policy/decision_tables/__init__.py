"""Limit tables as DMN decision tables: unary tests, gaps, overlaps, look-ups.

Rules stand elsewhere.
"""
