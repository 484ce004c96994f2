"""What pages and commands ask of a book: read only, a question a function.

Nothing here judges or writes.
"""
