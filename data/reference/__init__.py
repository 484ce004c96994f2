"""Tables that the rest looks up: buckets, dimensions, working days, size limits.

No book is opened here.
"""
