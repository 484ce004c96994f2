"""Parts of the pages about people: account managers, training, early warning, connected parties.

No query is written here.
"""
