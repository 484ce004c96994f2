"""The lock files: every package that is installed, with its version and hashes, resolved by uv."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SETS = ("requirements", "requirements-test", "requirements-spark")
"""requirements.txt is what Loanlight runs on; the others add to it, at the versions that it has."""
RESOLUTION_ORDER = (
    ("requirements-test", None),
    ("requirements", "requirements-test"),
    ("requirements-spark", "requirements"),
)
OLDEST_PYTHON = "3.11"
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)")


def write_locks() -> None:
    """Resolve each set of requirements for every platform and Python from 3.11 on. Raises CalledProcessError.

    The tests' set first: what it needs may hold back a package that Loanlight runs on, in all sets alike.
    """
    for name, resolved in RESOLUTION_ORDER:
        constraint = ["-c", f"{resolved}.lock"] if resolved else []
        command = ["-m", "uv", "pip", "compile", f"{name}.txt", *constraint, "-o", f"{name}.lock"]
        options = ["--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes", "--no-emit-index-url"]
        subprocess.run([sys.executable, *command, *options, "--no-header", "--no-annotate", "-q"], cwd=ROOT, check=True)


def read_requirements(name: str) -> dict[str, str]:
    """Package -> version of the packages that a requirements file names itself."""
    return _read_pins((ROOT / f"{name}.txt").read_text(encoding="utf-8"))


def read_lock(name: str) -> dict[str, str]:
    """Package -> version of a lock file."""
    return _read_pins((ROOT / f"{name}.lock").read_text(encoding="utf-8"))


def list_entries(name: str) -> list[str]:
    """The entries of a lock file, each with its hashes on one line."""
    joined = (ROOT / f"{name}.lock").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def _read_pins(text: str) -> dict[str, str]:
    found = (_PINNED.match(line) for line in text.splitlines())
    return {normalize_name(match[1]): match[2] for match in found if match}


def normalize_name(name: str) -> str:
    """A package's name as indexes compare it: typing_extensions and typing-extensions are one."""
    return re.sub(r"[-_.]+", "-", name).lower()
