"""The commands of python -m policy: each module has ABOUT, add_arguments(command) and run(arguments).

The rooms hold the commands by their purpose; here is what several of them share.
"""
