"""Reading and writing DMN files.

What the tables mean stands one room up.
"""
