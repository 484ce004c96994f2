"""python -m policy COMMAND: each command is a module of the rooms of policy.commands."""

import signal
import sys

from data.command_line import runner
from policy.commands.authoring import coverage, curve, export_dmn, fields, impact, import_dmn, lint, test
from policy.commands.history import diff, life, replay, runs
from policy.commands.judging import adopt, check, extension, frontier, headroom, metrics, ticklers, verdicts
from policy.model import table_folder

COMMANDS: dict[str, runner.Command] = {
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
    "fields": fields,
}


def main(argv: list[str] | None = None) -> int:
    """The exit status: 0, or 1 with a message in both languages; wrong usage exits with 2."""
    parser = runner.build_parser("python -m policy", "Check a loan book against the policy tables.", COMMANDS)
    with table_folder.restore_default():
        return runner.run_command_line(parser, argv)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `… | head` ends quietly
    sys.exit(main())
