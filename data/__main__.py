"""python -m data COMMAND: each command is a module of data.commands."""

import sys

from data.command_line import runner
from data.commands import (
    adopt,
    backup,
    changes,
    demo,
    export_facts,
    home_currency,
    load,
    profile,
    quality,
    quarantine,
    restore,
    snapshots,
    verify,
    withdraw,
)

COMMANDS: dict[str, runner.Command] = {
    "import": load,
    "profile": profile,
    "withdraw": withdraw,
    "quarantine": quarantine,
    "quality": quality,
    "snapshots": snapshots,
    "changes": changes,
    "backup": backup,
    "restore": restore,
    "verify": verify,
    "demo": demo,
    "export-facts": export_facts,
    "home-currency": home_currency,
    "adopt": adopt,
}


def main(argv: list[str] | None = None) -> int:
    """The exit status: 0, or 1 with a message in both languages; wrong usage exits with 2."""
    parser = runner.build_parser("python -m data", "The loan book: import files, see what failed.", COMMANDS)
    return runner.run_command_line(parser, argv)


if __name__ == "__main__":
    sys.exit(main())
