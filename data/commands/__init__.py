"""The commands of python -m data: each module has ABOUT, add_arguments(command) and run(arguments).

The work is done in the other rooms; what all commands share is in data.command_line.
"""
