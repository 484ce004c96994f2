"""Errors a user can act on: what is wrong, where, and what to do."""


class LoanlightError(Exception):
    """One clear message for the user; the command line prints it and exits with 1."""


class BookError(LoanlightError):
    """The book is missing, locked, damaged or full."""


class InputError(LoanlightError):
    """A file, header, profile or table given by the user cannot be used."""


class UsageError(LoanlightError):
    """Options of a command that do not go together; the command line prints it and exits with 2."""


class ConfigurationError(LoanlightError):
    """A setting of the server cannot be used; the server does not start."""
