"""Parts of the import page.

How files are read stands in data.ingest.
"""
