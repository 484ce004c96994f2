"""Find what cannot be right in the data."""

import argparse
from pathlib import Path

import polars as pl

from data.command_line import options, output
from data.quality import checks
from data.queries import snapshots
from data.storage import book, formula_escaping

ABOUT = "find what cannot be right in the data themselves, apart from any policy"


def add_arguments(command: argparse.ArgumentParser) -> None:
    options.add_as_of_option(command)
    command.add_argument("--batch", metavar="ID", help="only the rows that one batch brought")
    command.add_argument("--out", type=Path, metavar="FILE", help="write the rows behind every finding as CSV")
    options.add_book_and_json_options(command)


def run(arguments: argparse.Namespace) -> int:
    with book.open_for_reading(arguments.book) as cursor:
        as_of = snapshots.resolve_snapshot(cursor, arguments.as_of)
        found = checks.list_findings(cursor, as_of, arguments.batch)
        hits = found.filter(pl.col("rows") > 0)
        if arguments.out:
            behind = [checks.list_rows_of_finding(cursor, as_of, check, arguments.batch) for check in hits["check_id"]]
            formula_escaping.write_csv(pl.concat(behind) if behind else pl.DataFrame(), arguments.out)
    content = {
        "as_of": as_of.isoformat(),
        "batch": arguments.batch,
        "findings": output.decimals_to_floats(found.to_dicts()),
    }
    output.print_result(content, _format_findings(as_of.isoformat(), found, hits), as_json=arguments.json)
    return 0


def _format_findings(as_of: str, found: pl.DataFrame, hits: pl.DataFrame) -> str:
    lines = [
        f"Data quality 数据质量, as of 时点 {as_of}: {hits.height} of {found.height} checks found something 项有发现"
    ]
    for row in hits.iter_rows(named=True):
        amount = checks.format_amounts(row["amount"], row["foreign"])
        lines.append(f"{row['severity']:8}{row['check_id']:30}{row['rows']:>10,} / {row['checked']:<10,}{amount:>22}")
        lines.append(f"        {row['title_zh']} {row['title_en']} → {row['remedy_zh']} {row['remedy_en']}")
    empty = found.filter(pl.col("checked") == 0).select("table").unique().to_series().sort().to_list()
    if empty:
        lines.append(f"Nothing to check in 无数据可查: {', '.join(empty)}")
    return "\n".join(lines)
