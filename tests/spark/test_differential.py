"""Every shipped rule on a demo book: Spark writes what the book's engine stores, and the book takes it in."""

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data import adopt, as_known, book, demo
from data.errors import InputError
from policy import judging, life, runs
from policy.spark import checking
from tests.spark.differential import both

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def judged(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, date, list[str], dict[str, int]]:
    """(book, folder of facts and verdicts, day, differences, rows compared)"""
    folder = tmp_path_factory.mktemp("spark")
    demo.build(folder / "book.duckdb", 300, 1)
    with book.reading(folder / "book.duckdb") as con:
        as_of = judging.pick_as_of(con, None)
    compared, differ = both(spark, folder / "book.duckdb", judging.load(), as_of, folder)
    return folder / "book.duckdb", folder, as_of, differ, compared


def test_spark_says_what_the_book_s_engine_says(judged) -> None:
    _, _, _, differ, compared = judged
    assert differ == []
    assert compared["counts"] > 291
    assert compared["violations"] > 300


def test_the_book_takes_the_verdicts_in_as_a_run_like_any_other(judged) -> None:
    path, folder, as_of, _, compared = judged
    with book.writing(path) as con:
        own = runs.latest(con, as_of)
        found = adopt.adopt(con, folder / "out")
        life.record(con, found.run_id)
        assert found.run_id == own.run_id
        assert found.violations == compared["violations"]
        assert "spark" in runs.latest(con, as_of).engine_version
        assert sum(runs.totals(con)[found.run_id].values()) > 0


def test_a_missing_column_is_one_message(spark: Any, judged, tmp_path) -> None:
    _, folder, as_of, _, _ = judged
    shutil.copytree(folder / "facts", tmp_path / "facts")
    part = tmp_path / f"facts/as_of={as_of}/staff"
    spark.read.parquet(str(part)).drop("staff_id").write.parquet(str(tmp_path / "less"))
    shutil.rmtree(part)
    shutil.copytree(tmp_path / "less", part)
    with pytest.raises(InputError, match="staff has no column 'staff_id'"):
        checking.check_in(spark, judging.load(), as_of, source=str(tmp_path / "facts"), out=str(tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_an_output_that_exists_is_refused(spark: Any, judged) -> None:
    _, folder, as_of, _, _ = judged
    with pytest.raises(InputError, match="exists"):
        checking.check_in(spark, judging.load(), as_of, source=str(folder / "facts"), out=str(folder / "out"))


def test_facts_that_were_not_written_to_the_end_are_refused(spark: Any, judged, tmp_path) -> None:
    _, folder, as_of, _, _ = judged
    shutil.copytree(folder / "facts", tmp_path / "facts")
    (tmp_path / f"facts/as_of={as_of}/_SUCCESS").unlink()
    with pytest.raises(InputError, match="not written to the end"):
        checking.check_in(spark, judging.load(), as_of, source=str(tmp_path / "facts"), out=str(tmp_path / "out"))


def test_the_manifest_names_policy_data_and_engine(judged) -> None:
    _, folder, as_of, _, _ = judged
    says = json.loads((folder / "out/manifest.json").read_text(encoding="utf-8"))
    assert says["as_of"] == as_of.isoformat()
    assert says["policy_version"] == judging.load().version
    with book.reading(judged[0]) as con:
        assert says["data_version"] == as_known.version(con, as_known.current_rows(con, as_of))
