"""The import pipeline: from files to staged rows, quarantine and the report of a batch.

How a file, a column or a cell is read is in files, mapping and parsing.
"""
