"""Facts: one row a subject with every field that rules may read, derived from the registers by SQL.

No judging, and no file reading.
"""
