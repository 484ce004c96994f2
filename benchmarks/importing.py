"""python -m benchmarks.importing [--rows N]: an import, without facts, beside DuckDB's and calamine's own reading."""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
from python_calamine import CalamineWorkbook

from benchmarks.measuring import peak_memory_gb
from data.history import versions
from data.ingest import batches, pipeline, staging
from data.ingest.files import sheet_reading
from data.ingest.report import ImportReport
from data.storage import book

SNAPSHOT_DATE = date(2024, 3, 31)
REPEATS = 5
WORKBOOK_ROWS = 100_000
TARGETS = {"csv utf-8": 3.0, "csv gb18030": 5.0, "xlsx": 1.5}
BASELINES = {
    "csv utf-8": "DuckDB's read_csv into a table",
    "csv gb18030": "DuckDB's of UTF-8",
    "xlsx": "calamine alone",
}
LOANS = """SELECT printf('0126012000%010d', i) 借据号, printf('HT%012d', i // 2) 合同号,
    printf('C%08d', i // 3) 客户号, printf('02%02d', i % 40) 机构号, printf('第%d支行', i % 40) 机构名称,
    printf('E%04d', i % 300) 客户经理工号, ['流动资金贷款', '农户贷款', '个人经营性贷款'][1 + i % 3] 信贷业务种类,
    (10000 + (i * 7919) % 5000000)::DECIMAL(18, 2) 贷款金额,
    ((10000 + (i * 7919) % 5000000) * 0.7)::DECIMAL(18, 2) 贷款余额, '人民币' 币种,
    (3 + (i % 500) / 100)::DECIMAL(9, 4) 利率, DATE '2020-01-01' + (i % 1400)::INTEGER 发放日期,
    DATE '2023-01-01' + (i % 1400)::INTEGER 原到期日, DATE '2023-01-01' + (i % 1400)::INTEGER 现到期日,
    i % 2 展期次数, ['抵押', '保证', '信用', '质押'][1 + i % 4] 担保方式, '按月' 还款方式, '受托支付' 放款方式,
    '购买农资' 用途, ['正常', '关注', '次级'][1 + i % 3] 五级分类, i % 90 逾期天数, '正常' 状态
    FROM range($rows) r(i)"""


def measure_imports(rows: int = 1_000_000) -> dict[str, float]:
    """Print seconds and ratios for `rows` loans as CSV and 100,000 as XLSX (fewer for a small run); ratios by name."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = _write_csv(folder, rows)
        encoded = folder / "gb18030.csv"
        encoded.write_bytes(plain.read_bytes().decode().encode("gb18030"))
        sheet = _write_xlsx(folder, min(rows, WORKBOOK_ROWS))
        print(f"import of {rows:,} rows, of a workbook {min(rows, WORKBOOK_ROWS):,}")
        files = {"csv utf-8": plain, "csv gb18030": encoded, "xlsx": sheet}
        alone = {
            "csv utf-8": lambda: _read_with_duckdb(plain, folder),
            "csv gb18030": lambda: _read_with_duckdb(plain, folder),
        }
        alone["xlsx"] = lambda: _read_with_calamine(sheet)
        found = {label: _ratio_beside(label, alone[label], _prepare_import(files[label], folder)) for label in TARGETS}
    print(f"  peak memory {peak_memory_gb():.2f} GB (target <= 4 GB)")
    return found


def _write_csv(folder: Path, rows: int) -> Path:
    path = folder / "utf8.csv"
    with duckdb.connect() as con:
        con.sql(LOANS, params={"rows": rows}).pl().write_csv(path)
    return path


def _write_xlsx(folder: Path, rows: int) -> Path:
    path = folder / "loans.xlsx"
    with duckdb.connect() as con:
        con.sql(LOANS, params={"rows": rows}).pl().with_columns(pl.col(pl.Decimal).cast(pl.Float64)).write_excel(path)
    return path


def _ratio_beside(label: str, alone: Callable[[], None], work: Callable[[], None]) -> float:
    """The ratio of the quickest runs, taken by turns: what else the machine does only adds."""
    spent = [(_seconds_of(alone), _seconds_of(work)) for _ in range(REPEATS)]
    own, ours = (min(column) for column in zip(*spent, strict=True))
    print(
        f"  {label:12} {ours:5.2f} s, {BASELINES[label]} {own:5.2f} s: {ours / own:5.2f} x "
        f"(target <= {TARGETS[label]} x)"
    )
    return ours / own


def _seconds_of(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _read_with_duckdb(file: Path, folder: Path) -> None:
    path = folder / "own.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute("SET enable_progress_bar=false")
        con.execute("CREATE TABLE loans AS FROM read_csv($file)", {"file": str(file)})
        con.execute("CHECKPOINT")


def _prepare_import(file: Path, folder: Path) -> Callable[[], None]:
    return lambda: _import_file(file, folder / "book.duckdb")


def _import_file(file: Path, path: Path) -> None:
    """Guarded, read, validated, staged, stored and published in a new book."""
    path.unlink(missing_ok=True)
    parts, lookups = pipeline.read_sources(sheet_reading.load_files([file]), SNAPSHOT_DATE, None)
    stage = staging.stage_sheets(parts, SNAPSHOT_DATE)
    with book.open_for_writing(path) as con:
        report = ImportReport("benchmark", SNAPSHOT_DATE, None, stage.counts, assumptions=stage.notes, lookups=lookups)
        batches.store_batch(con, report, "benchmark", stage)
        for table, rows in stage.tables.items():
            versions.store_rows(con, table, rows, SNAPSHOT_DATE, report.batch)


def _read_with_calamine(file: Path) -> None:
    """What reading the workbook's cells takes by itself, as calamine's own documentation does it."""
    CalamineWorkbook.from_path(file).get_sheet_by_index(0).to_python()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.importing", description="Measure the import of files.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the CSV; a workbook has 100,000 at most")
    print(json.dumps(measure_imports(parser.parse_args().rows)))


if __name__ == "__main__":
    main()
