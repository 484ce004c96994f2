"""What pages are made of: one room a page, and the rooms that pages share.

A page itself is a file of pages/.
"""
