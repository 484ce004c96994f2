"""Values, expressions, limit rows and verdicts as a reader sees them.

No widget is drawn here.
"""
