"""Limit tables as DMN decision tables, so that they travel to and from other engines."""
