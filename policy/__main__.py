"""python -m policy COMMAND: each command is a module of policy.commands."""

import argparse
import signal
import sys

from data.errors import LoanlightError
from policy.commands import (
    adopt,
    check,
    coverage,
    curve,
    diff,
    export_dmn,
    extension,
    frontier,
    headroom,
    impact,
    import_dmn,
    life,
    lint,
    metrics,
    replay,
    runs,
    test,
    ticklers,
    verdicts,
)

COMMANDS = {
    "lint": lint,
    "test": test,
    "check": check,
    "adopt": adopt,
    "verdicts": verdicts,
    "extension": extension,
    "frontier": frontier,
    "headroom": headroom,
    "ticklers": ticklers,
    "runs": runs,
    "replay": replay,
    "diff": diff,
    "life": life,
    "impact": impact,
    "curve": curve,
    "metrics": metrics,
    "import-dmn": import_dmn,
    "export-dmn": export_dmn,
    "coverage": coverage,
}


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m policy", description="Check a loan book against the policy tables."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.ABOUT, description=module.ABOUT)
        command.set_defaults(run=module.run)
        module.arguments(command)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Exit status 0; 1 with one message for what the user can mend; 2 for wrong usage."""
    arguments = _build_parser().parse_args(argv)
    try:
        return int(arguments.run(arguments))
    except LoanlightError as error:
        print(str(error), file=sys.stderr)
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `… | head` ends quietly
    sys.exit(main())
