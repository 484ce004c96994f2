"""python -m benchmarks.fuzz [--files N] [--seed S]: mutated exports (CSV, XLSX, .dat) are read or refused, never else.

Each file is read as an import reads it, up to the book's door. Whatever was done to it: no error but a clear message,
every row loaded, quarantined or ignored, and the balances of what is loaded are those of the rows.
"""

import argparse
import io
import json
import multiprocessing
import os
import random
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path

import xlsxwriter

from data.errors import InputError
from data.ingest import pipeline, staging
from data.ingest.files import sheet_reading
from data.ingest.profiles import profiles
from data.ingest.staging import StagedImport

SNAPSHOT_DATE = date(2024, 3, 31)
HEADER = [
    "借据号",
    "贷款余额",
    "发放日期",
    "到期日",
    "状态",
    "客户号",
    "客户名称",
    "押品类型",
    "评估价值",
    "审批日期",
    "用途",
]
FILE_KINDS = ("csv", "xlsx", "dat")
CODECS = ("utf-8", "utf-8-sig", "gb18030", "utf-16")
SPLICED_BYTES = (
    b"",
    b'"',
    b",",
    b"\n",
    b"\r",
    b"\x00",
    b"\xff",
    b"\xe5",
    b"'",
    b";",
    b"\t",
    b"\x1a",
    b"|",
    "，".encode(),
    b"9" * 40,
    b"=",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
)
ODD_CELLS = (
    "",
    "-",
    "长期",
    "2024-02-30",
    "1,23",
    "5万",
    "(3.10)",
    "1E+30",
    "=1+1",
    "x" * 300,
    "１２３",
    "0.001",
    "合计",
    "\n",
    "99991231",
    "NaN",
    "'",
    '"',
    "45322",
    "-0",
    "正常类",
    "C1|C2",
    '="12"',
    "1,000.00-",
    "20240131120000",
    "2笔",
    "第1页",
    "$5",
    "单位：万元",
)
REMARKS = ("第1页 共2页", "备注：已核对", "打印日期：2024-04-02", "共3笔")


@dataclass
class FuzzFile:
    """A file to be read; `rows`: how many below its header must be accounted for, None where that is not known."""

    name: str
    content: bytes
    rows: int | None
    profile: str | None = None


def _random_rows(chance: random.Random) -> list[list[str]]:
    return [
        [
            f"L{n:04}",
            f"{n},000.50",
            f"2024-01-{n % 28 + 1:02}",
            "2025-01-31",
            "正常",
            f"C{n % 7}",
            f'名 "{n}"',
            "住宅",
            "5万",
            "2023/12/1",
            "经营",
        ]
        for n in range(1, chance.randint(2, 40))
    ]


def _reshape_table(chance: random.Random, table: list[list[str]]) -> None:
    """Changes that keep the table a table: the rows can still be counted."""
    for _ in range(chance.randint(0, 4)):
        what = chance.choice(("cut", "twice", "shuffle", "swap", "odd", "drop", "total", "remark"))
        if what == "cut" and len(table) > 2:
            del table[chance.randrange(1, len(table))]
        elif what == "twice":
            table.append(list(chance.choice(table[1:])))
        elif what == "shuffle":
            table[1:] = chance.sample(table[1:], len(table) - 1)
        elif what == "swap":
            one, other = chance.sample(range(len(table[0])), 2)
            for row in table:
                row[one], row[other] = row[other], row[one]
        elif what == "odd":
            row = chance.choice(table[1:])
            row[chance.randrange(1, len(row))] = chance.choice(ODD_CELLS)
        elif what == "drop" and len(table[0]) > 4:
            column = chance.randrange(1, len(table[0]))
            for row in table:
                del row[column]
        elif what == "total":
            table.append(["合计", "1", *[""] * (len(table[0]) - 2)])
        elif what == "remark":
            table.insert(chance.randint(1, len(table)), [chance.choice(REMARKS), *[""] * (len(table[0]) - 1)])


