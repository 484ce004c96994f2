"""Rules compiled to SQL, for a whole snapshot or a few records, with the evidence of a verdict.

Nothing is stored here.
"""
