"""A whole check on Spark: facts in Parquet in, verdicts in Parquet out, with a manifest and a mark of success."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from data.errors import InputError
from data.messages.catalogue import bilingual
from policy.engine.compiler import compile_subject_cached
from policy.model.records import Policy
from policy.runs import store
from policy.runs.in_memory import require_compilable
from policy.spark import batch, facts, session
from policy.spark.file_system import MANIFEST, SUCCESS, Folder

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def check_snapshot(
    policy: Policy,
    as_of: date,
    *,
    source: str,
    out: str,
    master: str,
    today: bool = False,
    settings: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Judges the snapshot in a session of its own, which ends with it; returns the manifest."""
    spark = session.start_session(master, settings)
    try:
        with session.translate_spark_errors(
            bilingual("spark.check_failed"), bilingual("spark.remove_partial", out=out)
        ):
            return check_in_session(spark, policy, as_of, source=source, out=out, today=today)
    finally:
        spark.stop()


def check_in_session(
    spark: "SparkSession", policy: Policy, as_of: date, *, source: str, out: str, today: bool = False
) -> dict[str, Any]:
    """Judges the snapshot in a session. Raises InputError for facts that are not whole, or an `out` that exists."""
    require_compilable(policy, today=today)
    session.require_semantics(spark)
    target = Folder(spark, out)
    if target.exists():
        if target.exists(SUCCESS):
            raise InputError(bilingual("spark.out_exists", out=out))
        raise InputError(bilingual("spark.out_is_partial", out=out, mark=SUCCESS))
    folder = facts.require_snapshot_folder(spark, source, as_of)
    exported = folder.read_manifest()
    facts.register_views(spark, folder, subjects_to_read(policy), as_of)
    subjects = {
        subject: batch.judge_subject(spark, compile_subject_cached(policy, subject, today=today), target)
        for subject in policy.subjects
    }
    manifest = _build_manifest(spark, policy, exported, as_of, subjects, today=today)
    manifest["verdicts"] = _count_verdicts(spark, target)
    target.write_text(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    target.write_text(SUCCESS, "")
    return manifest


def subjects_to_read(policy: Policy) -> tuple[str, ...]:
    """The subjects that rules are about, and those that their derived fields gather from."""
    gathered: Iterable[str] = (
        derived.from_subject
        for derived in policy.derived
        if derived.from_subject and derived.subject in policy.subjects
    )
    return tuple(dict.fromkeys((*policy.subjects, *gathered)))


def _count_verdicts(spark: "SparkSession", target: Folder) -> dict[str, int]:
    """How many verdicts of each kind were written."""
    rows = spark.read.parquet(target.path_of("counts/*")).groupBy("verdict").sum("subjects").collect()
    return {verdict: int(count) for verdict, count in rows}


def _build_manifest(
    spark: "SparkSession",
    policy: Policy,
    exported: dict[str, Any],
    as_of: date,
    subjects: dict[str, int],
    *,
    today: bool,
) -> dict[str, Any]:
    return {
        "as_of": as_of.isoformat(),
        "policy_version": policy.version,
        "engine_version": store.engine_version(f"spark {spark.version}", exported.get("facts_version")),
        "rules_of": "today" if today else "act",
        "data_version": exported.get("data_version"),
        "judged_at": datetime.now(UTC).replace(tzinfo=None).isoformat(),
        "subjects": subjects,
    }