def _damage_bytes(chance: random.Random, content: bytearray) -> None:
    """Changes to bytes: after these nobody can say how many rows there were."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(content))
        what = chance.choice(("flip", "splice", "cut", "move"))
        if what == "flip":
            content[at] ^= 1 << chance.randrange(8)
        elif what == "splice":
            content[at : at + chance.randint(0, 3)] = chance.choice(SPLICED_BYTES)
        elif what == "cut" and chance.random() < 0.2:
            del content[at:]
        else:
            piece = content[at : at + chance.randint(1, 200)]
            del content[at : at + len(piece)]
            content[chance.randint(0, len(content)) :][:0] = piece
        if not content:
            content += b"x"


def _csv_bytes(chance: random.Random, table: list[list[str]]) -> bytes:
    quoted = [[f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row] for row in table]
    lines = [",".join(row) + chance.choice(("\n", "\r\n")) for row in quoted]
    if chance.random() < 0.1:  # some rows in another encoding than the rest
        return b"".join(line.encode(chance.choice(("utf-8", "gb18030"))) for line in lines)
    return "".join(lines).encode(chance.choice(CODECS))


def _xlsx_bytes(chance: random.Random, table: list[list[str]]) -> bytes:
    """Cells as texts, or as numbers where they are; some workbooks with merged cells."""
    file = io.BytesIO()
    as_numbers = chance.random() < 0.5
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_numbers": as_numbers}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(table):
            for column, cell in enumerate(row):
                write = sheet.write if as_numbers and cell and cell[0] not in "={" else sheet.write_string
                write(number, column, cell)
        if len(table) > 4 and chance.random() < 0.3:
            column, first = chance.randrange(len(table[0])), chance.randrange(1, len(table) - 2)
            sheet.merge_range(first, column, first + chance.randint(1, 2), column, table[first][column])
    return file.getvalue()


def _dat_rows(chance: random.Random) -> list[list[str]]:
    """Rows of a PBoC file: no header, the columns of its profile."""
    columns = next(spec for spec in profiles.load("pboc").files if spec.name == "JS_201_CLDWDK").columns
    filled = {
        "数据日期": "20240331",
        "贷款发放日期": "20240115",
        "贷款到期日期": "20250115",
        "币种": "CNY",
        "贷款质量": "FQ01",
        "利率水平": "4.35000",
    }
    rows = []
    for number in range(1, chance.randint(2, 30)):
        own = {
            "贷款借据编码": f"L{number:04}",
            "贷款余额": f"{number}000.50",
            "贷款余额折人民币": f"{number}000.50",
            "借款人证件代码": f"C{number % 5}",
        }
        rows.append([(filled | own).get(name, "") for name in columns])
    return rows


def make_file(number: int, seed: int) -> FuzzFile:
    """The file of a number: the same for the same seed."""
    chance = random.Random(seed * 1_000_003 + number)
    kind = FILE_KINDS[number % len(FILE_KINDS)]
    damaged = chance.random() < 0.6
    if kind == "dat":
        table = _dat_rows(chance)
        if chance.random() < 0.3:
            plain = [odd for odd in ODD_CELLS if "|" not in odd and "\n" not in odd]
            chance.choice(table)[chance.randrange(len(table[0]))] = chance.choice(plain)
        content = bytearray("".join("|".join(row) + "\n" for row in table).encode(chance.choice(("utf-8", "gb18030"))))
        rows = len(table)
    else:
        table = [list(HEADER), *_random_rows(chance)]
        _reshape_table(chance, table)
        if chance.random() < 0.05:
            del table[0]
            damaged = True
        content = bytearray(_xlsx_bytes(chance, table) if kind == "xlsx" else _csv_bytes(chance, table))
        rows = sum(1 for row in table[1:] if any(cell.strip() for cell in row))
    if damaged:
        _damage_bytes(chance, content)
    name = f"{number:05}-CLDWDK.dat" if kind == "dat" else f"{number:05}.{kind}"
    return FuzzFile(name, bytes(content), None if damaged else rows, "pboc" if kind == "dat" else None)


def check_file(file: FuzzFile, folder: Path) -> tuple[str, list[str], tuple[int, ...], Decimal]:
    """Read one file: `read` or `refused`, what is wrong, rows in, loaded, quarantined, ignored, and balance loaded."""
    path = folder / file.name
    path.write_bytes(file.content)
    nothing = (0, 0, 0, 0), Decimal(0)
    try:
        parts, _ = pipeline.read_sources(
            [sheet_reading.load_file(path)], SNAPSHOT_DATE, profiles.load(file.profile) if file.profile else None
        )
        stage = staging.stage_sheets(parts, SNAPSHOT_DATE)
    except InputError as error:
        said = str(error)
        is_clear = said.strip() and "Traceback" not in said and "\n" not in said
        return "refused", [] if is_clear else [f"refused without a clear message: {said!r}"], *nothing
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 - whatever else comes up, a panic of Polars too, is what is looked for
        return "crashed", [traceback.format_exc(limit=-3)], *nothing
    finally:
        path.unlink()
    wrong = _list_errors(stage, file)
    own = [count for count in stage.counts if not count.derived]
    sums = tuple(sum(getattr(count, name) for count in own) for name in ("rows_in", "loaded", "quarantined", "ignored"))
    return "read", wrong, sums, sum((count.balance_loaded or Decimal(0) for count in own), Decimal(0))


def _list_errors(stage: StagedImport, file: FuzzFile) -> list[str]:
    """What does not add up."""
    wrong = []
    own = [count for count in stage.counts if not count.derived]
    for count in stage.counts:
        if count.rows_in != count.loaded + count.quarantined + count.ignored:
            wrong.append(f"{count.table}: {count}")
    kept_back = sum(len(frame) for frame in stage.quarantine)
    if kept_back != sum(count.quarantined for count in own):
        wrong.append(f"{kept_back} rows in quarantine")
    for table in {count.table for count in own}:
        held = sum(count.loaded for count in own if count.table == table)
        if table in stage.tables and len(stage.tables[table]) < held:
            wrong.append(f"{table}: {len(stage.tables[table])} rows for {held} loaded")
    loans = stage.tables.get("loans")
    if loans is not None and "balance" in loans.columns:
        said = sum((count.balance_loaded or Decimal(0) for count in own if count.table == "loans"), Decimal(0))
        if (loans["balance"].sum() or Decimal(0)) != said:
            wrong.append(f"balance {loans['balance'].sum()} for {said} loaded")
    rows_in = sum(count.rows_in for count in own)
    if file.rows is not None and rows_in != file.rows:
        wrong.append(f"{rows_in} rows in, the file has {file.rows}")
    return wrong


def fuzz_files(numbers: range, seed: int) -> tuple[Counter[str], list[str]]:
    """Some of the files; counts by kind and outcome, rows and fen, and everything that is wrong."""
    counts: Counter[str] = Counter()
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            file = make_file(number, seed)
            state, found, sums, balance = check_file(file, Path(folder))
            counts[f"{file.name.rsplit('.', 1)[1]} {state}"] += 1
            for name, value in zip(("rows in", "loaded", "quarantined", "ignored"), sums, strict=True):
                counts[name] += value
            counts["fen loaded"] += int(balance * 100)
            wrong += [f"file {number} (seed {seed}): {text}" for text in found]
    return counts, wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description="Read mutated exports.")
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    os.environ["POLARS_MAX_THREADS"] = "1"
    start, counts, wrong = time.monotonic(), Counter(), []
    pieces = [range(at, min(at + 250, options.files)) for at in range(0, options.files, 250)]
    with ProcessPoolExecutor(options.workers, multiprocessing.get_context("spawn")) as pool:
        for found, texts in pool.map(partial(fuzz_files, seed=options.seed), pieces):
            counts += found
            wrong += texts
    print(
        f"fuzz: {options.files:,} files in {time.monotonic() - start:.0f} s, seed {options.seed}: "
        f"{json.dumps(dict(sorted(counts.items())))}; rows in - loaded - quarantined - ignored = "
        f"{counts['rows in'] - counts['loaded'] - counts['quarantined'] - counts['ignored']}; wrong {len(wrong)}"
    )
    for text in wrong[:50]:
        print(f"  {text}")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
