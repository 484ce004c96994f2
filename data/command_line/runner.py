"""Builds the parser of a command line, runs the command that was asked for, and prints errors in both languages.

Exit statuses: 0 done, 1 refused or failed with a message, 2 wrong usage.
"""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn, Protocol

from data.command_line import event_log
from data.errors import LoanlightError, UsageError
from data.messages.catalogue import bilingual, to_chinese
from data.storage import book, private_files
from data.version import read_version

DONE, FAILED, WRONG_USAGE = 0, 1, 2
EXIT_STATUSES = """exit status 退出状态:
  0  done 完成
  1  refused or failed; standard error says why 被拒绝或失败，原因见标准错误
     {more}
  2  wrong usage 用法有误"""


class Command(Protocol):
    """A module of a command: `ABOUT` is its help. FAILURES, where it has them: what else ends with status 1."""

    ABOUT: str

    def add_arguments(self, command: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace) -> int: ...


class BilingualParser(argparse.ArgumentParser):
    """A parser whose errors are two lines, in English as argparse words them, and in Chinese."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        chinese = _find_chinese(sys.exc_info()[1]) or bilingual("command_line.wrong_usage", prog=self.prog).zh
        self.exit(WRONG_USAGE, f"{self.prog}: error: {message}\n{self.prog}: 用法有误：{chinese}\n")


def _find_chinese(error: BaseException | None) -> str | None:
    """The Chinese of a value that one of our own parsers refused: that error is the context of argparse's own."""
    cause = error.__context__ if isinstance(error, argparse.ArgumentError) else None
    if not (isinstance(cause, argparse.ArgumentTypeError) and cause.args and hasattr(cause.args[0], "zh")):
        return None
    name = getattr(error, "argument_name", None)
    return f"{name}：{cause.args[0].zh}" if name else str(cause.args[0].zh)


def build_parser(prog: str, about: str, commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser of a command line with a subcommand for each module."""
    parser = BilingualParser(
        prog=prog,
        description=about,
        epilog=_format_epilog(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"Loanlight {read_version()}")
    choices = parser.add_subparsers(dest="command", required=True)
    for name, module in commands.items():
        command = choices.add_parser(
            name,
            help=module.ABOUT,
            description=module.ABOUT,
            epilog=_format_epilog(getattr(module, "FAILURES", "")),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=module.run, prog=command.prog)
        module.add_arguments(command)
    return parser


def _format_epilog(failures: str = "") -> str:
    lines = EXIT_STATUSES.format(more=failures).splitlines()
    return "\n".join(line for line in lines if line.strip())


def run_command_line(parser: argparse.ArgumentParser, argv: list[str] | None) -> int:
    """Parses the arguments and runs the command; returns the exit status. argparse itself exits with 2."""
    options = parser.parse_args(argv)
    private_files.restrict_new_files()
    try:
        if getattr(options, "finds_book", False) and options.book is None:
            options.book = book.default_path()
        with event_log.open_event_log(getattr(options, "log_file", None), _list_used_files(options)):
            return event_log.run_logged(options.command, lambda: int(options.run(options)))
    except UsageError as error:
        _print_error(error, f"{options.prog}: error: ", f"{options.prog}: 用法有误：")
        return WRONG_USAGE
    except LoanlightError as error:
        _print_error(error)
        return FAILED
    except BrokenPipeError:
        # The reader of our output has gone; Python would complain once more when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        where = error.filename or getattr(options, "book", "-")
        _print_error(LoanlightError(bilingual("command_line.os_error", where=where, why=error.strerror or error)))
        return FAILED


def _list_used_files(options: argparse.Namespace) -> tuple[Path, ...]:
    """The files of a command that an event log must not be written into."""
    values = vars(options)
    found = [values.get("book"), values.get("file"), *values.get("files", ())]
    return tuple(path for path in found if isinstance(path, Path))


def _print_error(error: LoanlightError, english_lead: str = "", chinese_lead: str = "") -> None:
    """The English line, then the Chinese one where the error has it."""
    message = error.args[0] if error.args else str(error)
    print(f"{english_lead}{message}", file=sys.stderr)
    chinese = to_chinese(message)
    if chinese != message:
        print(f"{chinese_lead}{chinese}", file=sys.stderr)
