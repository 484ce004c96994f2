"""How each sheet of a file is to be read: by a profile or by its headers, into which table, and what is left out.

The reading itself is in mapping; loading is in the pipeline.
"""
