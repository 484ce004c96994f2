"""Bad input of a check on a cluster: one message with what to do, and nothing that looks whole."""

import shutil
import socket
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data.errors import InputError
from data.facts import parquet_export
from data.storage import book
from policy.model.records import Policy
from policy.spark import cluster_check, session
from tests.policy import policy_builder, sample_books

AS_OF = date.fromisoformat(str(sample_books.AS_OF))


@pytest.fixture(scope="module")
def exported_facts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The facts of two loans."""
    folder = tmp_path_factory.mktemp("exported")
    reader = book.BookReader(
        sample_books.make_book(folder / "book.duckdb", {"L1": {"balance": 50}, "L2": {"balance": 150}})
    )
    parquet_export.export_snapshot(reader, AS_OF, folder / "facts")
    reader.close()
    return folder / "facts"


@pytest.fixture
def facts_copy(exported_facts: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(exported_facts, tmp_path / "facts")) / f"as_of={AS_OF}"


@pytest.fixture(scope="module")
def policy() -> Policy:
    return policy_builder.build_policy([{}])


def _rewrite_facts(folder: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    for file in folder.glob("*.parquet"):
        pq.write_table(change(pq.read_table(file)), file)


def _drop_balance(table: pa.Table) -> pa.Table:
    return table.drop_columns(["balance"])


def _balance_as_text(table: pa.Table) -> pa.Table:
    at = table.schema.get_field_index("balance")
    return table.set_column(at, "balance", table["balance"].cast(pa.string()))


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a column is missing": (
        lambda facts: _rewrite_facts(facts / "loan", _drop_balance),
        "loan has no column 'balance' (decimal(18,2))",
    ),
    "a column is text": (
        lambda facts: _rewrite_facts(facts / "loan", _balance_as_text),
        "column 'balance' is string, not decimal(18,2)",
    ),
    "a subject is missing": (lambda facts: shutil.rmtree(facts / "loan"), "have no folder 'loan'"),
    "not written to the end": (lambda facts: (facts / "_SUCCESS").unlink(), "not written to the end"),
    "no Parquet": (lambda facts: [file.write_bytes(b"x") for file in (facts / "loan").glob("*.parquet")], "loan"),
    "no manifest to read": (lambda facts: (facts / "manifest.json").write_text("{"), "manifest.json cannot be read"),
    "another day": (lambda facts: facts.rename(facts.with_name("as_of=2020-01-31")), "No facts at"),
}


@pytest.mark.spark
@pytest.mark.parametrize("what", SPOILED)
def test_spoiled_facts_are_one_message(spark: Any, facts_copy: Path, policy: Policy, tmp_path: Path, what: str) -> None:
    spoil, says = SPOILED[what]
    spoil(facts_copy)
    with pytest.raises(InputError) as raised:
        cluster_check.check_in_session(spark, policy, AS_OF, source=str(facts_copy.parent), out=str(tmp_path / "out"))
    assert says in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.spark
def test_an_output_that_exists_is_left_alone(spark: Any, facts_copy: Path, policy: Policy, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match=r"out exists\. It has no _SUCCESS, so a check broke off there\. Remove it"):
        cluster_check.check_in_session(spark, policy, AS_OF, source=str(facts_copy.parent), out=str(tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.spark
def test_the_mark_of_success_comes_last(spark: Any, facts_copy: Path, policy: Policy, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cluster_check.check_in_session(spark, policy, AS_OF, source=str(facts_copy.parent), out=str(out))
    last = max((path for path in out.rglob("*") if path.is_file()), key=lambda path: path.stat().st_mtime_ns)
    assert last.name.removeprefix(".").removesuffix(".crc") == "_SUCCESS" and (out / "_SUCCESS").exists()
    with pytest.raises(InputError, match=r"out exists\. Remove it"):
        cluster_check.check_in_session(spark, policy, AS_OF, source=str(facts_copy.parent), out=str(out))


def test_no_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"PySpark is not installed\. Run: pip install -r requirements-spark\.txt"):
        session.start_session("local[1]")


def test_no_java(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: object())
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="Spark needs Java 17 or 21: no java on the PATH, and no JAVA_HOME"):
        session.start_session("local[1]")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(InputError, match="which holds no bin/java"):
        session.start_session("local[1]")


def test_no_master() -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"spark://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"No Spark master answers at {url}"):
            session.require_master(url)
    with pytest.raises(InputError, match="write spark://HOST:PORT"):
        session.require_master("spark://nowhere")


def test_yarn_without_its_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HADOOP_CONF_DIR", raising=False)
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)
    with pytest.raises(InputError, match="--master yarn needs HADOOP_CONF_DIR"):
        session.require_master("yarn")
