"""The commands of python -m data: each module has ABOUT, arguments(parser) and run(arguments)."""
