"""The commands of python -m policy: one module each, with its ABOUT, its arguments and what it runs."""
