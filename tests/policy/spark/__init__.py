"""The rules on Spark against the rules on the book's own engine."""
