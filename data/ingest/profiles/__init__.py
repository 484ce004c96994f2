"""Profiles: what a person wrote about a file (TOML), read, checked and matched with a file's headers.

Files without a profile are matched in mapping.
"""
