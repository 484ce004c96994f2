"""A sheet with its mapping to typed rows: columns read, fields computed, duplicates settled, problems collected.

Which column is which field is told in mapping.
"""
