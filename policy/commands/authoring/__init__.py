"""Commands of a policy's author: lint, examples, coverage, the impact of a change, DMN files.

They leave the book as it is.
"""
