"""Proposed profiles: which column is probably which field, weighed from headers and values.

Nothing here loads a file.
"""
