"""A policy somebody tries out: a few tables in place of those in force, proof-read and judged, never kept anywhere."""

import csv
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

import duckdb
import polars as pl

from data.errors import InputError
from data.messages.catalogue import bilingual
from data.reference import size_limits
from data.storage import formula_escaping
from policy.authoring import impact, limit_table_lint, lint
from policy.authoring.impact import Impact
from policy.authoring.threshold_curve import CurvePoint, LimitValue
from policy.authoring.threshold_curve import compute_points as draw_curve
from policy.decision_tables import gaps_and_overlaps
from policy.engine.scope import build_scope
from policy.engine.table_usage import closed_code_lists, list_usages
from policy.model import csv_reader, csv_writer, table_folder
from policy.model.policy_cache import drop_policy
from policy.model.problem import Problem
from policy.model.records import Policy

ROWS_SHOWN = 500
MEGABYTE = 1 << 20
TableTexts = dict[str, str]


@dataclass(frozen=True)
class SandboxResult:
    """`problems`: of the proof-reading; with an error among them nothing is judged. `loans`: the largest of those
    moved; all of them stand in the file `listed`."""

    problems: tuple[Problem, ...]
    policy_impact: Impact | None = None
    largest_loans: pl.DataFrame | None = None
    loans_file: Path | None = None


def parse_table(text: str) -> tuple[list[str], list[list[str]]]:
    """The header and the rows of a table."""
    header, *found = list(csv.reader(io.StringIO(text))) or [[]]
    return header, [row for row in found if any(row)]


def format_table(header: list[str], found: list[list[str]]) -> str:
    """A table as the shipped ones are written: quoted only where it must be."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([header, *found])
    return buffer.getvalue()


def lint_limit_table(texts: TableTexts, name: str) -> list[Problem]:
    """What is wrong with one limit table, without compiling the rules of the whole policy: at once."""
    policy, problems = csv_reader.read_policy(texts)
    problems += limit_table_lint.find_problems(policy)
    table = policy.limit_tables.get(name)
    if table is not None:
        for asking in (one for one in list_usages(policy) if one.table == name):
            scope = build_scope(policy, asking.subject)
            problems += [*scope.problems, *scope.find_table_problems(name)]
            problems += gaps_and_overlaps.lint_grid(
                gaps_and_overlaps.build_grid(table, closed_code_lists(policy, asking.subject))
            )
    return [one for one in dict.fromkeys(problems) if one.table == f"limits/{name}.csv"]


def lint_and_judge(
    con: duckdb.DuckDBPyConnection,
    texts: TableTexts,
    before: Policy,
    as_of: date,
    folder: Path,
    on_step: Callable[[str], None],
) -> SandboxResult:
    """Proof-reads the tables and judges the book by them and by `before`. Steps: proof, each subject, totals."""
    on_step("proof")
    after, problems = lint.lint_tables(texts, as_of)
    if any(problem.level == "error" for problem in problems):
        drop_policy(after)
        return SandboxResult(tuple(problems))
    found = impact.compare_policies(con, before, after, as_of, today=False, on_step=on_step)
    on_step("listing")
    listed = folder / f"impact-{before.version[:8]}-{after.version[:8]}-{as_of}.csv"
    loans = impact.list_moved_loans(con, after, before)
    csv_writer.write_csv(listed, loans)
    if after.version != before.version:
        drop_policy(after)
    shown = loans.sort("balance", descending=True, nulls_last=True, maintain_order=True).head(ROWS_SHOWN)
    return SandboxResult(tuple(problems), found, shown, listed)


def compute_curve(
    con: duckdb.DuckDBPyConnection,
    policy: Policy,
    rule_id: str,
    over: list[LimitValue],
    as_of: date,
    on_step: Callable[[str], None],
) -> list[CurvePoint]:
    """What each limit would catch, by a cursor of its own, beside the page."""
    on_step("curve")
    return draw_curve(con, policy, rule_id, over, as_of, today=False)


def read_uploads(files: list[tuple[str, bytes]], known: TableTexts) -> TableTexts:
    """The tables of a zip or of single files, laid over those known; a lone file is known by its name.

    Raises InputError for a file that is not a policy table.
    """
    found: TableTexts = {}
    whole = False
    for name, content in files:
        if name.lower().endswith(".zip"):
            whole = True
            found |= _unpack_zip(name, content)
        else:
            found[_resolve_table_path(name, known)] = _decode_text(name, content)
    table_folder.require_readable(found)
    return found if whole else known | found


def _unpack_zip(name: str, content: bytes) -> TableTexts:
    """The CSV files of a zip by their path under the folder that holds clauses.csv."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise InputError(bilingual("authoring.no_zip_file_zip", name=name)) from error
    names = [entry for entry in archive.infolist() if entry.filename.endswith(".csv")]
    tops = [PurePosixPath(entry.filename).parent for entry in names if entry.filename.endswith("clauses.csv")]
    if not tops:
        raise InputError(bilingual("authoring.holds_no_clauses_csv", name=name))
    most = size_limits.integer_limit("policy_zip_mb")
    if sum(entry.file_size for entry in names) > most * MEGABYTE:
        raise InputError(bilingual("authoring.unpacks_more_mb_policy", name=name, most=most))
    inside = [entry for entry in names if PurePosixPath(entry.filename).is_relative_to(tops[0])]
    return {
        PurePosixPath(entry.filename).relative_to(tops[0]).as_posix(): _decode_text(
            entry.filename, _read_entry(name, archive, entry)
        )
        for entry in inside
    }


def _read_entry(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Raises InputError for a file of the archive that is protected by a password, damaged, or packed unusually."""
    try:
        return archive.read(entry)
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
        raise InputError(bilingual("authoring.zip_damaged", name=name, entry=entry.filename)) from error
    except (RuntimeError, NotImplementedError) as error:  # what zipfile raises for a password, or a strange method
        raise InputError(bilingual("authoring.zip_protected", name=name, entry=entry.filename)) from error


def _resolve_table_path(name: str, known: TableTexts) -> str:
    """Where a single file belongs: the only table of that name, or a new limit table."""
    found = [place for place in known if PurePosixPath(place).name == name]
    limits = [place for place in found if place.startswith("limits/")]
    if len(found) == 1 or len(limits) == 1:
        return (limits or found)[0]
    several = bilingual("authoring.stands", known=", ".join(found)) if found else bilingual("authoring.no_policy_table")
    raise InputError(bilingual("authoring.upload_whole_folder_zip", name=name, several=several))


def _decode_text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(bilingual("authoring.not_utf_8_byte", name=name, start=error.start)) from error


def zip_tables(texts: TableTexts) -> bytes:
    """Tables as a zip with the folders they belong in."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(texts):
            archive.writestr(name, formula_escaping.encode_csv(texts[name]))
    return buffer.getvalue()
