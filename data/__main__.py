"""python -m data COMMAND: each command is a module of data.commands."""

import argparse
import os
import sys

from data.commands import (
    adopt,
    backup,
    changes,
    demo,
    export_facts,
    load,
    profile,
    quality,
    quarantine,
    restore,
    snapshots,
    verify,
)
from data.errors import LoanlightError

COMMANDS = {
    "import": load,
    "profile": profile,
    "quarantine": quarantine,
    "quality": quality,
    "snapshots": snapshots,
    "changes": changes,
    "backup": backup,
    "restore": restore,
    "verify": verify,
    "demo": demo,
    "export-facts": export_facts,
    "adopt": adopt,
}


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m data", description="The loan book: import files, see what failed.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.ABOUT, description=module.ABOUT)
        command.set_defaults(run=module.run)
        module.arguments(command)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Exit status 0, or 1 with one message for an error the user can act on; argparse exits with 2 by itself."""
    options = _build_parser().parse_args(argv)
    try:
        return int(options.run(options))
    except LoanlightError as error:
        print(error, file=sys.stderr)
        return 1
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = error.filename or getattr(options, "book", "File")
        print(f"{where}: {error.strerror}. Nothing was changed.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
