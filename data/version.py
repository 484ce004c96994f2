"""The version of Loanlight, from pyproject.toml, where it is written once; a checkout needs no installation."""

import tomllib
from functools import cache
from pathlib import Path

PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


@cache
def read_version() -> str:
    """The version of the project, such as 0.1.0. What decides verdicts has a version of its own: engine_version."""
    return str(tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]["version"])
