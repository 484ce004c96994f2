"""Parts of the import page.

Reading the files belongs to data.ingest.
"""
