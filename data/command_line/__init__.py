"""What both command lines share: parser, options, errors in two languages, JSON output, event log.

The commands themselves are in data.commands and policy.commands.
"""
