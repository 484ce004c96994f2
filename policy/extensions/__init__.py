"""May a loan be extended, to when, until when to apply, and what follows from it.

Facts of a request come from data.facts.
"""
