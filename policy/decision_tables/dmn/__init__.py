"""Reading and writing DMN files.

What the tables mean is decided one room up.
"""
